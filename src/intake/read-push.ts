import { checkPush } from '../contract/check-push.js'
import { PUSH_BOUNDS, type Push } from '../contract/push.js'
import { ProxyError, type Fault } from '../errors.js'
import type { Arrival } from './arrival.js'
import { declaredCharset } from './declared-charset.js'
import { decodeText } from './decode-text.js'
import { translate, type Translation } from './dialects.js'
import { dropMissing, NOTHING_DROPPED, type Dropped } from './drop-missing.js'
import { describeOtherDialect } from './guess-dialect.js'
import { faultAt, invalidPush } from './invalid-push.js'
import { judgeByCatalog } from './judge-catalog.js'
import { keepGood, type DividedPush, type InvalidPolicy } from './keep-good.js'
import { leftOutInWords } from './left-out.js'
import { openEnvelope } from './open-envelope.js'
import { repairTimes } from './record-times.js'
import { describeRepairs, hasOwnTimes, RepairLog, type Repairs } from './repairs.js'
import { shapePush, type IntakePolicy } from './shape-push.js'
import { tellDecimalCommas, tellTimeZone } from './tell-values.js'

export { hasOwnTimes }
export type { Arrival, IntakePolicy, Repairs }

const NO_READING: Fault = { path: '/devices', message: 'holds no reading: every value in it says that there is none' }

/** A push, what was changed to make it one, and what of it breaks the contract: something only where the plant keeps the rest. */
export interface ReadPush extends DividedPush {
  readonly repairs: Repairs
  /** A fault of one of `named`, where its sender finds it. */
  readonly tell: (fault: Fault) => Fault
}

/**
 * Turns the bytes of a body into a push that keeps the contract, every value as it was written. Throws ProxyError
 * EmptyBody, InvalidEncoding, InvalidJson, PushTooLarge, or InvalidPush with the first 20 faults.
 */
export function readPush (bytes: Uint8Array, policy: IntakePolicy & InvalidPolicy, arrival: Arrival): ReadPush {
  const log = new RepairLog(arrival.onStep)
  const opened = openEnvelope(bytes, policy.dialect ?? 'energy-expert', log)
  const text = decodeText(opened, { declared: declaredCharset(arrival.contentType), plant: policy.charset }, log)
  if (/^[ \t\r\n]*$/.test(text)) throw new ProxyError('EmptyBody')
  try {
    return readText(text, policy, arrival, log)
  } catch (cause) {
    throw withOtherDialect(cause, text, policy)
  }
}

function readText (text: string, policy: IntakePolicy & InvalidPolicy, arrival: Arrival, log: RepairLog): ReadPush {
  const dropsMissing = policy.missing === 'drop'
  const translation = translate({ text, nanAsNull: dropsMissing }, policy, log)
  const { candidate } = translation
  const shaped = shapePush(candidate, policy, log)
  const dropped = dropsMissing ? dropMissing(shaped, log) : NOTHING_DROPPED
  const timeFaults = repairTimes(shaped, { ...policy, timeFormat: translation.timeFormat }, arrival.nowMs, log)
  log.note('values', () => describeRepairs(log.repairs))
  log.note('values', () => tellDecimalCommas(shaped))
  log.note('times', () => tellTimeZone(policy, log.repairs))
  refuseTooMuch(shaped)
  const told = (fault: Fault) => placed(fault, translation, dropped)
  if (dropped.isEmptied) throw noReading(told, log.repairs)
  const judge = (push: Push) => judgeByCatalog(push, policy, arrival, log)
  // Where the good records are kept, one look at each says whether it is one.
  const divided = policy.invalid === 'keep' ? keepGood({ raw: candidate, shaped, indexInRaw: dropped.indexOf, timeFaults, judge, placed: told }) : undefined
  if (divided !== undefined) return divided.bad.length > 0 ? tellBad(divided, told, log) : taken(divided, told, log)
  const contractFaults = checkPush(shaped, timeFaults)
  // Without a fault it is a push: that is what checkPush judges.
  const push = contractFaults.length === 0 ? shaped as Push : undefined
  const findings = push && judge(push)
  if (push !== undefined && findings?.faults.length === 0) return taken({ push, bad: [], named: push.devices, warnings: findings.counts }, told, log)
  const faults = [...contractFaults, ...findings?.faults ?? []].map(told)
  throw invalidPush(faults, faults[0] ?? NO_READING)
}

function taken (divided: DividedPush, tell: ReadPush['tell'], log: RepairLog): ReadPush {
  const { push: { deviceType, devices } } = divided
  log.note('contract', () => `The push keeps the contract; records of device type ${deviceType}: ${devices.length}.`)
  return { ...divided, repairs: log.repairs, tell }
}

function tellBad (divided: DividedPush, tell: ReadPush['tell'], log: RepairLog): ReadPush {
  const { push: { deviceType, devices }, bad } = divided
  log.add('parked-record', bad.length)
  log.note('contract', () => `Records that break the contract and are parked: ${bad.length}; good ones of device type ${deviceType}: ${devices.length}.`)
  return { ...divided, repairs: log.repairs, tell }
}

/** With what the dialect left out before, for that may be the reason. */
function noReading (told: ReadPush['tell'], repairs: Repairs): ProxyError {
  const leftOut = leftOutInWords([[repairs.get('bad-quality') ?? 0, 'of bad quality'], [repairs.get('superseded') ?? 0, 'followed by a later one of the same second'], [repairs.get('unmapped') ?? 0, 'unmapped']])
  const fault = told({ ...NO_READING, message: `${NO_READING.message}${leftOut === '' ? '' : `; left out: ${leftOut}`}` })
  return invalidPush([fault], fault)
}

const samePlace = (pointer: string) => pointer

/** A fault where the sender finds it; its message may name another record. */
function placed ({ path, message }: Fault, { placeOf = samePlace, inWords }: Translation, dropped: Dropped): Fault {
  const written = (pointer: string) => placeOf(dropped.placeOf(pointer))
  const tell = inWords ?? samePlace
  return faultAt(written(path), message.replace(/\/devices\/\d+/, pointer => tell(written(pointer))), inWords)
}

/** A body of another dialect than its plant's breaks the rules in many places, and none of them says why. */
function withOtherDialect (cause: unknown, text: string, { dialect = 'energy-expert' }: IntakePolicy): unknown {
  if (!(cause instanceof ProxyError) || cause.statusCode !== 400) return cause
  const hint = describeOtherDialect(text, dialect)
  if (hint === undefined) return cause
  return new ProxyError(cause.code, `${hint} ${cause.message}`, { cause, ...(cause.faults === undefined ? undefined : { faults: cause.faults }) })
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
