import { PUSH_BOUNDS } from '../contract/push.js'
import { codeFault, GOOD_CODES_MAX } from '../contract/record-rules.js'
import { ProxyError, type Fault } from '../errors.js'
import type { Mapping } from '../mapping/mapping.js'
import type { Target } from '../mapping/resolve-tag.js'
import type { Translation } from './dialects.js'
import { ANSWERED_FAULTS_MAX, faultAt, invalidPush } from './invalid-push.js'
import { emptyJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.js'
import { placeIn } from './place-in.js'
import { secondOf } from './second-of.js'

/** Where the samples or rows of a body stand in it, by their index. */
export interface Places {
  readonly row: (index: number) => string
  readonly role: (index: number, role: 'deviceType' | 'deviceId' | 'recordTime') => string
  readonly value: (index: number, column: number) => string
  /** A place in words, where it tells a person more than its pointer does. */
  readonly inWords?: ((place: string) => string) | undefined
}

/** What a sample or row says of its reading. */
export interface RowFacts {
  /** Its place among the samples or rows. */
  readonly index: number
  readonly deviceType?: JsonValue | undefined
  readonly deviceId?: JsonValue | undefined
  readonly recordTime?: JsonValue | undefined
}

/** A record that is being put together. */
export interface GatheredRecord {
  /** The row that it began with. */
  readonly index: number
  readonly device: JsonObject
  readonly data: JsonObject
  /** Each reading as it came, replaced ones too: its point, and its row and column. Lists, for a map of each record cost more than the rest. */
  readonly points: string[]
  readonly sources: number[]
}

/** No row has more columns, so that row and column fit one number. */
export const COLUMNS_MAX = 4096

/** Puts readings together into records, one for each device and second, and remembers where each came from. */
export class Gathering {
  readonly faults: Fault[] = []
  readonly #mapping: Mapping
  readonly #places: Places
  readonly #records: GatheredRecord[] = []
  readonly #byKey = new Map<string, GatheredRecord>()
  /** Point codes that were found good: a body repeats a few of them. */
  readonly #goodCodes = new Set<string>()
  /** The device type of the whole body, and the row that told it first. */
  #type: { readonly value: JsonValue, readonly index: number } | undefined

  constructor (mapping: Mapping, places: Places) {
    this.#mapping = mapping
    this.#places = places
  }

  /** What there is so far, in words. */
  get counts (): string {
    const points = this.#records.reduce((sum, { points }) => sum + new Set(points).size, 0)
    return `records: ${this.#records.length}, points: ${points}`
  }

  fault (path: string, message: string): void {
    this.faults.push(faultAt(path, message, this.#places.inWords))
    if (this.faults.length >= ANSWERED_FAULTS_MAX) this.#refuse()
  }

  /** The record that a reading belongs to. What its target leaves open, its row says, or the mapping. */
  recordOf (row: RowFacts, target: Pick<Target, 'device' | 'deviceType'>): GatheredRecord {
    const { devices, deviceId: onlyDevice, deviceType: onlyType } = this.#mapping
    const named = target.device ?? onlyDevice ?? row.deviceId
    const rule = devices.get(textOf(named) ?? '')
    this.#takeType(target.deviceType ?? rule?.deviceType ?? onlyType ?? row.deviceType, row.index)
    const deviceId = rule?.deviceId ?? named
    const key = `${secondOf(keyOf(row.recordTime, row.index))}\n${keyOf(deviceId, row.index)}`
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const record = { index: row.index, device: emptyJsonObject(), data: emptyJsonObject(), points: [], sources: [] }
    if (deviceId !== undefined) record.device['deviceId'] = deviceId
    if (row.recordTime !== undefined) record.device['recordTime'] = row.recordTime
    record.device['data'] = record.data
    this.#byKey.set(key, record)
    // Here, so that a body of many small samples costs no more than what a push may hold.
    if (this.#records.push(record) > PUSH_BOUNDS.devicesMax) {
      throw new ProxyError('PushTooLarge', `The push holds more than ${PUSH_BOUNDS.devicesMax} device records. Send fewer devices or times in one push.`)
    }
    return record
  }

  /** Adds a reading; two of one device, second and point are a fault, since nobody could tell which one counts. */
  put (record: GatheredRecord, point: string, value: JsonValue, index: number, column: number): void {
    if (!this.#goodCodes.has(point)) {
      // Asked here, for the contract knows the record alone, and not which of its readings has the code.
      const fault = codeFault(point)
      if (fault !== undefined) return this.fault(this.#places.value(index, column), fault)
      if (this.#goodCodes.size < GOOD_CODES_MAX) this.#goodCodes.add(point)
    }
    if (holds(record, point)) {
      this.fault(this.#places.value(index, column), `leads to the same device, time and point as ${this.#tell(this.#placeOfPoint(record, point))}; send each reading once, or map one of them to another point`)
      return
    }
    this.replace(record, point, value, index, column)
  }

  /** Adds the first reading of its point, or replaces it by a later one of the same source. */
  replace ({ data, points, sources }: GatheredRecord, point: string, value: JsonValue, index: number, column: number): void {
    data[point] = value
    points.push(point)
    sources.push(index * COLUMNS_MAX + column)
  }

  /** @throws ProxyError InvalidPush with the faults that were found, or when there is no record */
  finish (leftOut: string): Translation {
    if (this.#records.length === 0 && this.faults.length === 0) this.fault('', `holds no reading${leftOut === '' ? '' : `; left out: ${leftOut}`}`)
    const [first] = this.#records
    if (first !== undefined && this.#type === undefined) {
      this.fault(this.#places.role(first.index, 'deviceType'), 'is missing: no field tells the device type, and the mapping gives none (deviceType)')
    }
    if (this.faults.length > 0) this.#refuse()
    const candidate = emptyJsonObject()
    if (this.#type !== undefined) candidate['deviceType'] = this.#type.value
    candidate['devices'] = this.#records.map(({ device }) => device)
    return { candidate, placeOf: pointer => this.#placeOf(pointer), inWords: this.#places.inWords }
  }

  #tell (place: string): string {
    return this.#places.inWords?.(place) ?? place
  }

  #takeType (value: JsonValue | undefined, index: number): void {
    if (value === undefined) return
    this.#type ??= { value, index }
    const [one, other] = [keyOf(this.#type.value, this.#type.index), keyOf(value, index)]
    if (one === other) return
    this.fault(this.#places.row(index), `leads to the device type ${typeInWords(value)}, and ${this.#tell(this.#places.row(this.#type.index))} to ${typeInWords(this.#type.value)}; one push holds one type: send each type in a body of its own`)
  }

  #placeOf (pointer: string): string {
    const { index, member, point } = placeIn(pointer)
    if (member === 'deviceType') return this.#places.role(this.#type?.index ?? 0, 'deviceType')
    const record = this.#records[index ?? -1]
    if (record === undefined) return ''
    if (member === 'deviceId' || member === 'recordTime') return this.#places.role(record.index, member)
    return point === undefined || !holds(record, point) ? this.#places.row(record.index) : this.#placeOfPoint(record, point)
  }

  /** Of the reading that counts. */
  #placeOfPoint ({ points, sources }: GatheredRecord, point: string): string {
    const source = sources[points.lastIndexOf(point)] ?? 0
    return this.#places.value(Math.floor(source / COLUMNS_MAX), source % COLUMNS_MAX)
  }

  #refuse (): never {
    throw invalidPush(this.faults, this.faults[0] ?? { path: '', message: 'is at fault' })
  }
}

/** Few are looked through: to ask an object costs more where no two have the same members. */
const FEW_POINTS = 8

function holds ({ data, points }: GatheredRecord, point: string): boolean {
  return points.length > FEW_POINTS ? point in data : points.includes(point)
}

/** The characters of a text or a number; undefined of anything else. */
export function textOf (value: JsonValue | undefined): string | undefined {
  return value instanceof JsonNumber ? value.text : typeof value === 'string' ? value : undefined
}

/** What is neither text nor number is equal to nothing, and the contract faults it. */
function keyOf (value: JsonValue | undefined, index: number): string {
  return value === undefined ? '' : textOf(value) ?? `\0${index}`
}

function typeInWords (value: JsonValue): string {
  const text = textOf(value)
  return text !== undefined && /^\w{1,64}$/.test(text) ? text : '(no text)'
}
