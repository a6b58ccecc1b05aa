import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from './answers.js'
import { canonicalize, toPayloadHash, toSignature, toStringToSign } from './canonical.js'
import type { Nonces } from './nonces.js'
import { type HeaderFields, onlyValue, type WholeRequest } from './whole-request.js'

/** The gateway's documentation: `x-acs-date` is valid for 15 minutes. */
const WINDOW_MS = 15 * 60 * 1000
const AUTHORIZATION = /^ACS3-HMAC-SHA256 Credential=([^,\s]+),SignedHeaders=([^,\s]+),Signature=([0-9a-f]{64})$/
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/
const REQUIRED = ['x-acs-date', 'x-acs-signature-nonce', 'x-acs-content-sha256'] as const

/** A RAM identity that the sandbox knows. */
export interface SandboxAccount {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  /** With it the account is an STS session: every request must carry and sign this token. */
  readonly securityToken?: string | undefined
  /** Every verified push of this account is refused with this code, e.g. `Forbidden.RAM`. */
  readonly refusedWith?: string | undefined
}

/** What a verifier must know. */
export interface VerifyingParty {
  readonly accounts: readonly SandboxAccount[]
  readonly signedHosts: readonly string[]
  readonly nonces: Nonces
  /** Milliseconds since the epoch, by the gateway's own, perhaps wrong, clock. */
  readonly nowMs: number
}

export interface VerifiedRequest {
  readonly account: SandboxAccount
  readonly canonicalRequest: string
  readonly stringToSign: string
}

/**
 * Judges a request as the gateway does, one stage after the other: the product by its Host, the operation, the key, the
 * time, the session token, the signature, the nonce. Throws the `Refusal` of the first stage that fails.
 */
export function verifyRequest (request: WholeRequest, party: VerifyingParty): VerifiedRequest {
  checkHost(request.headers, party.signedHosts)
  checkOperation(request.headers)
  const claim = readAuthorization(request.headers)
  const account = party.accounts.find(({ accessKeyId }) => accessKeyId === claim.accessKeyId)
  if (account === undefined) throw new Refusal('InvalidAccessKeyId.NotFound', 'Specified access key is not found.')
  const dateMs = checkDate(onlyValue(request.headers, 'x-acs-date') ?? '', party.nowMs)
  checkSecurityToken(request.headers, account, party.accounts)
  checkSignedHeaders(request.headers, claim.signedHeaders)
  const verified = checkSignature(request, account, claim)
  // After the signature: otherwise anyone could spend the nonces of others.
  // Hashed, since a nonce may be as long as a header section and very many are kept.
  const nonce = toPayloadHash(Buffer.from(`${account.accessKeyId}\n${onlyValue(request.headers, 'x-acs-signature-nonce') ?? ''}`))
  if (!party.nonces.spend(nonce, party.nowMs, Math.max(party.nowMs, dateMs) + WINDOW_MS)) {
    throw new Refusal('SignatureNonceUsed', 'Specified signature nonce was used already.')
  }
  return verified
}

/** The message of a signature that does not match. It echoes what the gateway signed and the key id, and with STS the token. */
export function mismatchMessage ({ account, canonicalRequest, stringToSign }: VerifiedRequest): string {
  return `Specified signature does not match our calculation. server StringToSign is [${stringToSign}] ` +
    `server CanonicalRequest is [${canonicalRequest}] AccessKeyId is [${account.accessKeyId}]`
}

function checkHost (headers: HeaderFields, signedHosts: readonly string[]): void {
  const host = onlyValue(headers, 'host')?.toLowerCase()
  if (host === undefined || !signedHosts.some(known => known.toLowerCase() === host)) {
    throw new Refusal('InvalidProduct.NotFound', 'Cannot find product according to your specified domain.')
  }
}

function checkOperation (headers: HeaderFields): void {
  if (onlyValue(headers, 'x-acs-version') !== '2022-09-23') {
    throw new Refusal('InvalidApi.NotFound', 'Specified api is not found, please check your url, method and version.')
  }
  if (onlyValue(headers, 'x-acs-action') !== 'PushDeviceData') {
    throw new Refusal('InvalidAction.NotFound', 'Specified action is not found, please check your x-acs-action.')
  }
}

