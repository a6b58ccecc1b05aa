import type { CredentialSpec } from '../credentials/credential-spec.js'
import { type CredentialClient, makeDefaultChain } from '../credentials/default-chain.js'

/** What asks for a credential of a kind, once; undefined for a kind whose service is not asked. */
export type ClientOf = (spec: CredentialSpec) => CredentialClient | undefined

/** The default chain, and what stands in the credential itself. */
export const clientOf: ClientOf = spec => {
  switch (spec.kind) {
    case 'default':
      return makeDefaultChain()
    case 'access-key':
      return { getCredential: async () => ({ accessKeyId: spec.accessKeyId, accessKeySecret: spec.accessKeySecret }) }
    case 'sts': {
      const { accessKeyId, accessKeySecret, securityToken, expiresAt } = spec
      return { getCredential: async () => ({ accessKeyId, accessKeySecret, securityToken, expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt) }) }
    }
    default:
      return undefined
  }
}
