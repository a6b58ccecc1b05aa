/** A label's values must be bounded, and codes are foreign text: these are told by name, the others are `other`. */
const KNOWN_CODES = [
  // Source: the gateway's documentation, table of refusals.
  'Throttling', 'Throttling.User', 'Throttling.Api', 'InternalError', 'ServiceUnavailable', 'ServiceTimeout', 'SignatureNonceUsed',
  'InvalidTimeStamp.Expired', 'InvalidTimeStamp.Format', 'IllegalTimestamp',
  'InvalidSecurityToken.Expired', 'InvalidSecurityToken.Malformed', 'InvalidSecurityToken.MismatchWithAccessKey', 'MissingSecurityToken',
  'InvalidAccessKeyId.NotFound', 'InvalidAccessKeyId.Inactive', 'SignatureDoesNotMatch', 'IncompleteSignature', 'Forbidden', 'Forbidden.RAM', 'NoPermission',
  'InvalidProduct.NotFound', 'InvalidApi.NotFound', 'InvalidProtocol.NeedSsl', 'MissingParameter', 'InvalidParameter',
  // Our own, for what is parked.
  'SplitTooCostly', 'GaveUp', 'InDoubt', 'InvalidRecord', 'DuplicateRecord', 'Cloud.Refused',
  // Of the system, where nothing answered.
  'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID',
  // Of the way out.
  'PROXY_LOGIN', 'PROXY_REFUSED', 'PROXY_UNREACHABLE', 'PROXY_TIMEOUT', 'PROXY_UNTRUSTED', 'PROXY_BAD_ANSWER'
]

// Services behind the gateway differ in the case of codes.
const byLowerCase = new Map(KNOWN_CODES.map(code => [code.toLowerCase(), code]))

/** `none` when there was no code: a success, a timeout, a page that is not of the service. */
export function toCodeLabel (code: string | undefined): string {
  return code === undefined ? 'none' : byLowerCase.get(code.toLowerCase()) ?? 'other'
}
