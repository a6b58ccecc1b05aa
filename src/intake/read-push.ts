import { checkPush, FAULTS_MAX } from '../contract/check-push.js'
import { PUSH_BOUNDS, type Push } from '../contract/push.js'
import { ProxyError, type Fault } from '../errors.js'
import { decodeText } from './decode-text.js'
import { readJson } from './json-reader.js'
import { JsonSyntaxError } from './json-syntax-error.js'
import { JsonTooMuchError } from './json-too-much-error.js'
import type { JsonValue } from './json-value.js'
import { hasOwnTimes, RepairLog, type Repairs } from './repairs.js'
import { shapePush, type IntakePolicy } from './shape-push.js'

export { hasOwnTimes }
export type { IntakePolicy, Repairs }

/** As many faults are answered: senders have little room, and the rest shows when these are mended. */
const ANSWERED_FAULTS_MAX = 20

/**
 * Well above what a push may hold, so that the contract still counts what is a little too much. A body of four megabytes
 * made of names alone took 1.7 s to judge without them, and one of empty objects 1.0 s.
 */
const READER_BOUNDS = { namesMax: 2 * PUSH_BOUNDS.pointsPerDeviceMax, containersMax: 10 * PUSH_BOUNDS.devicesMax }

/**
 * Turns the bytes of a body into a push that keeps the contract, every value as it was written. `declaredCharset` is what
 * the sender's Content-Type says of its encoding. Throws ProxyError
 * EmptyBody, InvalidEncoding, InvalidJson, PushTooLarge, or InvalidPush with the first 20 faults.
 */
export function readPush (bytes: Uint8Array, policy: IntakePolicy, declaredCharset?: string): { push: Push, repairs: Repairs } {
  const log = new RepairLog()
  const text = decodeText(bytes, { declared: declaredCharset, plant: policy.charset }, log)
  if (/^[ \t\r\n]*$/.test(text)) throw new ProxyError('EmptyBody')
  const candidate = shapePush(readBody(text), policy, log)
  refuseTooMuch(candidate)
  const faults = checkPush(candidate)
  if (faults[0] !== undefined) throw invalidPush(faults, faults[0])
  // Without a fault it is a push: that is what checkPush judges.
  return { push: candidate as Push, repairs: log.repairs }
}

function readBody (text: string): JsonValue {
  try {
    return readJson(text, READER_BOUNDS)
  } catch (cause) {
    if (cause instanceof JsonTooMuchError) {
      throw new ProxyError('PushTooLarge', `The body holds more than ${cause.bound}. Send fewer devices or points in one push.`, { cause })
    }
    if (!(cause instanceof JsonSyntaxError)) throw cause
    const { pointer, line, column } = cause
    const faults = pointer === undefined
      ? []
      : [{ path: pointer, message: `stands twice in its object, the second time in line ${line}, column ${column}` }]
    throw new ProxyError('InvalidJson', `The body cannot be read as JSON. ${cause.message}`, faults.length > 0 ? { cause, faults } : { cause })
  }
}

/** Bounds that mean "send less at once" have their own code: a sender may react to it without a person. */
function refuseTooMuch (candidate: unknown): void {
  if (typeof candidate !== 'object' || candidate === null || !('devices' in candidate) || !Array.isArray(candidate.devices)) return
  const devices: unknown[] = candidate.devices
  const tooMany = (count: number, what: string, max: number) =>
    new ProxyError('PushTooLarge', `The push holds ${count} ${what}; the limit is ${max}. Send fewer devices in one push.`)
  if (devices.length > PUSH_BOUNDS.devicesMax) throw tooMany(devices.length, 'device records', PUSH_BOUNDS.devicesMax)
  const points = devices.reduce<number>((sum, device) => sum + pointsOf(device), 0)
  if (points > PUSH_BOUNDS.pointsMax) throw tooMany(points, 'points', PUSH_BOUNDS.pointsMax)
}

function pointsOf (device: unknown): number {
  if (typeof device !== 'object' || device === null || !('data' in device)) return 0
  const { data } = device
  return typeof data === 'object' && data !== null ? Object.keys(data).length : 0
}

/** Begins with the first place, for devices that show the message alone. */
function invalidPush (faults: readonly Fault[], { path, message }: Fault): ProxyError {
  const count = faults.length < FAULTS_MAX ? String(faults.length) : `at least ${FAULTS_MAX}`
  const where = faults.length === 1 ? '' : ` in ${count} places, the first`
  const summary = `The push breaks the contract${where}: ${path === '' ? 'the body' : path} ${message}`
  return new ProxyError('InvalidPush', /[.?]$/.test(summary) ? summary : `${summary}.`, { faults: faults.slice(0, ANSWERED_FAULTS_MAX) })
}
