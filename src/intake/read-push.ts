import { checkPush, FAULTS_MAX } from '../contract/check-push.js'
import { PUSH_BOUNDS, type Push } from '../contract/push.js'
import { ProxyError, type Fault } from '../errors.js'
import type { Arrival } from './arrival.js'
import { declaredCharset } from './declared-charset.js'
import { decodeText } from './decode-text.js'
import { translate } from './dialects.js'
import { dropMissing, NOTHING_DROPPED } from './drop-missing.js'
import { judgeByCatalog } from './judge-catalog.js'
import { keepGood, type DividedPush, type InvalidPolicy } from './keep-good.js'
import { repairTimes } from './record-times.js'
import { describeRepairs, hasOwnTimes, RepairLog, type Repairs } from './repairs.js'
import { shapePush, type IntakePolicy } from './shape-push.js'

export { hasOwnTimes }
export type { Arrival, IntakePolicy, Repairs }

/** As many faults are answered: senders have little room, and the rest shows when these are mended. */
const ANSWERED_FAULTS_MAX = 20

const NO_READING: Fault = { path: '/devices', message: 'holds no reading: every value in it says that there is none' }

/** A push, what was changed to make it one, and what of it breaks the contract: something only where the plant keeps the rest. */
export interface ReadPush extends DividedPush {
  readonly repairs: Repairs
}

/**
 * Turns the bytes of a body into a push that keeps the contract, every value as it was written. Throws ProxyError
 * EmptyBody, InvalidEncoding, InvalidJson, PushTooLarge, or InvalidPush with the first 20 faults.
 */
export function readPush (bytes: Uint8Array, policy: IntakePolicy & InvalidPolicy, arrival: Arrival): ReadPush {
  const log = new RepairLog(arrival.onStep)
  const text = decodeText(bytes, { declared: declaredCharset(arrival.contentType), plant: policy.charset }, log)
  if (/^[ \t\r\n]*$/.test(text)) throw new ProxyError('EmptyBody')
  const dropsMissing = policy.missing === 'drop'
  const { candidate, placeOf = samePlace } = translate({ text, nanAsNull: dropsMissing }, policy.dialect ?? 'energy-expert', log)
  const shaped = shapePush(candidate, policy, log)
  const dropped = dropsMissing ? dropMissing(shaped, log) : NOTHING_DROPPED
  const timeFaults = repairTimes(shaped, policy, arrival.nowMs, log)
  log.note('values', () => describeRepairs(log.repairs))
  refuseTooMuch(shaped)
  if (dropped.isEmptied) throw invalidPush([NO_READING], NO_READING)
  const sentPlaceOf = (pointer: string) => placeOf(dropped.placeOf(pointer))
  const judge = (push: Push) => judgeByCatalog(push, policy, arrival, log)
  const contractFaults = checkPush(shaped, timeFaults)
  // Without a fault it is a push: that is what checkPush judges.
  const push = contractFaults.length === 0 ? shaped as Push : undefined
  const findings = push && judge(push)
  if (push !== undefined && findings?.faults.length === 0) {
    log.note('contract', () => `The push keeps the contract; records of device type ${push.deviceType}: ${push.devices.length}.`)
    return { push, bad: [], named: push.devices, warnings: findings.counts, repairs: log.repairs }
  }
  const divided = policy.invalid === 'keep' ? keepGood({ raw: candidate, shaped, timeFaults, judge, findings, placed: fault => placed(fault, sentPlaceOf) }) : undefined
  if (divided !== undefined) return tellBad(divided, log)
  const faults = [...contractFaults, ...findings?.faults ?? []].map(fault => placed(fault, sentPlaceOf))
  throw invalidPush(faults, faults[0] ?? NO_READING)
}

const samePlace = (pointer: string) => pointer

/** A fault where the sender finds it; its message may name another record. */
function placed ({ path, message }: Fault, placeOf: (pointer: string) => string): Fault {
  return { path: placeOf(path), message: message.replace(/\/devices\/\d+/, placeOf) }
}

function tellBad (divided: DividedPush, log: RepairLog): ReadPush {
  const { push: { deviceType, devices }, bad } = divided
  log.add('parked-record', bad.length)
  log.note('contract', () => `Records that break the contract and are parked: ${bad.length}; good ones of device type ${deviceType}: ${devices.length}.`)
  return { ...divided, repairs: log.repairs }
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
