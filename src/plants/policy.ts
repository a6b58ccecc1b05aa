import { Type, type Static, type TSchema } from '@sinclair/typebox'
import './policy-formats.js'
import { mappingTextFault } from '../mapping/mapping-faults.js'
import { DIALECT_NAMES } from '../mapping/mapping.js'

/** One policy of a plant. The flags of `plants add` and `plants set`, their help, `plants show` and the document are made from it. */
export interface PolicyRow {
  readonly flag: `--${string}`
  /** What stands behind the flag in the help. */
  readonly argument: string
  /** One sentence, without the values and the default: those come from the schema. */
  readonly description: string
  readonly schema: TSchema
  /** Values that a later version takes, each with the sentence that says so. */
  readonly notYet?: Readonly<Record<string, string>>
  /** Other names of values, by which they are set as well. */
  readonly aliases?: Readonly<Record<string, string>>
  /** The flag takes the path of a text file, and the policy is its text. */
  readonly isFile?: true
  /** What is wrong with a value that fits the schema, as the end of a sentence. */
  readonly faultOf?: (value: string) => string | undefined
}

/**
 * The policies, one row each: to add one, add its row. Without a default in its schema a policy is optional.
 * Never give a policy that exists another meaning: what was set is stored as it was written.
 */
export const POLICY_ROWS = {
  delivery: {
    flag: '--delivery',
    argument: '<way>',
    description: 'Whether a push that the cloud cannot take now is answered with an error or kept on disk, or every push is put on disk first.',
    schema: Type.Union([Type.Literal('relay'), Type.Literal('relay-or-store'), Type.Literal('store')], { default: 'relay-or-store' })
  },
  relayTimeoutMs: {
    flag: '--relay-timeout-ms',
    argument: '<ms>',
    description: 'How long one push may take until the cloud has answered, retries included, in milliseconds; RELAY_TIMEOUT_MS where not set.',
    schema: Type.Optional(Type.Integer({ minimum: 100, maximum: 120_000 }))
  },
  unknownFields: {
    flag: '--unknown-fields',
    argument: '<what>',
    description: 'Whether a field that the contract does not know makes the push faulty, or is left out of what is sent.',
    schema: Type.Union([Type.Literal('reject'), Type.Literal('drop')], { default: 'reject' })
  },
  invalid: {
    flag: '--invalid',
    argument: '<what>',
    description: 'Whether a push with records that break the contract is refused whole, or those records are parked and the others go.',
    schema: Type.Union([Type.Literal('reject'), Type.Literal('keep')], { default: 'reject' })
  },
  charset: {
    flag: '--charset',
    argument: '<encoding>',
    description: 'The encoding of the plant\'s bodies where they are no UTF-8 and their Content-Type names none.',
    aliases: { utf8: 'utf-8', gbk: 'gb18030', gb2312: 'gb18030', cp936: 'gb18030', 'iso-8859-1': 'windows-1252', latin1: 'windows-1252', cp1252: 'windows-1252', 'utf-16': 'utf-16le' },
    schema: Type.Union([Type.Literal('utf-8'), Type.Literal('gb18030'), Type.Literal('big5'), Type.Literal('utf-16le'), Type.Literal('windows-1252')], { default: 'utf-8' })
  },
  catalog: {
    flag: '--catalog',
    argument: '<what>',
    description: 'Whether a push is judged by the operator\'s catalog (CATALOG_FILE): not at all, with a warning, or refused for points that it does not have and for missing required ones.',
    schema: Type.Union([Type.Literal('off'), Type.Literal('warn'), Type.Literal('reject')], { default: 'off' })
  },
  missing: {
    flag: '--missing',
    argument: '<what>',
    description: 'Whether a point without a reading (null, an empty text, NaN, Infinity) makes the push faulty, or is left out of what is sent, and with it a record that has no other point.',
    schema: Type.Union([Type.Literal('reject'), Type.Literal('drop')], { default: 'reject' })
  },
  timeZone: {
    flag: '--time-zone',
    argument: '<zone>',
    description: 'The zone that record times are written in: those that tell their own zone or count since 1970 are rewritten into it, local ones are sent as they are.',
    schema: Type.String({ format: 'time-zone', default: 'Asia/Shanghai' })
  },
  maxAge: {
    flag: '--max-age',
    argument: '<duration>',
    description: 'How old a record may be when it comes; older ones make the push faulty.',
    schema: Type.String({ format: 'duration', default: '0' })
  },
  maxFuture: {
    flag: '--max-future',
    argument: '<duration>',
    description: 'How far ahead of the proxy\'s clock a record may lie; others make the push faulty.',
    schema: Type.String({ format: 'duration', default: '0' })
  },
  defaultTime: {
    flag: '--default-time',
    argument: '<what>',
    description: 'Whether a record without a time makes the push faulty, or gets the time at which it came.',
    schema: Type.Union([Type.Literal('reject'), Type.Literal('arrival')], { default: 'reject' })
  },
  dialect: {
    flag: '--dialect',
    argument: '<shape>',
    description: 'The shape of the plant\'s bodies: that of PushDeviceData, or another one that is translated into it (docs/mapping.md).',
    schema: Type.Union(DIALECT_NAMES.map(name => Type.Literal(name)), { default: 'energy-expert' })
  },
  mapping: {
    flag: '--mapping',
    argument: '<file>',
    description: 'Where the names in the plant\'s bodies lead, for dialects other than that of PushDeviceData (docs/mapping.md); its text is stored with the plant.',
    schema: Type.Optional(Type.String()),
    isFile: true,
    faultOf: mappingTextFault
  },
  requestsPerMinute: {
    flag: '--requests-per-minute',
    argument: '<count>',
    description: 'How many requests of the plant are taken in a minute, all its keys together; 0 means no limit.',
    schema: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 6000 })
  },
  pointsPerMinute: {
    flag: '--points-per-minute',
    argument: '<count>',
    description: 'How many points of the plant are delivered in a minute, and at most in one push; what is kept on disk may be a minute ahead. 0 means no limit.',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 })
  },
  storedAnswer: {
    flag: '--stored-answer',
    argument: '<status>',
    description: 'What is answered for a push that is safe on disk: 202 with "stored", or 200 with "success" for senders that know nothing else.',
    schema: Type.Union([Type.Literal('202'), Type.Literal('200')], { default: '202' })
  },
  onRefusal: {
    flag: '--on-refusal',
    argument: '<what>',
    description: 'Whether a push that the cloud refuses while its sender waits is answered with the refusal, or parked and answered as stored.',
    schema: Type.Union([Type.Literal('answer'), Type.Literal('park')], { default: 'answer' })
  },
  whenUnsure: {
    flag: '--when-unsure',
    argument: '<what>',
    description: 'Whether a stored push that may have arrived is sent again with exactly the same content, or parked so that nothing arrives twice.',
    schema: Type.Union([Type.Literal('resend'), Type.Literal('park')], { default: 'resend' })
  },
  dedupe: {
    flag: '--dedupe',
    argument: '<on or off>',
    description: 'Whether a push whose body is the same as that of an earlier one is taken for its repeat and not sent again, as if both had one Idempotency-Key.',
    schema: Type.Union([Type.Literal('on'), Type.Literal('off')], { default: 'off' })
  },
  queueMaxBytes: {
    flag: '--queue-max-bytes',
    argument: '<bytes>',
    description: 'How much of the disk the plant\'s waiting and parked pushes may take up together; a quarter of QUEUE_MAX_BYTES where not set.',
    schema: Type.Optional(Type.Integer({ minimum: 65_536, maximum: 1_099_511_627_776 }))
  },
  liveFirst: {
    flag: '--live-first',
    argument: '<on or off>',
    description: 'Whether new pushes travel in a lane of their own while a backlog drains, so that they need not wait for it.',
    schema: Type.Union([Type.Literal('on'), Type.Literal('off')], { default: 'off' })
  },
  credential: {
    flag: '--credential',
    argument: '<name>',
    description: 'The RAM credential, and with it the account, that the plant\'s pushes are sent with.',
    // As the names of plants: it stands in metrics and in alarms.
    schema: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', title: 'name of a credential: 1 to 63 lower-case letters, digits and hyphens', default: 'default' })
  }
} as const satisfies Record<string, PolicyRow>

export type PolicyName = keyof typeof POLICY_ROWS

// Object.entries forgets which key goes with which schema; the mapped type says it again.
const properties = Object.fromEntries(Object.entries(POLICY_ROWS).map(([name, row]) => [name, { ...row.schema, description: row.description }])) as
  { [Name in PolicyName]: (typeof POLICY_ROWS)[Name]['schema'] }

export const PolicySchema = Type.Object(properties, { title: 'Policy of a plant' })

/** Every policy with its value: what was set, otherwise the default. */
export type Policy = Static<typeof PolicySchema>

/** The rows in the order of the table, for whoever makes flags, output or a document of them. */
export const policyRows: ReadonlyArray<readonly [PolicyName, PolicyRow]> =
  // The keys of POLICY_ROWS are the policies' names by definition.
  Object.entries(POLICY_ROWS) as Array<[PolicyName, PolicyRow]>