interface Claim {
  readonly accessKeyId: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

function readAuthorization (headers: HeaderFields): Claim {
  const [, accessKeyId, signedHeaders, signature] = AUTHORIZATION.exec(onlyValue(headers, 'authorization') ?? '') ?? []
  if (accessKeyId === undefined || signedHeaders === undefined || signature === undefined) {
    throw new Refusal('IncompleteSignature', 'The Authorization header does not conform to ACS3-HMAC-SHA256.')
  }
  const missing = REQUIRED.filter(name => (onlyValue(headers, name) ?? '') === '')
  if (missing.length > 0) throw new Refusal('IncompleteSignature', `The header ${missing.join(', ')} must be sent exactly once.`)
  return { accessKeyId, signedHeaders: signedHeaders.split(';'), signature }
}

function checkDate (date: string, nowMs: number): number {
  const dateMs = DATE.test(date) ? Date.parse(date) : Number.NaN
  // Date.parse takes the 31st of June and makes a 1st of July of it.
  if (Number.isNaN(dateMs) || new Date(dateMs).toISOString() !== date.replace('Z', '.000Z')) {
    throw new Refusal('InvalidTimeStamp.Format', 'Specified time stamp is not well formatted: yyyy-MM-ddTHH:mm:ssZ.')
  }
  if (Math.abs(nowMs - dateMs) > WINDOW_MS) {
    throw new Refusal('InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.')
  }
  return dateMs
}

function checkSecurityToken (headers: HeaderFields, account: SandboxAccount, accounts: readonly SandboxAccount[]): void {
  const token = onlyValue(headers, 'x-acs-security-token')
  if (account.securityToken === undefined && !headers.has('x-acs-security-token')) return
  if (token === undefined) throw new Refusal('MissingSecurityToken', 'SecurityToken is required for this action.')
  if (account.securityToken !== undefined && areEqual(token, account.securityToken)) return
  if (account.securityToken === undefined || accounts.some(({ securityToken }) => securityToken !== undefined && areEqual(token, securityToken))) {
    throw new Refusal('InvalidSecurityToken.MismatchWithAccessKey', 'Specified SecurityToken mismatch with the AccessKey.')
  }
  throw new Refusal('InvalidSecurityToken.Malformed', 'Specified SecurityToken is malformed.')
}

// Signed are host, content-type and every x-acs-* that is sent; the list is lower case and sorted by code unit.
function checkSignedHeaders (headers: HeaderFields, signedHeaders: readonly string[]): void {
  const mustBeSigned = [...headers.keys()].filter(name => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'))
  const unsigned = mustBeSigned.filter(name => !signedHeaders.includes(name))
  if (unsigned.length > 0) throw new Refusal('IncompleteSignature', `Not signed: ${unsigned.join(', ')}.`)
  const isOrdered = signedHeaders.every((name, at) => headers.has(name) && (at === 0 || (signedHeaders[at - 1] ?? '') < name))
  if (!isOrdered) throw new Refusal('IncompleteSignature', 'SignedHeaders must name headers that were sent, sorted, each once.')
}

function checkSignature (request: WholeRequest, account: SandboxAccount, claim: Claim): VerifiedRequest {
  // The hash of what arrived, not the one that was announced: a lying x-acs-content-sha256 then breaks the signature,
  // and one that was signed as a lie is caught by the comparison.
  const payloadHash = toPayloadHash(request.body)
  const canonicalRequest = canonicalize(request, claim.signedHeaders, payloadHash)
  const verified = { account, canonicalRequest, stringToSign: toStringToSign(canonicalRequest) }
  const isHashTrue = areEqual(onlyValue(request.headers, 'x-acs-content-sha256') ?? '', payloadHash)
  const isSignatureTrue = areEqual(claim.signature, toSignature(verified.stringToSign, account.accessKeySecret))
  if (!isHashTrue || !isSignatureTrue) throw new Refusal('SignatureDoesNotMatch', mismatchMessage(verified))
  return verified
}

/** In constant time whatever the lengths, since digests are compared. */
function areEqual (a: string, b: string): boolean {
  const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digestOf(a), digestOf(b))
}
