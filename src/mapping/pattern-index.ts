import type { TagPattern } from './tag-pattern.js'

/** No UTF-16 unit: of a name in which none of the patterns' own units stands there. */
const OTHER = -1

/**
 * Finds the few of many patterns that a name can fit, by two of its characters: its last one, and the one behind what all patterns
 * begin with. A sender chooses the names of a body, and to try forty patterns with each of them cost twice as much as to read it.
 */
export class PatternIndex<Item> {
  readonly #items: ReadonlyArray<readonly [item: Item, pattern: TagPattern]>
  /** Where the first texts begin to differ. */
  readonly #offset: number
  readonly #firstUnits: ReadonlySet<number>
  readonly #lastUnits: ReadonlySet<number>
  /** By both units: as many as the patterns themselves have. */
  readonly #found = new Map<number, readonly Item[]>()

  constructor (items: readonly Item[], patternOf: (item: Item) => TagPattern) {
    this.#items = items.map(item => [item, patternOf(item)])
    const heads = this.#items.map(([, { texts: [head = ''] }]) => head)
    this.#offset = sharedLength(heads)
    this.#firstUnits = new Set(heads.map(head => unitAt(head, this.#offset)))
    this.#lastUnits = new Set(this.#items.map(([, { texts }]) => lastUnit(texts.at(-1) ?? '')))
  }

  /** Those that the name may fit, in their order; it fits none of the others. */
  candidates (name: string): readonly Item[] {
    const first = known(this.#firstUnits, unitAt(name, this.#offset))
    const last = known(this.#lastUnits, lastUnit(name))
    const key = (first + 1) * 0x2_0000 + last + 1
    const found = this.#found.get(key) ?? this.#items.filter(([, { texts }]) => mayBe(unitAt(texts[0] ?? '', this.#offset), first) && mayBe(lastUnit(texts.at(-1) ?? ''), last)).map(([item]) => item)
    this.#found.set(key, found)
    return found
  }
}

/** Where a pattern has no such unit, a placeholder stands for it, whatever it is. */
const mayBe = (ofPattern: number, ofName: number): boolean => ofPattern === OTHER || ofPattern === ofName

const known = (units: ReadonlySet<number>, unit: number): number => units.has(unit) ? unit : OTHER

function unitAt (text: string, offset: number): number {
  return offset >= 0 && offset < text.length ? text.charCodeAt(offset) : OTHER
}

const lastUnit = (text: string): number => unitAt(text, text.length - 1)

/** How many units all texts begin with in common. */
function sharedLength (texts: readonly string[]): number {
  const [first = ''] = texts
  let length = 0
  while (length < first.length && texts.every(text => text.charCodeAt(length) === first.charCodeAt(length))) length += 1
  return length
}
