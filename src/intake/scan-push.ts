import { isUtf8 } from 'node:buffer'
import { deviceIdFault } from '../contract/device-id-rule.js'
import { PUSH_BOUNDS } from '../contract/push.js'
import { isSame, NameSet } from './name-set.js'
import { CLASSES, endOfText, IS_HIGH, isDigit, isTimeText, isTypeText, PLAIN, TIME_LENGTH } from './scan-bytes.js'
import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, DATA, DEVICES, HEAD, ID, NEXT_RECORD, NO_BYTES, QUOTE, TIME, TIME_AFTER_ID, VALUE } from './scan-words.js'

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
  #at = 0
  /** Every class of character that texts held. */
  #seen = PLAIN
  #points = 0
  /** Where the time of the record before stands; 0: there is none. Records of one push mostly have the same. */
  #timeBefore = 0
  /** The codes of the record before, which has so many: records of one type mostly have the same in the same order. */
  readonly #codeStarts = new Int32Array(PUSH_BOUNDS.pointsPerDeviceMax)
  readonly #codeEnds = new Int32Array(PUSH_BOUNDS.pointsPerDeviceMax)
  #codeCount = 0
  readonly #records = new NameSet()
  readonly #codes = new NameSet()

  scan (bytes: Uint8Array): ScannedPush | undefined {
    this.#bytes = bytes
    this.#at = this.#points = this.#timeBefore = this.#codeCount = 0
    this.#seen = PLAIN
    this.#records.clear(bytes)
    const scanned = this.#scanPush()
    this.#bytes = NO_BYTES
    this.#records.clear()
    this.#codes.clear()
    return scanned
  }

  #scanPush (): ScannedPush | undefined {
    if (!this.#eat(HEAD)) return undefined
    const typeEnd = this.#text(PUSH_BOUNDS.deviceTypeCharactersMax)
    if (typeEnd < 0 || !isTypeText(this.#bytes, HEAD.length, typeEnd)) return undefined
    const deviceType = String.fromCharCode(...this.#bytes.subarray(HEAD.length, typeEnd))
    if (!this.#eat(DEVICES)) return undefined
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
      const start = this.#at
      if (!this.#identity(hasId) || !this.#records.add(start, this.#at)) return 0
      if (!this.#eat(DATA) || !this.#data()) return 0
      const byte = bytes[this.#at]
      if (byte === COMMA) {
        if (!this.#eat(NEXT_RECORD)) return 0
      } else {
        return byte === CLOSE_BRACKET && bytes[this.#at + 1] === CLOSE_BRACE && this.#at + 2 === bytes.length ? records : 0
      }
    }
    return 0
  }

  /** The id, where the type has one, and the time; stops at the quote behind the time. */
  #identity (hasId: boolean): boolean {
    if (hasId) {
      if (!this.#eat(ID)) return false
      const start = this.#at
      const end = this.#text(PUSH_BOUNDS.deviceIdCharactersMax)
      if (end <= start || !this.#eat(TIME_AFTER_ID)) return false
    } else if (!this.#eat(TIME)) {
      return false
    }
    const start = this.#at
    if (this.#timeBefore === 0 || !isSame(this.#bytes, this.#timeBefore, start, TIME_LENGTH)) {
      if (!isTimeText(this.#bytes, start)) return false
      this.#timeBefore = start
    }
    this.#at = start + TIME_LENGTH
    return true
  }

  /**
   * From within the first code to behind the two brackets that end the record. This is where the time goes: both loops over bytes stand
   * here, since V8 does not always put a function in the place of its call.
   */
  #data (): boolean {
    const bytes = this.#bytes
    const starts = this.#codeStarts
    const ends = this.#codeEnds
    let sameUntil = this.#codeCount
    let at = this.#at
    for (let index = 0; index < PUSH_BOUNDS.pointsPerDeviceMax; index++) {
      // With the quote, the colon and the quote of the value. A code that is the one of the record before was judged there.
      const before = starts[index] ?? 0
      const length = index < sameUntil ? (ends[index] ?? 0) - before + VALUE.length : 0
      let same = 0
      while (same < length && bytes[before + same] === bytes[at + same]) same++
      if (same > 0 && same === length) {
        starts[index] = at
        at += length
        ends[index] = at - VALUE.length
      } else {
        sameUntil = 0
        at = this.#code(index, at)
        if (at < 0) return false
      }
      let end = at
      while (CLASSES[bytes[end] ?? QUOTE] === PLAIN) end++
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
    return this.#eat(VALUE) ? this.#at : -1
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
    this.#codes.clear(this.#bytes)
    for (let index = 0; index < count; index++) {
      if (!this.#codes.add(this.#codeStarts[index] ?? 0, this.#codeEnds[index] ?? 0)) return false
    }
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

  #eat (expected: Uint8Array): boolean {
    const bytes = this.#bytes
    const start = this.#at
    for (let offset = 0; offset < expected.length; offset++) {
      if (bytes[start + offset] !== expected[offset]) return false
    }
    this.#at = start + expected.length
    return true
  }
}

/** One for all bodies: a scan is over before the next begins. */
const pushScan = new PushScan()
