import { Type, type TSchema } from '@sinclair/typebox'

/** A status of an answer as OpenAPI writes it; `4XX` stands for Energy Expert's own. */
export type AnswerStatus = number | '4XX'

interface AnswerHeader {
  readonly schema: TSchema
  readonly on: (status: AnswerStatus) => boolean
}

const always = (): boolean => true
// Any status of 4xx may be Energy Expert's own, 401 as well: then it has the headers of a push that was tried.
const blamesSender = (status: AnswerStatus): boolean => status === '4XX' || (status >= 400 && status < 500)

/** Every header of an answer that carries a meaning; those of HTTP itself (Content-Length, Date …) are not told. */
const ANSWER_HEADERS: Readonly<Record<string, AnswerHeader>> = {
  'X-Request-Id': {
    schema: Type.String({ description: 'The id that the proxy gave the request; the same as `requestId`.', examples: ['83A5A7DD-8974-5769-952E-590A97BEA34E'] }),
    on: always
  },
  'X-Delivery': {
    schema: Type.String({ description: '`relayed`: Energy Expert confirmed the push. `stored`: the proxy has it on disk. A dry run has none.', enum: ['relayed', 'stored'], examples: ['relayed'] }),
    on: status => status === 200 || status === 202
  },
  'X-Original-Request-Id': {
    schema: Type.String({ description: 'On the answer to a repeat: the request id of the push that was delivered or stored. The receipt is found by it.', examples: ['0D7F9A31-6A63-4C22-9F6C-3B7A5C9B8E10'] }),
    on: status => status === 200 || status === 202
  },
  'X-Cloud-Request-Id': {
    schema: Type.String({ description: 'Energy Expert\'s own id of the request, for its support; absent where the proxy itself refused, as it does a wrong key.', examples: ['4C467B38-3910-447D-87BC-AC049166F216'] }),
    on: status => status === 200 || blamesSender(status)
  },
  'X-Repairs': {
    schema: Type.String({ description: 'What was changed in the body before it was sent, by short code and with its count, as a dictionary of RFC 8941.', examples: ['number-to-string=22, device_id=1'] }),
    on: always
  },
  'X-Warnings': {
    schema: Type.String({ description: 'What the operator\'s catalog finds in the push, which is sent all the same: `unknown-type`, `unknown-point`, `missing-required`, `missing-recommended`, each with its count, as a dictionary of RFC 8941.', examples: ['unknown-point=2, missing-recommended=1'] }),
    on: always
  },
  'X-Parked-Records': {
    schema: Type.Integer({ description: 'How many records of the push break the contract and were parked instead of sent (`--invalid keep`); absent where none were. The receipt tells why.', minimum: 1, examples: [1] }),
    on: status => status === 200 || status === 202
  },
  'RateLimit-Limit': {
    schema: Type.Integer({ description: 'Requests that the plant may send in a minute; absent where there is no limit, and where no plant is known yet: a wrong key, headers that are too large.', minimum: 1, examples: [6000] }),
    on: always
  },
  'RateLimit-Remaining': {
    schema: Type.Integer({ description: 'How many of them are left.', minimum: 0, examples: [5999] }),
    on: always
  },
  'RateLimit-Reset': {
    schema: Type.Integer({ description: 'Seconds until all of them may be sent again.', minimum: 0, examples: [60] }),
    on: always
  },
  'Retry-After': {
    schema: Type.Integer({ description: 'Seconds to wait before the next request.', minimum: 1, examples: [1] }),
    on: status => status === 429 || status === 503
  },
  'x-acs-retry-after': {
    schema: Type.Integer({ description: 'Milliseconds to wait before the next request, as Alibaba Cloud\'s SDKs read it.', minimum: 1, examples: [1000] }),
    on: status => status === 429 || status === 503
  }
}

/** The headers that an answer of a status may carry, as OpenAPI's response objects list them. */
export function headersOf (status: AnswerStatus): Record<string, TSchema> {
  return Object.fromEntries(Object.entries(ANSWER_HEADERS).filter(([, { on }]) => on(status)).map(([name, { schema }]) => [name, schema]))
}
