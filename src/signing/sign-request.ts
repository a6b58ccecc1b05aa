import { canonicalRequest, hashedRequestPayload, type RequestToSign, signedHeaders } from './canonical-request.js'
import { authorization, signature, stringToSign } from './string-to-sign.js'

/** What a signature needs of a RAM credential. */
export interface SigningCredential {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** Present with temporary credentials (STS). */
  readonly securityToken?: string
}

export interface SignedRequest {
  /** Every header to send, lower case, Host included. After this nothing may touch Host, Content-Type or the body. */
  readonly headers: Readonly<Record<string, string>>
  readonly canonicalRequest: string
  readonly stringToSign: string
}

/**
 * Signs any request with signature version 3. To be called just before sending: a signature is good for one attempt
 * within 15 minutes.
 */
export function signRequest (request: RequestToSign, body: Uint8Array | string, credential: SigningCredential): SignedRequest {
  const { accessKeyId, accessKeySecret, securityToken } = credential
  const hashedPayload = hashedRequestPayload(body)
  const headers: Record<string, string> = { ...request.headers, 'x-acs-content-sha256': hashedPayload }
  if (securityToken !== undefined && securityToken !== '') {
    // The official SDK sends and signs the key id beside the token.
    headers['x-acs-accesskey-id'] = accessKeyId
    headers['x-acs-security-token'] = securityToken
  }
  const canonical = canonicalRequest({ ...request, headers }, hashedPayload)
  const toSign = stringToSign(canonical)
  headers['authorization'] = authorization(accessKeyId, signedHeaders(headers), signature(toSign, accessKeySecret))
  return { headers, canonicalRequest: canonical, stringToSign: toSign }
}

export const PUSH_PATH = '/api/v1/data/increment/push'

export interface PushToSign {
  /** The Host that is sent and signed, with its port when it has one of its own. */
  readonly host: string
  /** The very bytes that will be sent. */
  readonly body: Uint8Array
  readonly credential: SigningCredential
  /** As `acsDate` writes it. */
  readonly date: string
  /** Fresh for every attempt. */
  readonly nonce: string
  readonly path?: string
}

/** Signs one attempt of PushDeviceData (product energyExpertExternal, version 2022-09-23). */
export function signPush ({ host, body, credential, date, nonce, path = PUSH_PATH }: PushToSign): SignedRequest {
  const headers = {
    host,
    // As the official SDK asks; not signed, and without it the format of the answer would be the gateway's choice.
    accept: 'application/json',
    'content-type': 'application/json; charset=utf-8',
    'x-acs-action': 'PushDeviceData',
    'x-acs-version': '2022-09-23',
    'x-acs-date': date,
    'x-acs-signature-nonce': nonce
  }
  return signRequest({ method: 'POST', path, headers }, body, credential)
}

/** `x-acs-date`: UTC to the second, e.g. `2023-10-26T10:22:32Z`. */
export function acsDate (epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`
}
