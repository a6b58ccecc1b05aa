import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { CATALOGUE, type ErrorCode } from '../../src/errors.js'
import { recordExchange } from './record-exchange.js'
import { projectUrl } from './project.js'

/** An answer of the plants' port, and what it answers as far as that is known. */
export interface SeenAnswer {
  /** Undefined when the request could not be read as HTTP. */
  readonly method: string | undefined
  /** As it stood in the request line. */
  readonly target: string | undefined
  /** What was sent, where that is known whole; names in lower case. */
  readonly request?: { readonly headers: Readonly<Record<string, string>>, readonly body: string } | undefined
  readonly statusCode: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

interface Reference { $ref: string }
interface Media { schema: object, examples?: Record<string, { value: { code?: string } }> }
interface Response { headers?: Record<string, object>, content: Record<string, Media> }
type Responses = Record<string, Response | Reference>
interface Document {
  paths: Record<string, Record<string, { responses: Responses }>>
  components: { responses: Record<string, Response>, schemas: Record<string, object> }
}

// The committed document is what integrators have; test/http/openapi.test.ts proves that it is the served one.
const contract: Document = JSON.parse(readFileSync(projectUrl('openapi/openapi.json'), 'utf8'))

// `example` and the like describe and judge nothing; any other word that Ajv does not know is a mistake of the document.
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false })
ajv.addVocabulary(['components', 'openapi', 'info', 'servers', 'tags', 'paths', 'example', 'x-extensible-enum'])
ajv.addSchema(contract, 'contract')
const validators = new Map<object, ValidateFunction>()

