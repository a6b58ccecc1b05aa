import { pointerTo } from '../contract/json-pointer.js'
import { partsMisfit } from '../mapping/parts-misfit.js'
import { isIgnored, resolveTag, type Target } from '../mapping/resolve-tag.js'
import type { DecodedBody, DialectContext, Translation } from './dialects.js'
import { Gathering, textOf, type GatheredRecord, type Places } from './gathering.js'
import { isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.js'
import { leftOutInWords } from './left-out.js'
import { NamesLeftOver } from './names-left-over.js'
import { readBody } from './read-body.js'

const SAMPLE_FIELDS = new Set(['id', 'v', 'q', 't'])
const FRAME_FIELDS = new Set(['timestamp', 'values'])
/** So many tags are remembered: those that each come once are as quickly judged as found. */
const KNOWN_TAGS_MAX = 2_000
/** The lowest of OPC's qualities that is good. */
const GOOD_QUALITY = 192

/** What the REST client of Kepware's IoT Gateway posts: `{"timestamp":…,"values":[{"id","v","q","t"}]}`, or the array of samples alone. */
export function readKepware (decoded: DecodedBody, context: DialectContext): Translation {
  const body = readBody(decoded)
  const frame = isJsonObject(body) ? body : undefined
  const samples = frame === undefined ? body : frame['values']
  const reader = new SampleReader(context, frame)
  if (frame !== undefined) reader.judgeFields(frame, FRAME_FIELDS, '')
  if (!Array.isArray(samples)) {
    reader.gathering.fault(frame === undefined ? '' : '/values', frame === undefined
      ? 'must be an object such as {"timestamp":…,"values":[{"id":…,"v":…,"q":true,"t":…}]}, or the array of samples'
      : 'must be the array of samples, such as [{"id":"Channel1.Meter7.Ua","v":226.0,"q":true}]')
    return reader.gathering.finish('')
  }
  for (const [index, sample] of samples.entries()) reader.read(sample, index)
  return reader.finish(samples.length)
}

class SampleReader {
  readonly gathering: Gathering
  readonly #context: DialectContext
  readonly #places: Places
  readonly #timestamp: JsonValue | undefined
  readonly #leftOver = new NamesLeftOver()
  /** A body repeats its tags, and each pattern costs. */
  readonly #targets = new Map<string, Target | 'ignored' | 'unmapped'>()
  /** Tag and time of the sample that gave each point. */
  readonly #given = new Map<GatheredRecord, Map<string, { tag: string, time: JsonValue | undefined }>>()
  #ignored = 0

  constructor (context: DialectContext, frame: JsonObject | undefined) {
    this.#context = context
    this.#timestamp = frame?.['timestamp'] ?? undefined
    this.#places = placesOf(frame)
    this.gathering = new Gathering(context.mapping, this.#places)
  }

  read (sample: JsonValue, index: number): void {
    const place = this.#places.row(index)
    if (!isJsonObject(sample)) return this.gathering.fault(place, 'must be a sample such as {"id":"Channel1.Meter7.Ua","v":226.0,"q":true}')
    this.judgeFields(sample, SAMPLE_FIELDS, place)
    const { id: tag } = sample
    if (typeof tag !== 'string' || tag === '') return this.gathering.fault(`${place}/id`, 'must be the name of a tag')
    const target = this.#targetOf(tag)
    if (target === 'unmapped') return this.#leftOver.add(tag, () => `${place}/id`)
    if (target === 'ignored') {
      this.#ignored += 1
      return
    }
    if (!this.#isGood(sample['q'], place)) return
    const time = sample['t'] ?? this.#timestamp
    this.#put(this.gathering.recordOf({ index, recordTime: time }, target), { tag, time, point: target.point, value: this.#valueOf(sample['v']), index })
  }

  /** Members that nobody knows are a fault, or are left out where the plant says so. */
  judgeFields (object: JsonObject, known: ReadonlySet<string>, place: string): void {
    for (const name of Object.keys(object)) {
      if (known.has(name)) continue
      if (this.#context.dropsUnknown) this.#context.log.add('unknown-field')
      else this.gathering.fault(pointerTo(place, name), `is no field here; there are ${[...known].join(', ')}`)
    }
  }

  finish (samples: number): Translation {
    const { log, mapping } = this.#context
    const leftOver = this.#leftOver.fault('tag', 'tags', tag => partsMisfit(mapping, tag))
    if (mapping.unmapped === 'drop') log.add('unmapped', this.#leftOver.count)
    else if (leftOver !== undefined) this.gathering.fault(leftOver.path, leftOver.message)
    const leftOut = leftOutInWords([
      [log.repairs.get('bad-quality') ?? 0, 'of bad quality'], [log.repairs.get('superseded') ?? 0, 'followed by a later one of the same second'],
      [mapping.unmapped === 'drop' ? this.#leftOver.count : 0, 'unmapped'], [this.#ignored, 'ignored']
    ])
    const translation = this.gathering.finish(leftOut)
    log.note('dialect', () => `Read as kepware; samples: ${samples}, ${this.gathering.counts}${leftOut === '' ? '' : `; left out: ${leftOut}`}.`)
    return translation
  }

  #targetOf (tag: string): Target | 'ignored' | 'unmapped' {
    const known = this.#targets.get(tag)
    if (known !== undefined) return known
    const { mapping } = this.#context
    const target = isIgnored(mapping, tag) ? 'ignored' : resolveTag(mapping, tag) ?? 'unmapped'
    if (this.#targets.size < KNOWN_TAGS_MAX) this.#targets.set(tag, target)
    return target
  }

  /** Kepware says true or false; its templates may write OPC's number or a word instead. */
  #isGood (quality: JsonValue | undefined, place: string): boolean {
    const word = quality instanceof JsonNumber ? Number(quality.text) >= GOOD_QUALITY : typeof quality === 'string' ? quality.toLowerCase() : quality
    if (word === undefined || word === true || word === 'good' || word === 'true') return true
    if (word === false || word === 'bad' || word === 'false') this.#context.log.add('bad-quality')
    else this.gathering.fault(`${place}/q`, 'must be true or false, a number of OPC (192 and above is good), or one of the words good and bad')
    return false
  }

  /** A switch has no other form here; a missing value stays one. */
  #valueOf (value: JsonValue | undefined): JsonValue {
    if (typeof value !== 'boolean') return value ?? null
    this.#context.log.add('boolean-to-string')
    return String(value)
  }

  /** A tag that is sampled more often than once a second has several readings in one: the latest counts. */
  #put (record: GatheredRecord, { tag, time, point, value, index }: { tag: string, time: JsonValue | undefined, point: string, value: JsonValue, index: number }): void {
    const given = this.#given.get(record) ?? new Map<string, { tag: string, time: JsonValue | undefined }>()
    this.#given.set(record, given)
    const earlier = given.get(point)
    if (earlier?.tag !== tag) this.gathering.put(record, point, value, index, 0)
    else {
      this.#context.log.add('superseded')
      if (isBefore(time, earlier.time)) return
      this.gathering.replace(record, point, value, index, 0)
    }
    if (earlier === undefined || earlier.tag === tag) given.set(point, { tag, time })
  }
}

function placesOf (frame: JsonObject | undefined): Places {
  const list = frame === undefined ? '' : '/values'
  return {
    row: index => `${list}/${index}`,
    value: index => `${list}/${index}/v`,
    role: (index, role) => {
      if (role !== 'recordTime') return `${list}/${index}/id`
      if (frame === undefined) return `/${index}/t`
      const samples = frame['values']
      const sample = Array.isArray(samples) ? samples[index] ?? null : null
      return isJsonObject(sample) && (sample['t'] ?? null) !== null ? `/values/${index}/t` : '/timestamp'
    }
  }
}

/** Within one second; of two times that cannot be compared the later sample of the body is the later one. */
function isBefore (time: JsonValue | undefined, other: JsonValue | undefined): boolean {
  const [one = '', two = ''] = [textOf(time), textOf(other)]
  return one.length === two.length && one < two
}
