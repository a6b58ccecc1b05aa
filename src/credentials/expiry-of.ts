/** The package's deepest nesting is client, default chain, link of the chain, provider of the profile. */
const DEPTH_MAX = 6

/**
 * When a credential of @alicloud/credentials expires, in milliseconds since the epoch; undefined when it has no expiry
 * that anyone knows of. The package returns an expired session without a word when its service is down, and its public
 * interface tells no expiry, so this looks where version 2.4.7 (pinned) keeps its session. A test holds it to that.
 */
export function expiryOf (client: unknown, accessKeyId: string): number | undefined {
  let holder = client
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const session = propertyOf(holder, 'session')
    // `access_key_id` is what an external command prints.
    const sessionKeyId = propertyOf(session, 'accessKeyId') ?? propertyOf(session, 'access_key_id')
    const expiration = propertyOf(session, 'expiration')
    if (sessionKeyId === accessKeyId && typeof expiration === 'string') {
      const expiresAtMs = Date.parse(expiration)
      return Number.isNaN(expiresAtMs) ? undefined : expiresAtMs
    }
    holder = propertyOf(holder, 'credential') ?? propertyOf(holder, 'provider') ?? propertyOf(holder, 'lastUsedProvider') ?? propertyOf(holder, 'innerProvider')
  }
  return undefined
}

function propertyOf (holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null) return undefined
  // An object of a foreign package: any property may be missing, and unknown is all that is said of it.
  return (holder as Record<string, unknown>)[name]
}
