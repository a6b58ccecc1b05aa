import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Fault } from '../errors.js'
import { describeFaults } from './describe-faults.js'
import { pointerTo } from './json-pointer.js'
import { DeviceSchema, PUSH_BOUNDS, PushFrameSchema, PushSchema } from './push.js'
import { RecordRules } from './record-rules.js'

/** Nobody reads more: enough to say how many there are, and a bound on what a hostile body costs. */
export const FAULTS_MAX = 30

const pushCheck = TypeCompiler.Compile(PushSchema)
const frameCheck = TypeCompiler.Compile(PushFrameSchema)
const deviceCheck = TypeCompiler.Compile(DeviceSchema)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What was found wrong with the times of records, by the record's index, before the contract judges them. */
export type TimeFaults = ReadonlyMap<number, string>

/** The faults of a candidate that is no push: those of its frame, then record by record. */
function faultsOf (candidate: unknown, timeFaults: TimeFaults): Fault[] {
  const faults = describeFaults(frameCheck.Errors(candidate), { path: '', value: candidate, thing: 'a push' }, [], FAULTS_MAX)
  if (!isObject(candidate)) return faults
  const { deviceType, devices }: { deviceType?: unknown, devices?: unknown } = candidate
  if (!Array.isArray(devices) || devices.length > PUSH_BOUNDS.devicesMax) return faults
  const typeStands = typeof deviceType === 'string' && !faults.some(({ path }) => path === '/deviceType')
  const rules = new RecordRules(typeStands ? deviceType : undefined)
  for (const [index, device] of devices.entries()) {
    if (faults.length >= FAULTS_MAX) break
    faults.push(...judgeRecord(rules, device, index, { faultsMax: FAULTS_MAX - faults.length, timeFault: timeFaults.get(index) }).faults)
  }
  return faults.slice(0, FAULTS_MAX)
}

function judgeRecord (rules: RecordRules, device: unknown, index: number, { faultsMax, timeFault }: { faultsMax: number, timeFault: string | undefined }): RecordFaults {
  const ruleFaults: Fault[] = []
  const path = pointerTo('/devices', index)
  const isRepeat = isObject(device) && rules.judge(device, path, ruleFaults, timeFault)
  // Clean records pass the compiled check: looking for errors in 220,000 clean values took 80 ms, the check 20.
  const faults = deviceCheck.Check(device)
    ? ruleFaults
    : describeFaults(deviceCheck.Errors(device), { path, value: device, thing: 'a device record' }, ruleFaults, faultsMax)
  return { index, faults, isRepeat: isRepeat && faults.length === 1 }
}

/** What is wrong with one record of a push. */
export interface RecordFaults {
  /** Its place among the records. */
  readonly index: number
  readonly faults: readonly Fault[]
  /** All that is wrong is that an earlier record has the same device and time. */
  readonly isRepeat: boolean
}

/** Whoever reads why a record was put aside sees no more of them. */
const FAULTS_OF_RECORD_MAX = 3

/**
 * The records that have a fault, all of them however many there are, each with its first three; the same records at whose
 * places `checkPush` finds faults.
 * @returns undefined when the push itself is at fault
 */
export function findBadRecords (candidate: unknown, timeFaults: TimeFaults): RecordFaults[] | undefined {
  if (!frameCheck.Check(candidate)) return undefined
  const rules = new RecordRules(candidate.deviceType)
  return candidate.devices
    .map((device, index) => judgeRecord(rules, device, index, { faultsMax: FAULTS_OF_RECORD_MAX, timeFault: timeFaults.get(index) }))
    .filter(({ faults }) => faults.length > 0)
    .map(({ faults, ...record }) => ({ ...record, faults: faults.slice(0, FAULTS_OF_RECORD_MAX) }))
}

/**
 * Every fault of a candidate, in the order of its places; none means that it is a push (schema and device rules). Stops
 * looking at `FAULTS_MAX`.
 */
export function checkPush (candidate: unknown, timeFaults: TimeFaults = new Map()): Fault[] {
  if (!pushCheck.Check(candidate)) return faultsOf(candidate, timeFaults)
  const faults: Fault[] = []
  const rules = new RecordRules(candidate.deviceType)
  for (const [index, device] of candidate.devices.entries()) {
    if (faults.length >= FAULTS_MAX) break
    rules.judge(device, pointerTo('/devices', index), faults, timeFaults.get(index))
  }
  if (rules.points > PUSH_BOUNDS.pointsMax) {
    faults.push({ path: '/devices', message: `holds ${rules.points} points in all; the limit is ${PUSH_BOUNDS.pointsMax}` })
  }
  return faults
}
