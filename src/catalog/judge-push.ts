import { nearestOf, spellingOf, type Spelling } from '../contract/did-you-mean.js'
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
    let requiredMissing = required.length
    let recommendedMissing = recommended.length
    for (const code of Object.keys(data)) {
      const need = points.get(code)?.need
      if (need === undefined) this.#add('unknown-point', index, pointerTo(path, code), () => this.#unknown(code))
      if (need === 'required') requiredMissing -= 1
      if (need === 'recommended') recommendedMissing -= 1
    }
    // Counted, since a list may require a thousand points of a record that holds one.
    this.#count('missing-required', requiredMissing)
    this.#count('missing-recommended', recommendedMissing)
    if (requiredMissing === 0) return
    for (const code of required) {
      if (!this.#wants(index)) break
      if (!Object.hasOwn(data, code)) this.#tell(index, path, `lacks the point ${code}, which the catalog requires`)
    }
  }

  #add (kind: FindingKind, index: number, path: string, message: () => string): void {
    this.#count(kind, 1)
    if (this.#wants(index)) this.#tell(index, path, message())
  }

  /** Whether another fault of a record is told anywhere. */
  #wants (index: number): boolean {
    return this.faults.length < this.#faultsMax || !this.firstFaults.has(index)
  }

  #tell (index: number, path: string, message: string): void {
    const fault = { path, message }
    if (!this.firstFaults.has(index)) this.firstFaults.set(index, fault)
    if (this.faults.length < this.#faultsMax) this.faults.push(fault)
  }

  #count (kind: FindingKind, count: number): void {
    if (count > 0) this.counts.set(kind, (this.counts.get(kind) ?? 0) + count)
  }

  #unknown (code: string): string {
    const known = this.#sentences.get(code)
    if (known !== undefined) return known
    const nearest = this.#sentences.size < HINTS_MAX && isPrintable(code) ? nearestCode(code, namesOf(this.#type)) : undefined
    const sentence = `is no point that the catalog has for this device type${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
    if (this.#sentences.size < HINTS_MAX) this.#sentences.set(code, sentence)
    return sentence
  }
}

interface CodeNames {
  /** The first code of each spelling, its case aside. */
  readonly byLetters: ReadonlyMap<string, string>
  readonly spellings: readonly Spelling[]
}

/** As long as the list is in use: to make them costs more than a small push. */
const namesOfTypes = new WeakMap<CatalogType, CodeNames>()

function namesOf (type: CatalogType): CodeNames {
  const known = namesOfTypes.get(type)
  if (known !== undefined) return known
  const codes = [...type.points.keys()]
  // The first of each is the last one set.
  const names = { byLetters: new Map(codes.toReversed().map(code => [code.toLowerCase(), code])), spellings: codes.map(spellingOf) }
  namesOfTypes.set(type, names)
  return names
}

/** Codes are case-sensitive, so the case is the likeliest slip; in a code of two letters any other one means nothing. */
function nearestCode (code: string, { byLetters, spellings }: CodeNames): string | undefined {
  return byLetters.get(code.toLowerCase()) ?? (code.length < 5 ? undefined : nearestOf(code, spellings))
}
