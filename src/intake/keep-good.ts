import type { BadRecordCode } from '../contract/bad-record.js'
import type { CatalogFindings, FindingKind } from '../catalog/judge-push.js'
import { findBadRecords, type RecordFaults, type TimeFaults } from '../contract/check-push.js'
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
  /** What the operator's catalog says of those that keep the contract; `findings` is what it said already, when all of them do. */
  readonly judge: (push: Push) => CatalogFindings
  readonly findings: CatalogFindings | undefined
  /** The fault at its place in the sender's body. */
  readonly placed: (fault: Fault) => Fault
}

/**
 * Divides a candidate into the records that can be sent and those that break the contract.
 * @returns undefined when the push itself is at fault: then it cannot be divided
 */
export function keepGood ({ raw, shaped, indexInRaw, timeFaults, judge, findings, placed }: FaultyCandidate): DividedPush | undefined {
  const found = findBadRecords(shaped, timeFaults)
  if (found === undefined) return undefined
  // What findBadRecords divides has the frame of a push.
  const { deviceType, devices } = shaped as { deviceType: string, devices: unknown[] }
  const contractBad = new Set(found.map(({ index }) => index))
  const goodIndexes = [...devices.keys()].filter(index => !contractBad.has(index))
  // Records without a fault are device records: that is what findBadRecords judges.
  const { counts, firstFaults } = findings ?? judge({ deviceType, devices: goodIndexes.map(index => devices[index] as Device) })
  const inCatalog = [...firstFaults].map(([place, fault]): RecordFaults => moved(fault, place, goodIndexes[place] ?? place))
  const all = [...found, ...inCatalog].sort((a, b) => a.index - b.index)
  if (all.length === 0) return undefined
  const written = recordsOf(raw)
  const bad = all.map(({ index, faults, isRepeat }): BadRecord => ({
    code: isRepeat ? 'DuplicateRecord' : 'InvalidRecord',
    index,
    kind: JSON.stringify(faults.map(({ path, message }) => [path.slice(pointerTo('/devices', index).length), message])),
    faults: faults.map(placed),
    // What is only a repeat keeps the contract.
    json: isRepeat ? encodeRecord(devices[index] as Device) : writeJson(written[indexInRaw(index)])
  }))
  const codes = new Map(bad.map(({ index, code }) => [index, code]))
  return {
    push: { deviceType, devices: devices.filter((_, index) => !codes.has(index)) as Device[] },
    bad,
    named: devices.map((device, index) => codes.get(index) === 'InvalidRecord' ? nameOf(device) : device as Device),
    warnings: counts
  }
}

/** A fault of a record that stands elsewhere among all of them. */
function moved ({ path, message }: Fault, from: number, to: number): RecordFaults {
  return { index: to, faults: [{ path: pointerTo('/devices', to) + path.slice(pointerTo('/devices', from).length), message }], isRepeat: false }
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
