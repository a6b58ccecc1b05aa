import type { BadRecordCode } from '../contract/bad-record.js'
import type { CatalogFindings, FindingKind } from '../catalog/judge-push.js'
import { findBadRecords, inPush, type RecordFaults, type TimeFaults } from '../contract/check-push.js'
import { encodeRecord } from '../contract/encode-push.js'
import { pointerTo } from '../contract/json-pointer.js'
import type { Device, Push } from '../contract/push.js'
import type { Fault } from '../errors.js'
import { isJsonObject, type JsonValue } from './json-value.js'
import { writeJson } from './write-json.js'

/** What a plant wants to become of a push of which some records break the contract. */
export interface InvalidPolicy {
  /** Refuse the whole push, or put those records aside and send the others. Default reject. */
  readonly invalid?: 'reject' | 'keep'
}

/** A record that breaks the contract. */
export interface BadRecord {
  readonly code: BadRecordCode
  /** Its place in the push. */
  readonly index: number
  /** The same for two records with the same faults. */
  readonly kind: string
  /** The first of them, each at its place in the sender's body. */
  readonly faults: readonly Fault[]
  /** As the sender wrote it, numbers with their characters; a duplicate as it would have been sent. */
  readonly json: string
}

/** Names a record for whoever asks whether it may be pushed; undefined: it names no device. */
export type NamedRecord = Pick<Device, 'deviceId'> | undefined

export interface DividedPush {
  /** The records that keep the contract, maybe none. */
  readonly push: Push
  readonly bad: readonly BadRecord[]
  /** All records, in their order. */
  readonly named: readonly NamedRecord[]
  /** What the operator's catalog found in the good ones, by kind, and how often. */
  readonly warnings: ReadonlyMap<FindingKind, number>
}

/** A candidate before and after its repairs, and where the sender wrote what stands in it. */
export interface FaultyCandidate {
  readonly raw: JsonValue
  readonly shaped: unknown
  /** Where among the raw records one of the shaped stands: some may have been left out. */
  readonly indexInRaw: (index: number) => number
  readonly timeFaults: TimeFaults
  /** What the operator's catalog says of those that keep the contract. */
  readonly judge: (push: Push) => CatalogFindings
  /** The fault at its place in the sender's body. */
  readonly placed: (fault: Fault) => Fault
}

/**
 * Divides a candidate into the records that can be sent and those that break the contract; maybe none does.
 * @returns undefined when the push itself is at fault: then it cannot be divided
 */
export function keepGood ({ raw, shaped, indexInRaw, timeFaults, judge, placed }: FaultyCandidate): DividedPush | undefined {
  const found = findBadRecords(shaped, timeFaults)
  if (found === undefined) return undefined
  // What findBadRecords divides has the frame of a push.
  const { deviceType, devices } = shaped as { deviceType: string, devices: unknown[] }
  const { all, warnings } = withCatalog(found, deviceType, devices, judge)
  if (all.length === 0) return { push: { deviceType, devices: devices as Device[] }, bad: [], named: devices as Device[], warnings }
  const written = recordsOf(raw)
  const kindOf = createKinds()
  const good: Device[] = []
  const bad: BadRecord[] = []
  const named: NamedRecord[] = []
  for (const [index, device] of devices.entries()) {
    const faulty = all[bad.length]
    if (faulty?.index !== index) {
      // Records without a fault are device records, and what is only a repeat is one too: that is what findBadRecords judges.
      good.push(device as Device)
      named.push(device as Device)
    } else if (faulty.isRepeat) {
      bad.push(new FoundBad(faulty, kindOf(faulty), encodeRecord(device as Device), placed))
      named.push(device as Device)
    } else {
      bad.push(new FoundBad(faulty, kindOf(faulty), writeJson(written[indexInRaw(index)]), placed))
      named.push(nameOf(device))
    }
  }
  return { push: { deviceType, devices: good }, bad, named, warnings }
}

/** With what the operator's catalog says of the records that keep the contract; in the order of the records. */
function withCatalog (found: RecordFaults[], deviceType: string, devices: readonly unknown[], judge: FaultyCandidate['judge']): { all: RecordFaults[], warnings: DividedPush['warnings'] } {
  const contractBad = new Set(found.map(({ index }) => index))
  const goodIndexes = [...devices.keys()].filter(index => !contractBad.has(index))
  const { counts, firstFaults } = judge({ deviceType, devices: goodIndexes.map(index => devices[index] as Device) })
  const inCatalog = [...firstFaults].map(([place, fault]): RecordFaults => within(fault, place, goodIndexes[place] ?? place))
  return { all: inCatalog.length === 0 ? found : [...found, ...inCatalog].sort((a, b) => a.index - b.index), warnings: counts }
}

/** A fault of a record that stands elsewhere among all of them. */
function within ({ path, message }: Fault, place: number, index: number): RecordFaults {
  return { index, faults: [{ path: path.slice(pointerTo('/devices', place).length), message }], isRepeat: false }
}

/** Makes what gives records with the same faults the same kind. */
function createKinds (): (found: RecordFaults) => string {
  let last: readonly Fault[] = []
  let kind = ''
  return ({ faults }) => {
    if (faults === last) return kind
    last = faults
    kind = ''
    // No place and no message holds a line end.
    for (const { path, message } of faults) kind += `${path}\n${message}\n`
    return kind
  }
}

/** Its faults are put at their places in the sender's body when somebody reads them: of ten thousand that are kept, few are told. */
class FoundBad implements BadRecord {
  readonly kind: string
  readonly json: string
  readonly #found: RecordFaults
  readonly #placed: FaultyCandidate['placed']

  constructor (found: RecordFaults, kind: string, json: string, placed: FaultyCandidate['placed']) {
    this.kind = kind
    this.json = json
    this.#found = found
    this.#placed = placed
  }

  get code (): BadRecordCode {
    return this.#found.isRepeat ? 'DuplicateRecord' : 'InvalidRecord'
  }

  get index (): number {
    return this.#found.index
  }

  get faults (): readonly Fault[] {
    return this.#found.faults.map(fault => this.#placed(inPush(fault, this.index)))
  }
}

/** The records before their repairs. A candidate that was divided has them. */
function recordsOf (raw: JsonValue): readonly unknown[] {
  const devices = isJsonObject(raw) ? raw['devices'] : undefined
  return Array.isArray(devices) ? devices : []
}

function nameOf (device: unknown): NamedRecord {
  if (typeof device !== 'object' || device === null || !('deviceId' in device) || typeof device.deviceId !== 'string') return undefined
  return { deviceId: device.deviceId }
}
