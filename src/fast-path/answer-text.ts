import { STATUS_CODES } from 'node:http'
import type { Clock } from '../clock.js'

export interface FastAnswer {
  readonly statusCode: number
  readonly requestId: string
  /** What the plant has used of its limit. */
  readonly limits: Readonly<Record<string, string>>
  /** Names in lower case; Content-Length and what Node adds are not in it. Texts that a header may hold: nothing is checked. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether the body is ASCII, and with it the whole answer; such a text is written as Latin-1, which is quicker. */
  readonly isAscii: boolean
}

/** Writes answers as Node and Fastify write them, byte for byte. */
export class AnswerTexts {
  readonly #clock: Clock
  readonly #kept: string
  #second = NaN
  #date = ''
  #headersBefore: FastAnswer['headers'] = {}
  #linesBefore = ''

  constructor (clock: Clock, keepAliveTimeoutMs: number) {
    this.#clock = clock
    this.#kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeoutMs / 1000)}\r\n\r\n`
  }

  /** @param isLast The connection ends with it. */
  write ({ statusCode, requestId, limits, headers, body, isAscii }: FastAnswer, isLast: boolean): string {
    let more = ''
    for (const name in limits) more += `${name}: ${limits[name]}\r\n`
    more += this.#linesOf(headers)
    // Where shutting-down.ts puts it.
    if (isLast) more += 'connection: close\r\n'
    const bodyBytes = isAscii ? body.length : Buffer.byteLength(body)
    return `${statusLineOf(statusCode)}x-request-id: ${requestId}\r\n${more}content-length: ${bodyBytes}\r\nDate: ${this.#dateNow()}\r\n${isLast ? '\r\n' : this.#kept}${body}`
  }

  /** Answers to pushes that were stored share their headers. */
  #linesOf (headers: FastAnswer['headers']): string {
    if (headers !== this.#headersBefore) {
      this.#headersBefore = headers
      this.#linesBefore = ''
      for (const name in headers) this.#linesBefore += `${name}: ${headers[name]}\r\n`
    }
    return this.#linesBefore
  }

  #dateNow (): string {
    const nowMs = this.#clock.now()
    const second = Math.floor(nowMs / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#date = new Date(nowMs).toUTCString()
    }
    return this.#date
  }
}

function statusLineOf (statusCode: number): string {
  return statusCode === 200 ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? 'unknown'}\r\n`
}
