import { nearestField } from '../contract/did-you-mean.js'
import { isPrintable, pointerTo } from '../contract/json-pointer.js'
import type { Push } from '../contract/push.js'
import type { Fault } from '../errors.js'
import type { Catalog, CatalogType } from './catalog.js'

export type FindingKind = 'unknown-type' | 'unknown-point' | 'missing-required' | 'missing-recommended'

/** What the catalog says of a push that keeps the contract. */
export interface CatalogFindings {
  readonly counts: ReadonlyMap<FindingKind, number>
  /** Those that make a push faulty where the plant is set to reject: unknown points and missing required ones, the first `faultsMax`. */
  readonly faults: readonly Fault[]
  /** The first fault of each record that has one, by the record's place. */
  readonly firstFaults: ReadonlyMap<number, Fault>
}

export function judgePush (catalog: Catalog, push: Push, faultsMax: number): CatalogFindings {
  const type = catalog.typeOf(push.deviceType)
  if (type === undefined) return { counts: new Map([['unknown-type', 1]]), faults: [], firstFaults: new Map() }
  const judge = new PushJudge(type, faultsMax)
  for (const [index, { data }] of push.devices.entries()) judge.judge(data, index)
  return judge
}

/** For so many codes of one push the nearest one is looked for: with a long list each look costs more than to read a record. */
const HINTS_MAX = 8

class PushJudge implements CatalogFindings {
  readonly counts = new Map<FindingKind, number>()
  readonly faults: Fault[] = []
  readonly firstFaults = new Map<number, Fault>()
  readonly #type: CatalogType
  readonly #faultsMax: number
  /** The nearest code that the list has is looked for once: a push repeats its codes in every record. */
  readonly #sentences = new Map<string, string>()

  constructor (type: CatalogType, faultsMax: number) {
    this.#type = type
    this.#faultsMax = faultsMax
  }

  judge (data: Readonly<Record<string, string>>, index: number): void {
    const path = `/devices/${index}/data`
    const { points, required, recommended } = this.#type
    for (const code of Object.keys(data)) {
      if (!points.has(code)) this.#add('unknown-point', index, pointerTo(path, code), () => this.#unknown(code))
    }
    for (const code of required) {
      if (!Object.hasOwn(data, code)) this.#add('missing-required', index, path, () => `lacks the point ${code}, which the catalog requires`)
    }
    for (const code of recommended) {
      if (!Object.hasOwn(data, code)) this.#count('missing-recommended')
    }
  }

  #add (kind: FindingKind, index: number, path: string, message: () => string): void {
    this.#count(kind)
    const isFirst = !this.firstFaults.has(index)
    const isListed = this.faults.length < this.#faultsMax
    if (!isFirst && !isListed) return
    const fault = { path, message: message() }
    if (isFirst) this.firstFaults.set(index, fault)
    if (isListed) this.faults.push(fault)
  }

  #count (kind: FindingKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  #unknown (code: string): string {
    const known = this.#sentences.get(code)
    if (known !== undefined) return known
    const nearest = this.#sentences.size < HINTS_MAX && isPrintable(code) ? nearestCode(code, [...this.#type.points.keys()]) : undefined
    const sentence = `is no point that the catalog has for this device type${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
    if (this.#sentences.size < HINTS_MAX) this.#sentences.set(code, sentence)
    return sentence
  }
}

/** Codes are case-sensitive, so the case is the likeliest slip; in a code of two letters any other one means nothing. */
function nearestCode (code: string, codes: readonly string[]): string | undefined {
  const sameLetters = codes.find(known => known.toLowerCase() === code.toLowerCase())
  return sameLetters ?? (code.length < 5 ? undefined : nearestField(code, codes))
}
