import { type Answer, jsonAnswer } from './answers.js'
import { FAULT_NAMES, type FaultOptions, type Faults, isFaultName } from './faults.js'
import type { Received } from './received.js'
import { onlyValue, type WholeRequest } from './whole-request.js'

const LIST_DEFAULT = 100
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

export interface ControlParts {
  readonly received: Received
  readonly faults: Faults
  readonly attempts: () => number
  /** `http` or `https`. */
  readonly scheme: string
}

/** What integrators ask over HTTP. `undefined`: nothing of this is at the path. */
export function answerControl (request: WholeRequest, parts: ControlParts): Answer | undefined {
  const methods = resources(request, parts).get(request.path)
  if (methods === undefined) return undefined
  const stranger = describeStranger(request, parts.scheme)
  if (stranger !== undefined) return failure(403, 'Forbidden', stranger)
  const answer = methods.get(request.method)
  if (answer !== undefined) return answer()
  const allow = [...methods.keys()].join(', ')
  return failure(405, 'MethodNotAllowed', `This path takes ${allow}.`, { allow })
}

type Methods = ReadonlyMap<string, () => Answer>

// Maps, so that a path or a method such as `constructor` finds nothing.
function resources (request: WholeRequest, parts: ControlParts): ReadonlyMap<string, Methods> {
  const { received, faults } = parts
  const describe = (): Answer => jsonAnswer(200, { name: 'Energy Expert sandbox', received: received.list().length, attempts: parts.attempts(), faults: faults.list() })
  const listFaults = (): Answer => jsonAnswer(200, { faults: faults.list(), names: FAULT_NAMES })
  return new Map<string, Methods>([
    ['/', new Map([['GET', describe]])],
    ['/received', new Map([
      ['GET', () => listReceived(request.query, received)],
      ['DELETE', () => { received.clear(); return jsonAnswer(200, []) }]
    ])],
    ['/faults', new Map([
      ['GET', listFaults],
      ['PUT', () => putFault(request.body, faults)],
      ['DELETE', () => { faults.heal(); return listFaults() }]
    ])]
  ])
}

/**
 * A web page must not reach the control paths: a name that was rebound to loopback shows in Host, a page of another
 * origin in Origin.
 */
function describeStranger ({ headers }: WholeRequest, scheme: string): string | undefined {
  const host = onlyValue(headers, 'host') ?? ''
  if (!LOOPBACK.test(host)) return 'The control paths answer only to a loopback Host, such as 127.0.0.1.'
  if (headers.has('origin') && onlyValue(headers, 'origin')?.toLowerCase() !== `${scheme}://${host.toLowerCase()}`) {
    return 'The control paths do not answer to pages of another origin.'
  }
  return undefined
}

/** The newest `limit` pushes, newest last. The session token is hidden: it would open the account. */
function listReceived (query: string, received: Received): Answer {
  const asked = new URLSearchParams(query).get('limit') ?? String(LIST_DEFAULT)
  if (!/^\d{1,6}$/.test(asked)) return failure(400, 'InvalidLimit', 'limit must be a whole number.')
  const all = received.list()
  const newest = all.slice(Math.max(0, all.length - Number(asked)))
  return jsonAnswer(200, newest.map(push => 'x-acs-security-token' in push.headers
    ? { ...push, headers: { ...push.headers, 'x-acs-security-token': '***' } }
    : push))
}

const KIND_OF_OPTION: Readonly<Record<string, (value: unknown) => boolean>> = {
  times: value => Number.isInteger(value) && Number(value) > 0,
  ms: Number.isInteger,
  statusCode: value => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599,
  retryAfterMs: value => Number.isInteger(value) && Number(value) >= 0,
  code: value => typeof value === 'string' && /^[0-9A-Za-z._]{1,100}$/.test(value),
  keyCase: value => value === 'pascal' || value === 'camel'
}

/** Replaces whatever was injected. */
function putFault (body: Buffer, faults: Faults): Answer {
  const asked = readJsonObject(body)
  if (asked === undefined) return failure(400, 'InvalidFault', 'Send JSON such as {"fault":"throttles","times":3}.')
  const { fault, ...options } = asked
  if (!isFaultName(fault)) return failure(400, 'InvalidFault', `fault must be one of ${FAULT_NAMES.join(', ')}.`)
  for (const [name, value] of Object.entries(options)) {
    const isRight = Object.hasOwn(KIND_OF_OPTION, name) ? KIND_OF_OPTION[name] : undefined
    if (isRight?.(value) !== true) return failure(400, 'InvalidFault', `${JSON.stringify(name)} is no option of a fault, or its value does not fit.`)
  }
  faults.heal()
  // Every member was checked against KIND_OF_OPTION just now.
  faults.inject(fault, options as FaultOptions)
  return jsonAnswer(200, { faults: faults.list() })
}

function readJsonObject (body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    // A record of unknowns claims nothing that an object that is no array does not hold.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}

function failure (statusCode: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return jsonAnswer(statusCode, { code, message }, headers)
}
