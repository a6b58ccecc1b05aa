import { tellNames } from '../contract/tell-names.js'

/** As many names are told; the others show when these are mended. */
const TOLD_NAMES_MAX = 3

/** The tags or fields of one body that a mapping leads nowhere. */
export class NamesLeftOver {
  readonly #names = new Set<string>()
  #firstPlace = ''
  /** How often any of them came. */
  count = 0

  add (name: string, place: () => string): void {
    if (this.#names.size === 0) this.#firstPlace = place()
    this.#names.add(name)
    this.count += 1
  }

  /** One fault for all of them. @param why tells of the first name what no rule fits, where that can be told */
  fault (what: 'tag' | 'field' | 'column' | 'point', key: string, why?: (name: string) => string | undefined): { path: string, message: string } | undefined {
    if (this.#names.size === 0) return undefined
    const [first = ''] = this.#names
    const reason = why?.(first)
    return { path: this.#firstPlace, message: `is a ${what} that the mapping leads nowhere: ${tellNames([...this.#names], TOLD_NAMES_MAX)}${reason === undefined ? '' : ` (${reason})`}; add it to ${key} or to ignore, or set unmapped: drop` }
  }
}
