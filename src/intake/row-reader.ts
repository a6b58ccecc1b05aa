import { hasTags, type FieldRole } from '../mapping/mapping.js'
import { isIgnored, resolveTag, type Target } from '../mapping/resolve-tag.js'
import { createClassifier, type FieldUse } from './classify-fields.js'
import type { DialectContext, Translation } from './dialects.js'
import { Gathering, textOf, type Places, type RowFacts } from './gathering.js'
import type { JsonValue } from './json-value.js'
import { leftOutInWords } from './left-out.js'
import { NamesLeftOver } from './names-left-over.js'

/** How a dialect calls the fields of its rows, and where they stand. */
export interface RowKind {
  readonly dialect: string
  readonly field: 'field' | 'column'
  /** The place of a row, or of one of its fields. */
  readonly placeOf: (index: number, field?: string) => string
  /** The name of a column of a row. */
  readonly nameOf: (index: number, column: number) => string
  /** Whether an empty cell is what the sender writes where it has no reading: text tables have no other way. */
  readonly emptyIsAbsent: boolean
  readonly inWords?: (place: string) => string
}

/** What the special fields of a row hold. */
class RowRoles implements RowFacts, Partial<Record<FieldRole, JsonValue | undefined>> {
  readonly index: number
  deviceType: JsonValue | undefined
  deviceId: JsonValue | undefined
  recordTime: JsonValue | undefined
  point: JsonValue | undefined
  value: JsonValue | undefined
  tag: JsonValue | undefined

  constructor (index: number) {
    this.index = index
  }
}

/** Reads rows of fields: of many points each, or of one reading that says in a field which it is. */
export class RowReader {
  readonly gathering: Gathering
  readonly #context: DialectContext
  readonly #kind: RowKind
  readonly #classify: (name: string) => FieldUse
  readonly #fieldsLeftOver = new NamesLeftOver()
  readonly #pointsLeftOver = new NamesLeftOver()
  #names: readonly string[] = []
  #uses: readonly FieldUse[] = []
  #rows = 0
  #empty = 0
  #ignored = 0

  constructor (context: DialectContext, kind: RowKind) {
    this.#context = context
    this.#kind = kind
    this.#classify = createClassifier(context.mapping)
    const places: Places = {
      row: index => kind.placeOf(index),
      role: (index, role) => kind.placeOf(index, context.mapping.fields.get(role)?.[0] ?? role),
      value: (index, column) => kind.placeOf(index, kind.nameOf(index, column)),
      inWords: kind.inWords
    }
    this.gathering = new Gathering(context.mapping, places)
  }

