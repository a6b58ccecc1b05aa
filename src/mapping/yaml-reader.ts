import type { LineCounter, Node } from 'yaml'
import { nameFault } from '../contract/text-fault.js'
import { nestsTooDeep } from '../yaml-depth.js'
import { yamlPackage } from '../yaml-package.js'

/** Longer than any tag, and short enough that matching one costs nothing. */
const TEXT_CHARACTERS_MAX = 512

/** What is wrong in a mapping, and where. */
export interface MappingFault {
  /** Counted from 1. */
  readonly line: number
  /** The key at fault; empty for the whole text. */
  readonly key: string
  readonly message: string
}

/** A member of a YAML map. */
export interface Entry {
  readonly key: string
  readonly line: number
  readonly node: Node | null
}

/** Reads YAML into texts, lists and entries, and notes what is something else with its line and key. */
export class YamlReader {
  readonly faults: MappingFault[] = []
  readonly #lines: LineCounter = new (yamlPackage().LineCounter)()

  /** The members of the document; undefined when it cannot be read. */
  readDocument (text: string): Entry[] | undefined {
    if (nestsTooDeep(text)) {
      this.faults.push({ line: 1, key: '', message: 'nests deeper than any mapping does' })
      return undefined
    }
    // Core schema without aliases: nothing in the text can be code, refer to something or grow.
    const document = yamlPackage().parseDocument(text, { version: '1.2', schema: 'core', merge: false, uniqueKeys: false, prettyErrors: false, logLevel: 'error', lineCounter: this.#lines })
    for (const { pos: [offset], message } of document.errors.slice(0, 5)) this.faults.push({ line: this.#lines.linePos(offset).line, key: '', message: `is no YAML: ${message}${text.includes('{') ? '; put a text that begins with { into quotes' : ''}` })
    if (document.errors.length > 0) return undefined
    if (document.contents === null) {
      this.faults.push({ line: 1, key: '', message: 'is empty; to remove a mapping, set it to default' })
      return undefined
    }
    return this.entries({ key: '', line: 1, node: document.contents })
  }

  fault ({ line, key }: Pick<Entry, 'line' | 'key'>, message: string): undefined {
    this.faults.push({ line, key, message })
  }

  /** The members of a map. A name that stands twice is a fault: the second would win silently. */
  entries (entry: Entry): Entry[] | undefined {
    const { node } = entry
    if (!this.#isPlain(entry) || !yamlPackage().isMap(node)) return this.fault(entry, `must be a list of names and values${entry.key === '' ? ', such as "deviceType: \'1\'"' : ''}`)
    const entries = new Map<string, Entry>()
    for (const pair of node.items) {
      // The document is composed, so keys and values are nodes.
      const key = pair.key as Node | null
      const line = this.#lineOf(key) ?? entry.line
      const name = this.text({ key: entry.key, line, node: key }, 'a name')
      if (name === undefined) continue
      if (entries.has(name)) this.fault({ line, key: name }, `stands twice, the first time in line ${entries.get(name)?.line ?? line}`)
      else entries.set(name, { key: name, line, node: pair.value as Node | null })
    }
    return [...entries.values()]
  }

  /** The elements of a list, each under the key of the list. */
  list (entry: Entry): Entry[] | undefined {
    const { node } = entry
    if (!this.#isPlain(entry) || !yamlPackage().isSeq(node)) return this.fault(entry, 'must be a list, each element on a line that begins with "- "')
    // As above.
    return node.items.map(item => ({ key: entry.key, line: this.#lineOf(item as Node) ?? entry.line, node: item as Node }))
  }

  /** A text; a number is taken by the characters that were written. */
  text (entry: Entry, what = 'a text'): string | undefined {
    const { node } = entry
    if (!this.#isPlain(entry)) return undefined
    const value = yamlPackage().isScalar(node) ? typeof node.value === 'number' ? node.source : node.value : undefined
    if (typeof value !== 'string') return this.fault(entry, `must be ${what}; put true, false, null and the like into quotes`)
    if (value === '') return this.fault(entry, `must be ${what}, and is empty`)
    if (value.length > TEXT_CHARACTERS_MAX) return this.fault(entry, `is longer than ${TEXT_CHARACTERS_MAX} characters`)
    const fault = nameFault(value)
    if (fault !== undefined) return this.fault(entry, `holds ${fault}`)
    return value
  }

  isMap ({ node }: Entry): boolean {
    return yamlPackage().isMap(node)
  }

  isList ({ node }: Entry): boolean {
    return yamlPackage().isSeq(node)
  }

  /** One of a few words. */
  word <Word extends string>(entry: Entry, words: readonly Word[]): Word | undefined {
    const text = yamlPackage().isScalar(entry.node) ? String(entry.node.value) : undefined
    return words.find(word => word === text) ?? this.fault(entry, `takes ${new Intl.ListFormat('en', { type: 'disjunction' }).format(words)}`)
  }

  #isPlain ({ key, line, node }: Entry): boolean {
    if (node === null || (!yamlPackage().isAlias(node) && node.tag === undefined && node.anchor === undefined)) return true
    this.fault({ key, line }, 'uses an anchor, an alias or a tag of YAML; a mapping has none')
    return false
  }

  #lineOf (node: Node | null): number | undefined {
    return node?.range == null ? undefined : this.#lines.linePos(node.range[0]).line
  }
}
