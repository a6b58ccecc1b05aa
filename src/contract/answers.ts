import { Type, type Static, type TInteger, type TString } from '@sinclair/typebox'
import { PLANTS_CODES } from './plants-codes.js'
import { PushSchema } from './push.js'

const RequestIdSchema = Type.String({
  title: 'Request id',
  description: 'The id that the proxy gave the request, also in X-Request-Id; name it when you ask the operator.',
  examples: ['83A5A7DD-8974-5769-952E-590A97BEA34E']
})

// An enum of one, since OpenAPI 3.0 has no const.
const word = <Word extends string>(text: Word, description: string) =>
  Type.Unsafe<Word>(Type.String({ title: 'Outcome', description, enum: [text], examples: [text] }))

/** Energy Expert confirmed the push. Exactly the answer of the real service. */
export const DeliveredSchema = Type.Object({
  requestId: RequestIdSchema,
  data: word('success', 'Energy Expert confirmed the push.')
}, { title: 'Delivered', description: 'Energy Expert has the push.', additionalProperties: false })

/** The push is safe on disk and not yet in the cloud. */
export const StoredSchema = Type.Object({
  requestId: RequestIdSchema,
  data: word('stored', 'The push is on disk and will be delivered.')
}, { title: 'Stored', description: 'The proxy has the push on disk and delivers it in its turn.', additionalProperties: false })

const FaultSchema = Type.Object({
  path: Type.String({
    title: 'Place',
    description: 'JSON pointer (RFC 6901) into the body as it was sent; `/LINE/COLUMN` of a table; empty for the body itself.',
    examples: ['/devices/0/data/Ua']
  }),
  message: Type.String({
    title: 'Fault',
    description: 'What is wrong at the place and what to do.',
    examples: ['must be a string, not null; leave the point out when there is no reading']
  })
}, { title: 'Fault', description: 'One fault of the body.', additionalProperties: false })

const StepSchema = Type.Object({
  step: Type.String({ title: 'Step', description: 'Which step it was.', examples: ['encoding'] }),
  what: Type.String({ title: 'What', description: 'What was done, in one sentence.', examples: ['The body is UTF-8.'] })
}, { title: 'Step', description: 'One step that the body went through.', additionalProperties: false })

const StepsSchema = Type.Array(StepSchema, { title: 'Steps', description: 'What became of the body, step by step.', maxItems: 20 })

/** Every answer that is neither delivered nor stored. */
export const ErrorAnswerSchema = Type.Object({
  requestId: RequestIdSchema,
  code: Type.String({
    title: 'Code',
    description: 'What went wrong: a code of the list, or Energy Expert\'s own when it refused the push. The list grows: take an unknown code by its status.',
    // Not an enum: a client that was generated with a closed list breaks on the next code.
    'x-extensible-enum': PLANTS_CODES,
    examples: ['InvalidPush']
  }),
  message: Type.String({
    title: 'Message',
    description: 'What happened and what to do, in plain words; names the first place when the body is at fault.',
    examples: ['The push breaks the contract: /devices/0/data/Ua must be a string, not null; leave the point out when there is no reading.']
  }),
  errors: Type.Optional(Type.Array(FaultSchema, {
    title: 'Faults',
    description: 'The first 20 faults of the body, each with its place.',
    maxItems: 20
  })),
  steps: Type.Optional({ ...StepsSchema, description: 'Of a dry run alone: what became of the body, step by step, before it was found at fault.' })
}, { title: 'Error answer', description: 'The push was not taken, or its fate is unknown: the message says which.', additionalProperties: false })

/** An object of any names, said in a way that OpenAPI 3.0 knows (Type.Record says patternProperties). */
const namesOf = <Value extends TString | TInteger>(value: Value, title: string, description: string) =>
  Type.Unsafe<Record<string, Static<Value>>>(Type.Object({}, { title, description, additionalProperties: value }))

const CountSchema = Type.Integer({ title: 'Count', description: 'How often it was done.', examples: [22] })

export const RepairsSchema = namesOf(CountSchema, 'Repairs', 'What was changed in the body, by short code.')

const PreviewSchema = Type.Object({
  method: Type.String({ title: 'Method', description: 'The HTTP method.', examples: ['POST'] }),
  url: Type.String({
    title: 'Address',
    description: 'Where the push would go.',
    examples: ['https://energyexpertexternal.cn-hangzhou.aliyuncs.com/api/v1/data/increment/push']
  }),
  headers: namesOf(
    Type.String({ title: 'Header', description: 'The value of one header.', examples: ['application/json; charset=utf-8'] }),
    'Headers', 'The headers by name, secrets masked.'
  ),
  canonicalRequest: Type.String({
    title: 'Canonical request',
    description: 'What would be hashed and signed, secrets masked.',
    examples: ['POST\n/api/v1/data/increment/push\n']
  })
}, { title: 'Signed request', description: 'The request as it would be sent to Energy Expert.', additionalProperties: false })

const BadRecordSchema = Type.Object({
  code: Type.String({ title: 'Code', description: '`InvalidRecord`: it breaks the contract by itself. `DuplicateRecord`: an earlier record of the push has the same device and time.', examples: ['InvalidRecord'] }),
  errors: Type.Array(FaultSchema, { title: 'Faults', description: 'The first faults of the record.', maxItems: 3 })
}, { title: 'Bad record', description: 'A record that breaks the contract.', additionalProperties: false })

/** What `X-Dry-Run: true` answers: what would be sent. Nothing was. */
export const DryRunSchema = Type.Object({
  requestId: RequestIdSchema,
  data: word('dry-run', 'Nothing was sent.'),
  push: PushSchema,
  parked: Type.Optional(Type.Array(BadRecordSchema, { title: 'Parked', description: 'The first 20 records that would be parked, where the plant keeps what is good of a push (`--invalid keep`).', maxItems: 20 })),
  repairs: RepairsSchema,
  steps: StepsSchema,
  request: PreviewSchema
}, { title: 'Dry run', description: 'What would become of the push; nothing was sent.', additionalProperties: false })
