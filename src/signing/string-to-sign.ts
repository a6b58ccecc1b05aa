import { createHmac, hash } from 'node:crypto'

export const ALGORITHM = 'ACS3-HMAC-SHA256'

/** Step 2 of the specification: the algorithm, a line break, the canonical request's hex SHA-256. */
export function stringToSign (canonicalRequest: string): string {
  return `${ALGORITHM}\n${hash('sha256', canonicalRequest, 'hex')}`
}

/** Step 3: hex HMAC-SHA256 with the AccessKey secret as it is; version 3 derives no key from it. */
export function signature (stringToSign: string, accessKeySecret: string): string {
  return createHmac('sha256', accessKeySecret).update(stringToSign).digest('hex')
}

/** Step 4, the Authorization header. No blank after a comma: the gateway does not take one. */
export function authorization (accessKeyId: string, signedHeaders: string, signature: string): string {
  return `${ALGORITHM} Credential=${accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`
}
