import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Fault } from '../errors.js'
import { describeFaults } from './describe-faults.js'
import { pointerTo } from './json-pointer.js'
import { DeviceSchema, PUSH_BOUNDS, PushFrameSchema, PushSchema } from './push.js'
import { RecordRules } from './record-rules.js'
import { schemaErrors } from './schema-errors.js'

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
    const found = judgeRecord(rules, device, index, { faultsMax: FAULTS_MAX - faults.length, timeFault: timeFaults.get(index) })
    if (found !== undefined) faults.push(...found.faults.map(fault => inPush(fault, index)))
  }
  return faults.slice(0, FAULTS_MAX)
}

/** What is wrong with one record; undefined: nothing. */
function judgeRecord (rules: RecordRules, device: unknown, index: number, { faultsMax, timeFault }: { faultsMax: number, timeFault: string | undefined }): RecordFaults | undefined {
  if (!isObject(device)) return { index, faults: faultsOfNone(device), isRepeat: false }
  const ruleFaults: Fault[] = []
  const isRepeat = rules.judge(device, index, ruleFaults, timeFault)
  // Clean records pass the compiled check: looking for errors in 220,000 clean values took 80 ms, the check 20.
  const keepsSchema = deviceCheck.Check(device)
  if (keepsSchema && ruleFaults.length === 0) return undefined
  const faults = keepsSchema ? ruleFaults : describeRecord(device, ruleFaults, faultsMax)
  return { index, faults, isRepeat: isRepeat && faults.length === 1 }
}

function describeRecord (device: unknown, ruleFaults: readonly Fault[], faultsMax: number): Fault[] {
  const checked = { path: '', value: device, thing: 'a device record' }
  const faults = describeFaults(schemaErrors(DeviceSchema, device), checked, ruleFaults, faultsMax)
  // TypeBox is the judge: what it refuses has a fault, should the quick search find none.
  return faults.length > 0 ? faults : describeFaults(deviceCheck.Errors(device), checked, ruleFaults, faultsMax)
}

/** By type: a body has room for many numbers where records should stand. */
const faultsByType = new Map<string, readonly Fault[]>()

/** Of what is no object, and so told by its type alone. */
function faultsOfNone (device: unknown): readonly Fault[] {
  const type = Array.isArray(device) ? 'array' : typeof device === 'boolean' || device === null ? String(device) : typeof device
  const known = faultsByType.get(type) ?? describeRecord(device, [], FAULTS_MAX)
  faultsByType.set(type, known)
  return known
}

/** A fault of a record, whose place lies within it, at its place in the push. */
export function inPush ({ path, message }: Fault, index: number): Fault {
  return { path: pointerTo('/devices', index) + path, message }
}

/** What is wrong with one record of a push. */
export interface RecordFaults {
  /** Its place among the records. */
  readonly index: number
  /** Their places are those within the record. */
  readonly faults: readonly Fault[]
  /** All that is wrong is that an earlier record has the same device and time. */
  readonly isRepeat: boolean
}

/** Whoever reads why a record was put aside sees no more of them. */
const FAULTS_OF_RECORD_MAX = 3

/**
 * The records that have a fault, all of them however many there are, each with its first three; the same records at whose
 * places `checkPush` finds faults. Without one of them, the candidate is a push.
 * @returns undefined when the push itself is at fault
 */
export function findBadRecords (candidate: unknown, timeFaults: TimeFaults): RecordFaults[] | undefined {
  if (!frameCheck.Check(candidate)) return undefined
  const rules = new RecordRules(candidate.deviceType)
  const bad: RecordFaults[] = []
  for (const [index, device] of candidate.devices.entries()) {
    const found = judgeRecord(rules, device, index, { faultsMax: FAULTS_OF_RECORD_MAX, timeFault: timeFaults.get(index) })
    if (found !== undefined) bad.push(found.faults.length <= FAULTS_OF_RECORD_MAX ? found : { ...found, faults: found.faults.slice(0, FAULTS_OF_RECORD_MAX) })
  }
  return rules.points > PUSH_BOUNDS.pointsMax ? undefined : bad
}

/**
 * Every fault of a candidate, in the order of its places; none means that it is a push (schema and device rules). Stops
 * looking at `FAULTS_MAX`.
 */
export function checkPush (candidate: unknown, timeFaults: TimeFaults = new Map()): Fault[] {
  if (!pushCheck.Check(candidate)) return faultsOf(candidate, timeFaults)
  const faults: Fault[] = []
  const ruleFaults: Fault[] = []
  const rules = new RecordRules(candidate.deviceType)
  for (const [index, device] of candidate.devices.entries()) {
    if (faults.length >= FAULTS_MAX) break
    rules.judge(device, index, ruleFaults, timeFaults.get(index))
    // Of a clean push none is ever there.
    if (ruleFaults.length > 0) faults.push(...ruleFaults.splice(0).map(fault => inPush(fault, index)))
  }
  if (rules.points > PUSH_BOUNDS.pointsMax) {
    faults.push({ path: '/devices', message: `holds ${rules.points} points in all; the limit is ${PUSH_BOUNDS.pointsMax}` })
  }
  return faults
}
