import { ProxyError } from '../errors.js'
import { acsDate, signPush } from '../signing/sign-request.js'

/** What would be sent for a body. */
export interface PreviewedRequest {
  readonly method: 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly canonicalRequest: string
}

/** @throws {ProxyError} Credentials.Unknown, Credentials.Unavailable when nothing could be sent with the credential as it is set up */
export type Preview = (body: Buffer, credential: string) => PreviewedRequest

/** Where the pushes of a credential go; undefined when it cannot be told. */
export type PlaceOf = (credential: string) => { readonly endpoint: URL, readonly signedHost: string } | undefined

export interface PreviewParts {
  readonly placeOf: PlaceOf
  /** Milliseconds since the epoch as the cloud of a credential counts them. */
  readonly now: (credential: string) => number
}

/**
 * Shows the request of a push without a credential and without a network: asking for a credential may already mean a call to a
 * token service. The parts that a credential would fill are masked.
 */
export function createPreview ({ placeOf, now }: PreviewParts): Preview {
  return (body, credential) => {
    const place = placeOf(credential)
    if (place === undefined) throw new ProxyError('Credentials.Unavailable')
    const { endpoint, signedHost } = place
    const signed = signPush({
      host: signedHost,
      body,
      credential: { accessKeyId: '***', accessKeySecret: 'none' },
      date: acsDate(now(credential)),
      nonce: '0'.repeat(32)
    })
    const authorization = String(signed.headers.authorization).replace(/Signature=.*/, 'Signature=***')
    return {
      method: 'POST',
      url: new URL('/api/v1/data/increment/push', endpoint).href,
      headers: { ...signed.headers, authorization, 'x-acs-signature-nonce': '***' },
      canonicalRequest: signed.canonicalRequest
    }
  }
}
