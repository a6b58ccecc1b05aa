import credentials from '@alicloud/credentials'
import { expiryOf } from './expiry-of.js'

// Under ESM the class of this CommonJS package is one `default` further down.
const { default: Credential } = credentials

/** What a source gave; nothing of it has been checked. */
export interface LoadedCredential {
  readonly accessKeyId?: string | undefined
  readonly accessKeySecret?: string | undefined
  readonly securityToken?: string | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAtMs?: number | undefined
  /** The link of the chain that answered, e.g. `ecs_ram_role`. */
  readonly link?: string | undefined
}

export interface CredentialClient {
  getCredential (): Promise<LoadedCredential>
}

const LINKS: Readonly<Record<string, () => credentials.CredentialsProvider>> = {
  env: () => credentials.EnvironmentVariableCredentialsProvider.builder().build(),
  oidc_role_arn: () => credentials.OIDCRoleArnCredentialsProvider.builder().build(),
  cli_profile: () => credentials.CLIProfileCredentialsProvider.builder().build(),
  profile: () => credentials.ProfileCredentialsProvider.builder().build(),
  ecs_ram_role: () => credentials.ECSRAMRoleCredentialsProvider.builder().build(),
  credential_uri: () => credentials.URICredentialsProvider.builder().build()
}

/**
 * A fresh client of the default chain of @alicloud/credentials: environment, OIDC role, `~/.aliyun/config.json`,
 * `~/.alibabacloud/credentials`, ECS metadata, credentials URI. Fresh, because a client whose chain failed once asks
 * only its last link for ever, and one that read a profile never reads the file again.
 *
 * @param link Asks this link alone.
 */
export function makeDefaultChain (link?: string): CredentialClient {
  return overProvider(link === undefined ? undefined : LINKS[link]?.())
}

/** @param provider Of the package; undefined: its default chain. */
export function overProvider (provider: credentials.CredentialsProvider | undefined): CredentialClient {
  const client = new Credential(null, provider ?? null)
  return {
    async getCredential () {
      const { accessKeyId, accessKeySecret, securityToken, providerName } = await client.getCredential()
      return {
        accessKeyId,
        accessKeySecret,
        securityToken,
        expiresAtMs: expiryOf(client, accessKeyId ?? ''),
        link: providerName?.split('/').find(part => Object.hasOwn(LINKS, part))
      }
    }
  }
}
