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
}

/** Writes answers as Node and Fastify write them, byte for byte. */
export class AnswerTexts {
  readonly #clock: Clock
  readonly #kept: string
  #second = NaN
  #date = ''

  constructor (clock: Clock, keepAliveTimeoutMs: number) {
    this.#clock = clock
    this.#kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeoutMs / 1000)}\r\n\r\n`
  }

  /** @param isLast The connection ends with it. */
  write ({ statusCode, requestId, limits, headers, body }: FastAnswer, isLast: boolean): string {
    let head = `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? 'unknown'}\r\nx-request-id: ${requestId}\r\n`
    for (const name in limits) head += `${name}: ${limits[name]}\r\n`
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`
    // Where shutting-down.ts puts it.
    if (isLast) head += 'connection: close\r\n'
    return `${head}content-length: ${Buffer.byteLength(body)}\r\nDate: ${this.#dateNow()}\r\n${isLast ? '\r\n' : this.#kept}${body}`
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