  /** Names and values go together by their order. */
  read (index: number, names: readonly string[], values: readonly JsonValue[]): void {
    this.#rows += 1
    // Rows of a table share their names, so that each is classified once.
    if (names !== this.#names) {
      this.#names = names
      this.#uses = names.map(this.#classify)
    }
    const roles = this.#readRoles(index, values)
    if (this.#context.mapping.fields.has('value')) this.#readLong(roles)
    else this.#readWide(roles, values)
  }

  finish (): Translation {
    const { log, mapping } = this.#context
    const drops = mapping.unmapped === 'drop'
    const unmapped = this.#fieldsLeftOver.count + this.#pointsLeftOver.count
    if (drops) log.add('unmapped', unmapped)
    else {
      const key = hasTags(mapping) ? 'tags' : 'points'
      const faults = [this.#fieldsLeftOver.fault(this.#kind.field, mapping.fields.has('value') ? 'fields' : key), this.#pointsLeftOver.fault(mapping.fields.has('tag') ? 'tag' : 'point', key)]
      for (const fault of faults) if (fault !== undefined) this.gathering.fault(fault.path, fault.message)
    }
    const leftOut = leftOutInWords([[this.#empty, 'empty'], [drops ? unmapped : 0, 'unmapped'], [this.#ignored, 'ignored']])
    const translation = this.gathering.finish(leftOut)
    log.note('dialect', () => `Read as ${this.#kind.dialect}; rows: ${this.#rows}, ${this.gathering.counts}${leftOut === '' ? '' : `; left out: ${leftOut}`}.`)
    return translation
  }

  #readRoles (index: number, values: readonly JsonValue[]): RowRoles {
    const roles = new RowRoles(index)
    for (let column = 0; column < this.#uses.length; column++) {
      const use = this.#uses[column]
      if (use === undefined || use.kind === 'point') continue
      if (use.kind === 'role') this.#readRole(column, use, values[column] ?? null, roles)
      else if (use.kind === 'clash') this.#faultAt(index, column, `stands beside the ${use.role} that the mapping gives; add it to ignore, or take that out of the mapping`)
      else if (use.kind === 'unmapped') this.#fieldsLeftOver.add(this.#names[column] ?? '', () => this.#placeOf(index, column))
    }
    return roles
  }

  #readRole (column: number, { role, part }: { role: FieldRole, part: number }, value: JsonValue, roles: RowRoles): void {
    if (value === '' && role !== 'value') return
    const earlier = roles[role]
    if (earlier === undefined) roles[role] = value
    else if (role === 'recordTime' && this.#context.mapping.fields.has('recordTime')) roles[role] = joined(part === 0 ? value : earlier, part === 0 ? earlier : value)
    else this.#faultAt(roles.index, column, `tells the ${role} a second time; send one of the two`)
  }

  #readWide (row: RowRoles, values: readonly JsonValue[]): void {
    // A row whose fields are no tags is one record, looked up once. One without points is one as well, for the contract to fault,
    // save in a table, where it has nothing but empty cells.
    let own = this.#kind.emptyIsAbsent || this.#uses.some(({ kind }) => kind === 'point') ? undefined : this.gathering.recordOf(row, {})
    const { emptyIsAbsent } = this.#kind
    for (let column = 0; column < this.#uses.length; column++) {
      const use = this.#uses[column]
      if (use?.kind !== 'point') continue
      const value = values[column] ?? null
      if (emptyIsAbsent && typeof value === 'string' && isBlank(value)) {
        this.#empty += 1
        continue
      }
      const isOwn = use.target.device === undefined && use.target.deviceType === undefined
      const record = isOwn ? own ??= this.gathering.recordOf(row, use.target) : this.gathering.recordOf(row, use.target)
      this.gathering.put(record, use.target.point, value, row.index, column)
    }
  }

  #readLong (roles: RowRoles): void {
    const { mapping } = this.#context
    const role = mapping.fields.has('tag') ? 'tag' : 'point'
    const field = mapping.fields.get(role)?.[0] ?? role
    const place = () => this.#kind.placeOf(roles.index, field)
    const name = textOf(roles[role])
    if (name === undefined) return this.gathering.fault(place(), `must tell the ${role} of the reading`)
    if (isIgnored(mapping, name)) {
      this.#ignored += 1
      return
    }
    const target = role === 'tag' ? resolveTag(mapping, name) : this.#pointOf(name)
    if (target === undefined) return this.#pointsLeftOver.add(name, place)
    const column = this.#names.indexOf(mapping.fields.get('value')?.[0] ?? '')
    this.gathering.put(this.gathering.recordOf(roles, target), target.point, roles.value ?? null, roles.index, Math.max(column, 0))
  }

  #pointOf (name: string): Target | undefined {
    const { points, unmapped = 'keep' } = this.#context.mapping
    const point = points.get(name)
    return point === undefined && unmapped !== 'keep' ? undefined : { point: point ?? name }
  }

  #placeOf (index: number, column: number): string {
    return this.#kind.placeOf(index, this.#kind.nameOf(index, column))
  }

  #faultAt (index: number, column: number, message: string): void {
    this.gathering.fault(this.#placeOf(index, column), message)
  }
}

/** Date and time of two fields; what is neither text nor number stays, for the contract to fault. */
function joined (date: JsonValue, time: JsonValue): JsonValue {
  const [first, second] = [textOf(date), textOf(time)]
  return first === undefined ? date : second === undefined ? time : `${first} ${second}`
}

/** Nearly every cell begins with a character that answers it. */
function isBlank (text: string): boolean {
  return !(text.charCodeAt(0) > 0x20 && text.charCodeAt(0) < 0x7f) && text.trim() === ''
}
