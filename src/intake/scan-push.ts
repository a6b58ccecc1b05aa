import { isUtf8 } from 'node:buffer'
import { deviceIdFault } from '../contract/device-id-rule.js'
import { PUSH_BOUNDS } from '../contract/push.js'
import { NameSet } from './name-set.js'
import { endOfText, IS_HIGH, isDigit, isTimeText, oddOf, placeOfFirst, PLAIN, readTypeText, TIME_LENGTH } from './scan-bytes.js'
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, DATA, DEVICES, HEAD, holds, ID, isSame, OPEN_BRACE, QUOTE, TIME, TIME_AFTER_ID, VALUE_LENGTH, viewOf, type Word } from './scan-words.js'

const NO_BYTES = new Uint8Array(0)
const NO_VIEW = viewOf(NO_BYTES)

/** What a scan tells of a push: its bytes are what would be sent. */
export interface ScannedPush {
  readonly deviceType: string
  readonly records: number
  readonly points: number
}

/**
 * Proves in one pass over the bytes that a body is a push which keeps the contract and that encodePush would write these very bytes
 * for it, so that they may be signed and sent as they are. What it cannot prove it leaves to the general way, which is the judge:
 * escapes, blanks, another order of fields, values that end in no digit, codes that begin with one, and every fault.
 *
 * @returns Undefined for what it cannot prove.
 */
export function scanPush (bytes: Uint8Array): ScannedPush | undefined {
  return pushScan.scan(bytes)
}

class PushScan {
  #bytes: Uint8Array = NO_BYTES
  #view = NO_VIEW
  #at = 0
  /** Every class of character that texts held. */
  #seen = PLAIN
  #points = 0
  /** Where what lies between the id and the first code stands in a record before; 0: nowhere. Records of one push mostly have the same time. */
  #timeBefore = 0
  /** Codes that were judged, each where it stands in some record before: records of one type mostly have the same in the same order. */
  readonly #codeStarts = new Int32Array(PUSH_BOUNDS.pointsPerDeviceMax)
  readonly #codeEnds = new Int32Array(PUSH_BOUNDS.pointsPerDeviceMax)
  /** So many of them make the record before. */
  #codeCount = 0
  readonly #records = new NameSet()
  readonly #codes = new NameSet()

  scan (bytes: Uint8Array): ScannedPush | undefined {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#at = this.#points = this.#timeBefore = this.#codeCount = 0
    this.#seen = PLAIN
    this.#records.clear(this.#view)
    const scanned = this.#scanPush()
    this.#bytes = NO_BYTES
    this.#view = NO_VIEW
    this.#records.clear()
    this.#codes.clear()
    return scanned
  }

