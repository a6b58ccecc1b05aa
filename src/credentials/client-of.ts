import credentials from '@alicloud/credentials'
import type { StsParts } from './ask-sts.js'
import { askUri } from './ask-uri.js'
import { assumeRole, assumeRoleWithOidc } from './assume-role.js'
import { CredentialProblem } from './credential-problem.js'
import type { CredentialSpec } from './credential-spec.js'
import { type CredentialClient, type LoadedCredential, makeDefaultChain, overProvider } from './default-chain.js'

const { CLIProfileCredentialsProvider, ECSRAMRoleCredentialsProvider, ProfileCredentialsProvider } = credentials

/**
 * A fresh client for one question, whatever the kind of credential. Those of @alicloud/credentials keep what they once read or failed at,
 * and ask anew on every call for a session of 900 s; what is to be kept is kept by the source above.
 *
 * @param link Of the default chain: asks this link alone.
 */
export function clientOf (spec: CredentialSpec, parts: StsParts, link?: string): CredentialClient {
  switch (spec.kind) {
    case 'access-key':
      return { getCredential: async () => ({ accessKeyId: spec.accessKeyId, accessKeySecret: spec.accessKeySecret }) }
    case 'sts':
      return { getCredential: async () => readSession(spec, parts.clock.now()) }
    case 'ram-role':
      return { getCredential: async () => await assumeRole(spec, parts) }
    case 'oidc-role':
      return { getCredential: async () => await assumeRoleWithOidc(spec, parts) }
    case 'uri':
      return { getCredential: async () => await askUri(spec.uri, parts) }
    case 'default':
      return makeDefaultChain(link)
    default:
      return overProvider(providerOf(spec))
  }
}

type OfPackage = Extract<CredentialSpec, { kind: 'ecs-role' | 'cli-profile' | 'profile-file' }>

/** What is left out has the package's own default, the variable of the environment that names it included. */
function providerOf (spec: OfPackage): credentials.CredentialsProvider {
  switch (spec.kind) {
    case 'ecs-role': {
      const builder = ECSRAMRoleCredentialsProvider.builder()
      return (spec.roleName === undefined ? builder : builder.withRoleName(spec.roleName)).build()
    }
    case 'cli-profile': {
      const builder = CLIProfileCredentialsProvider.builder()
      return (spec.profile === undefined ? builder : builder.withProfileName(spec.profile)).build()
    }
    case 'profile-file': {
      const builder = ProfileCredentialsProvider.builder()
      return (spec.profile === undefined ? builder : builder.withProfileName(spec.profile)).build()
    }
  }
}

function readSession ({ accessKeyId, accessKeySecret, securityToken, expiresAt }: Extract<CredentialSpec, { kind: 'sts' }>, nowMs: number): LoadedCredential {
  const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt)
  if (Number.isNaN(expiresAtMs)) throw new CredentialProblem('unusable-spec')
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) throw new CredentialProblem('session-over')
  return { accessKeyId, accessKeySecret, securityToken, expiresAtMs }
}
