/** What becomes of an answer that is read. */
export interface AnswerSink {
  /** @param headers Those that mean something to a relay. Names in lower case; a name that came several times has a list. */
  onHead (statusCode: number, headers: Record<string, string | string[]>): void
  onData (bytes: Buffer): void
  /** @param keepsOpen Whether the connection may carry another request. */
  onEnd (keepsOpen: boolean): void
}

/** The other side does not speak HTTP as it should. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError'
  readonly code = 'HPE_INVALID'
}

const HEAD_BYTES_MAX = 16_384
const CHUNK_LINE_BYTES_MAX = 1_024
const NOTHING = Buffer.alloc(0)
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n\0]*)?$/
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** No line is ended, and no text, by what another reader may not see. */
const BARE_CONTROL = /\0|\r(?!\n)|[^\r]\n/
/** What is told of a head. The service sends the same names each time. */
const TOLD: ReadonlySet<string> = new Set(['connection', 'content-length', 'date', 'keep-alive', 'retry-after', 'transfer-encoding', 'x-acs-request-id', 'x-acs-retry-after'])
const SWITCHING_PROTOCOLS = 101

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'over'

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) from the pieces in which it comes. Strict: what two readers could take for two things is an
 * error, since a push whose answer is not understood may have arrived.
 */
export class AnswerReader {
  readonly #sink: AnswerSink
  #state: State = 'head'
  /** What came and cannot be read before more comes. */
  #rest: Buffer = NOTHING
  #leftBytes = 0
  #keepsOpen = true

  constructor (sink: AnswerSink) {
    this.#sink = sink
  }

  /** @throws {AnswerError} */
  read (piece: Buffer): void {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    this.#rest = NOTHING
    while (bytes.length > 0 && this.#state !== 'over') {
      const usedBytes = this.#step(bytes)
      if (usedBytes === 0) {
        this.#rest = bytes
        return
      }
      bytes = bytes.subarray(usedBytes)
    }
    if (bytes.length > 0) throw new AnswerError('Bytes came behind the answer.')
  }

  /** The other side has closed, which is the end of an answer that says no other. */
  close (): void {
    if (this.#state === 'until-close') this.#end(false)
  }

  /** @returns How many bytes were read; 0: more must come first. */
  #step (bytes: Buffer): number {
    switch (this.#state) {
      case 'head': return this.#readHead(bytes)
      case 'length': return this.#readBody(bytes, 'over')
      case 'chunk': return this.#readBody(bytes, 'chunk-end')
      case 'chunk-size': return this.#readLine(bytes, line => { this.#beginChunk(line) })
      case 'chunk-end': return this.#readLine(bytes, line => {
        if (line !== '') throw new AnswerError('A chunk is longer than it says.')
        this.#state = 'chunk-size'
      })
      case 'trailers': return this.#readLine(bytes, line => { if (line === '') this.#end(this.#keepsOpen) })
      default:
        this.#sink.onData(bytes)
        return bytes.length
    }
  }

  #readHead (bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n', 0, 'latin1')
    if (end > HEAD_BYTES_MAX || (end < 0 && bytes.length > HEAD_BYTES_MAX)) throw new AnswerError('The head of the answer is too long.')
    if (end < 0) return 0
    const text = bytes.toString('latin1', 0, end)
    const [statusLine = '', ...lines] = text.split('\r\n')
    if (BARE_CONTROL.test(text)) throw new AnswerError('A line of the answer does not end as it should.')
    const [, minor, digits] = STATUS_LINE.exec(statusLine) ?? []
    const statusCode = Number(digits)
    if (digits === undefined || statusCode === SWITCHING_PROTOCOLS) throw new AnswerError('The answer does not begin as HTTP does.')
    const headers = readHeaders(lines)
    // 100, 102 and 103 come before the answer.
    if (statusCode >= 200) this.#begin(statusCode, headers, minor === '1')
    return end + 4
  }

  #begin (statusCode: number, headers: Record<string, string | string[]>, isNew: boolean): void {
    const { 'transfer-encoding': coding, 'content-length': length, connection } = headers
    this.#keepsOpen = isNew && (connection === undefined || !/\bclose\b/i.test(String(connection)))
    if (coding !== undefined && (length !== undefined || String(coding).toLowerCase() !== 'chunked')) throw new AnswerError('Where the answer ends is said in more than one way.')
    const isBare = statusCode === 204 || statusCode === 304
    this.#leftBytes = lengthOf(length)
    if (isBare && this.#leftBytes > 0) throw new AnswerError('An answer that has no body says how long it is.')
    this.#sink.onHead(statusCode, headers)
    if (isBare || (length !== undefined && this.#leftBytes === 0)) this.#end(this.#keepsOpen)
    else if (coding !== undefined) this.#state = 'chunk-size'
    else this.#state = length === undefined ? 'until-close' : 'length'
  }

  #readBody (bytes: Buffer, next: 'over' | 'chunk-end'): number {
    const usedBytes = Math.min(bytes.length, this.#leftBytes)
    this.#leftBytes -= usedBytes
    this.#sink.onData(usedBytes === bytes.length ? bytes : bytes.subarray(0, usedBytes))
    if (this.#leftBytes > 0) return usedBytes
    if (next === 'over') this.#end(this.#keepsOpen)
    else this.#state = next
    return usedBytes
  }

  #readLine (bytes: Buffer, take: (line: string) => void): number {
    const end = bytes.indexOf('\r\n', 0, 'latin1')
    if (end > CHUNK_LINE_BYTES_MAX || (end < 0 && bytes.length > CHUNK_LINE_BYTES_MAX)) throw new AnswerError('A line of the answer is too long.')
    if (end < 0) return 0
    take(bytes.toString('latin1', 0, end))
    return end + 2
  }

  #beginChunk (line: string): void {
    const [, digits] = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n\0]*)?$/.exec(line) ?? []
    if (digits === undefined) throw new AnswerError('A chunk does not say how long it is.')
    this.#leftBytes = parseInt(digits, 16)
    this.#state = this.#leftBytes === 0 ? 'trailers' : 'chunk'
  }

  #end (keepsOpen: boolean): void {
    this.#state = 'over'
    this.#sink.onEnd(keepsOpen)
  }
}

function readHeaders (lines: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon))
    if (!NAME.test(name)) throw new AnswerError('A header of the answer is none.')
    const key = name.toLowerCase()
    if (!TOLD.has(key)) continue
    const value = line.slice(colon + 1).trim()
    const before = headers[key]
    headers[key] = before === undefined ? value : [before, value].flat()
  }
  return headers
}

function lengthOf (length: string | string[] | undefined): number {
  if (length === undefined) return 0
  if (typeof length !== 'string' || !/^\d{1,15}$/.test(length)) throw new AnswerError('The length of the answer is no number.')
  return Number(length)
}