  #scanPush (): ScannedPush | undefined {
    if (!this.#eat(HEAD)) return undefined
    const typeEnd = this.#text(PUSH_BOUNDS.deviceTypeCharactersMax)
    const deviceType = readTypeText(this.#bytes, HEAD.length, typeEnd)
    if (deviceType === undefined || !this.#eat(DEVICES)) return undefined
    const records = this.#countRecords(deviceIdFault(deviceType, true) === undefined)
    if (records === 0 || this.#points > PUSH_BOUNDS.pointsMax) return undefined
    // Asked once, natively, and only of bodies that hold more than ASCII.
    if ((this.#seen & IS_HIGH) !== 0 && !isUtf8(this.#bytes)) return undefined
    return { deviceType, records, points: this.#points }
  }

  /** How many there are, from within the first to the end of the body; 0: not proven. */
  #countRecords (hasId: boolean): number {
    const bytes = this.#bytes
    for (let records = 1; records <= PUSH_BOUNDS.devicesMax; records++) {
      if (!this.#identity(hasId) || !this.#data()) return 0
      const at = this.#at
      if (bytes[at] !== COMMA) return bytes[at] === CLOSE_BRACKET && bytes[at + 1] === CLOSE_BRACE && at + 2 === bytes.length ? records : 0
      if (bytes[at + 1] !== OPEN_BRACE || bytes[at + 2] !== QUOTE) return 0
      this.#at = at + 3
    }
    return 0
  }

  /** The id, where the type has one, and the time, which together are new; stops within the first code. */
  #identity (hasId: boolean): boolean {
    const start = this.#at
    if (hasId) {
      if (!this.#eat(ID)) return false
      const idStart = this.#at
      if (this.#text(PUSH_BOUNDS.deviceIdCharactersMax) <= idStart) return false
    }
    const named = hasId ? TIME_AFTER_ID : TIME
    const end = this.#at + named.length + TIME_LENGTH
    if (this.#timeBefore !== 0 && isSame(this.#view, this.#timeBefore, this.#at, named.length + TIME_LENGTH + DATA.length)) this.#at = end + DATA.length
    else if (!this.#time(named)) return false
    return this.#records.add(start, end)
  }

  #time (named: Word): boolean {
    const start = this.#at
    if (!this.#eat(named) || !isTimeText(this.#bytes, this.#at)) return false
    this.#at += TIME_LENGTH
    this.#timeBefore = start
    return this.#eat(DATA)
  }

  /**
   * From within the first code to behind the two brackets that end the record. This is where the time goes: both loops over bytes stand
   * here, since V8 does not always put a function in the place of its call.
   */
  #data (): boolean {
    const bytes = this.#bytes
    const view = this.#view
    const starts = this.#codeStarts
    const ends = this.#codeEnds
    const lastMax = bytes.length - 4
    let sameUntil = this.#codeCount
    let at = this.#at
    for (let index = 0; index < PUSH_BOUNDS.pointsPerDeviceMax; index++) {
      // With the quote, the colon and the quote of the value. A code that stood at this place before was judged there.
      const step = (starts[index] ?? 0) - at
      const last = (ends[index] ?? 0) - step + VALUE_LENGTH - 4
      const isKnown = index < sameUntil && last <= lastMax
      let same = isKnown ? at : last
      while (same < last && view.getInt32(same, true) === view.getInt32(same + step, true)) same += 4
      if (isKnown && same >= last && view.getInt32(last, true) === view.getInt32(last + step, true)) {
        at = last + 4
      } else {
        sameUntil = 0
        at = this.#code(index, at)
        if (at < 0) return false
      }
      let end = at
      for (let odd = 0; odd === 0 && end <= lastMax; end += odd === 0 ? 4 : placeOfFirst(odd)) odd = oddOf(view.getInt32(end, true))
      if (bytes[end] !== QUOTE || end - at > PUSH_BOUNDS.valueCharactersMax) end = this.#endOfText(at, PUSH_BOUNDS.valueCharactersMax)
      // Whatever means "no reading" in words ends in a letter.
      if (end <= at || !isDigit(bytes[end - 1] ?? 0)) return false
      const next = bytes[end + 1]
      if (next === CLOSE_BRACE) return this.#endData(end, index + 1, sameUntil > 0)
      if (next !== COMMA || bytes[end + 2] !== QUOTE) return false
      at = end + 3
    }
    return false
  }

  /** Steps over the code that begins here and what stands behind it; -1: not proven. */
  #code (index: number, start: number): number {
    this.#at = start
    const end = this.#text(PUSH_BOUNDS.pointCodeCharactersMax)
    // Codes that begin with a digit may be moved to the front by every JavaScript object.
    if (end <= start || isDigit(this.#bytes[start] ?? 0)) return -1
    this.#codeStarts[index] = start
    this.#codeEnds[index] = end
    if (this.#bytes[end + 1] !== COLON || this.#bytes[end + 2] !== QUOTE) return -1
    return end + VALUE_LENGTH
  }

  /** @param at The quote behind the last value. */
  #endData (at: number, count: number, sameAsBefore: boolean): boolean {
    if (this.#bytes[at + 2] !== CLOSE_BRACE) return false
    this.#at = at + 3
    this.#points += count
    this.#codeCount = count
    // The first codes of the record before, in their order: of those no two were the same.
    return sameAsBefore || this.#codesDiffer(count)
  }

  #codesDiffer (count: number): boolean {
    this.#codes.clear(this.#view)
    for (let index = 0; index < count; index++) if (!this.#codes.add(this.#codeStarts[index] ?? 0, this.#codeEnds[index] ?? 0)) return false
    return true
  }

  /** Steps over the text that begins here, up to its closing quote, and returns where that stands; -1: not proven. */
  #text (charactersMax: number): number {
    const end = this.#endOfText(this.#at, charactersMax)
    if (end >= 0) this.#at = end
    return end
  }

  /** Where the closing quote stands of the text that begins here, which may hold more than ASCII; -1: not proven. */
  #endOfText (start: number, charactersMax: number): number {
    const end = endOfText(this.#bytes, start, charactersMax)
    if (end < 0) return -1
    this.#seen |= end & IS_HIGH
    return end >>> 1
  }

  #eat (expected: Word): boolean {
    if (!holds(this.#view, this.#at, expected)) return false
    this.#at += expected.length
    return true
  }
}

/** One for all bodies: a scan is over before the next begins. */
const pushScan = new PushScan()