/** Headers of HTTP itself, which no contract lists. */
const TRANSPORT = ['connection', 'content-length', 'content-type', 'date', 'keep-alive']
/** What is served besides the contract: by path, the statuses and media types that may come. */
const PAGES: ReadonlyArray<{ path: RegExp, statuses: readonly number[], type: RegExp }> = [
  { path: /^\/$/, statuses: [200], type: /^text\/plain/ },
  { path: /^\/openapi\.json$/, statuses: [200], type: /^application\/json/ },
  { path: /^\/docs(?:\/|$)/, statuses: [200], type: /^(?:text|application|image)\// }
]

/**
 * Holds an answer against openapi/openapi.json: the status is documented for its path and method, the body fits the schema to the
 * last field, every header is listed, the code belongs to the status, and the request id stands in header and body alike.
 * @throws {Error} naming what is not documented and where to document it.
 */
export function checkAnswer (seen: SeenAnswer): void {
  judgeAnswer(seen)
  recordExchange(seen)
}

/** The same for an answer that no proxy gave, which is written down nowhere. */
export function judgeAnswer (seen: SeenAnswer): void {
  const path = seen.target === undefined ? undefined : toPath(seen.target)
  const page = path === undefined ? undefined : PAGES.find(each => each.path.test(path))
  if (page !== undefined && (seen.method === 'GET' || seen.method === 'HEAD') && page.statuses.includes(seen.statusCode)) {
    if (seen.statusCode === 200 && !page.type.test(String(seen.headers['content-type']))) refuse(seen, 'has the wrong content type')
    return
  }
  checkFrame(seen)
  const responses = path === undefined ? undefined : responsesOf(seen.method, path)
  if (responses !== undefined) return checkResponse(seen, findResponse(seen, responses))
  // Nothing is documented here (an unknown path, a wrong method, no HTTP at all): then it is an error of the catalogue, or a push.
  const known = Object.values(contract.paths)[0]?.post?.responses ?? {}
  if (seen.method === undefined && seen.statusCode === 200) return checkResponse(seen, findResponse(seen, known))
  const { code } = JSON.parse(seen.body)
  if (!isCode(code) || CATALOGUE[code].statusCode !== seen.statusCode) refuse(seen, `has the code ${code}, which src/errors.ts does not list with this status`)
  validate(seen, { $ref: 'contract#/components/schemas/ErrorAnswer' })
  checkHeaders(seen, [...allHeaders(known), ...(seen.statusCode === 405 ? ['allow'] : [])])
}

/** Repeated and closing slashes and letters behind percent signs are forgiven, an absolute-form target names its path. */
function toPath (target: string): string {
  const path = (target.replace(/^https?:\/\/[^/]*/i, '').split('?', 1)[0] ?? '').replace(/\/+/g, '/').replace(/%[67][0-9a-f]/gi, decodeURIComponent)
  return path.length > 1 ? path.replace(/\/$/, '') : '/'
}

function responsesOf (method: string | undefined, path: string): Responses | undefined {
  const template = Object.keys(contract.paths).find(each => new RegExp(`^${each.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path))
  return template === undefined ? undefined : contract.paths[template]?.[String(method).toLowerCase()]?.responses
}

function findResponse (seen: SeenAnswer, responses: Responses): Response {
  const found = responses[seen.statusCode] ?? responses[`${String(seen.statusCode)[0]}XX`]
  const response = found !== undefined && '$ref' in found ? contract.components.responses[found.$ref.split('/').at(-1) ?? ''] : found
  return response ?? refuse(seen, 'is not documented; add its status to src/contract/push-answers.ts, then `npm run openapi`')
}

/** What is true of every answer whatever it says: bounded, named, JSON. */
function checkFrame (seen: SeenAnswer): void {
  const { headers, body } = seen
  if (headers['content-length'] !== String(Buffer.byteLength(body, 'latin1')) && headers['content-length'] !== String(Buffer.byteLength(body))) refuse(seen, 'has no right Content-Length')
  if (headers['transfer-encoding'] !== undefined) refuse(seen, 'is chunked')
  if (!/^application\/json\b/.test(String(headers['content-type']))) refuse(seen, 'is not JSON')
  const { requestId } = JSON.parse(body)
  if (requestId !== headers['x-request-id']) refuse(seen, 'has different request ids in header and body')
}

function checkResponse (seen: SeenAnswer, response: Response): void {
  const media = response.content['application/json'] ?? refuse(seen, 'has no documented body')
  validate(seen, media.schema)
  checkHeaders(seen, Object.keys(response.headers ?? {}))
  const { code, data } = JSON.parse(seen.body)
  // 200 and 202 share a schema for the sake of generators.
  if ((seen.statusCode === 202) !== (data === 'stored')) refuse(seen, `has the status of another outcome than ${data}`)
  if (seen.statusCode < 400) return
  const documented = Object.values(media.examples ?? {}).map(({ value }) => value.code)
  if (documented.includes(code)) return
  // What the proxy does not know by itself is Energy Expert's, which blames the push: 4xx. Without a code it bears ours.
  if (seen.statusCode >= 500 || (isCode(code) && code !== 'Cloud.Refused')) refuse(seen, `has the code ${code}, which is not documented with this status`)
}

function isCode (code: unknown): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, String(code))
}

function validate (seen: SeenAnswer, schema: object): void {
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/'))
  const check = validators.get(schema) ?? ajv.compile(absolute)
  validators.set(schema, check)
  if (!check(JSON.parse(seen.body))) refuse(seen, `has a body that breaks its schema: ${ajv.errorsText(check.errors)}`)
}

function checkHeaders (seen: SeenAnswer, documented: readonly string[]): void {
  const names = new Set([...TRANSPORT, ...documented.map(name => name.toLowerCase())])
  const unknown = Object.keys(seen.headers).filter(name => !names.has(name))
  if (unknown.length > 0) refuse(seen, `has undocumented headers (${unknown.join(', ')}); add them to src/contract/answer-headers.ts, then \`npm run openapi\``)
}

function allHeaders (responses: Responses): string[] {
  return [...Object.values(responses), ...Object.values(contract.components.responses)].flatMap(response => '$ref' in response ? [] : Object.keys(response.headers ?? {}))
}

function refuse ({ method = '?', target = '?', statusCode, body }: SeenAnswer, problem: string): never {
  throw new Error(`The answer ${statusCode} to ${method} ${target.split('?', 1)[0]} ${problem}: ${body.slice(0, 300)}`)
}
