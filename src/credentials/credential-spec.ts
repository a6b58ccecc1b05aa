import { Type, type Static } from '@sinclair/typebox'

const Text = (description: string) => Type.String({ minLength: 1, maxLength: 4096, description })

/** Where the account's pushes go, when it is another place than that of the settings. */
const account = {
  region: Type.Optional(Text('As ENERGY_EXPERT_REGION, for this credential alone.')),
  endpoint: Type.Optional(Text('As ENERGY_EXPERT_ENDPOINT, for this credential alone.')),
  signedHost: Type.Optional(Text('As ENERGY_EXPERT_SIGNED_HOST, for this credential alone.'))
}

const session = {
  roleArn: Text('The role, as acs:ram::ACCOUNT:role/NAME.'),
  sessionName: Type.Optional(Text('What the session is called in the account\'s audit log.')),
  sessionSeconds: Type.Optional(Type.Integer({ minimum: 900, maximum: 43_200, description: 'How long a session is asked for; default 3600.' })),
  policy: Type.Optional(Text('A policy in JSON that narrows the session.')),
  stsEndpoint: Type.Optional(Text('The host of the token service; default sts.aliyuncs.com.'))
}

const keyPair = {
  accessKeyId: Text('The AccessKey id.'),
  accessKeySecret: Text('The AccessKey secret.')
}

const kindOf = <Kind extends string, Fields extends Parameters<typeof Type.Object>[0]>(kind: Kind, fields: Fields) =>
  Type.Object({ kind: Type.Literal(kind), ...fields, ...account }, { additionalProperties: false })

/** One RAM credential, as it is stored or declared: how to come by it, and where it counts. */
export const CredentialSpecSchema = Type.Union([
  kindOf('access-key', keyPair),
  kindOf('sts', { ...keyPair, securityToken: Text('The token of the session.'), expiresAt: Type.Optional(Text('When it expires, in ISO 8601.')) }),
  kindOf('ram-role', { ...keyPair, ...session, securityToken: Type.Optional(Text('The token, when the key pair is one of a session.')), externalId: Type.Optional(Text('The external id that the role asks for.')) }),
  kindOf('oidc-role', { ...session, oidcProviderArn: Text('The identity provider, as acs:ram::ACCOUNT:oidc-provider/NAME.'), oidcTokenFile: Text('The file with the token, read again for every session.') }),
  kindOf('ecs-role', { roleName: Type.Optional(Text('The role of the machine; default: the one that it has.')) }),
  kindOf('uri', { uri: Text('The address that answers with a credential.') }),
  kindOf('cli-profile', { profile: Type.Optional(Text('The profile in ~/.aliyun/config.json; default: the current one.')) }),
  kindOf('profile-file', { profile: Type.Optional(Text('The section in ~/.alibabacloud/credentials; default: default.')) }),
  kindOf('default', {})
])

export type CredentialSpec = Static<typeof CredentialSpecSchema>

/** The credentials that plants may name. */
export interface CredentialBook {
  /** The names, `default` included. */
  names (): readonly string[]
  /** What is known under a name now. `default`, unless something else stands under it, is the chain of @alicloud/credentials. */
  find (name: string): CredentialSpec | undefined
  /**
   * Told with the names that were added, changed or removed, at the latest a second after another process changed them.
   * @returns Stops it.
   */
  onChange (listener: (names: readonly string[]) => void): () => void
}
