import type { Clock } from '../clock.js'

/** More would make the commit hardly cheaper for each. */
const REQUESTS_MAX = 256
/** Where bodies are large, what a commit costs by itself is little, and the thread should write while the next ones are read. */
const BYTES_MAX = 131_072
/** For requests that come one by one without end, each in a turn of its own. */
const GATHERING_MS_MAX = 8

export interface GatheringParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** What has gathered. */
  readonly send: () => void
}

/**
 * Decides when the requests that wait go to the queue's thread: at the end of the first turn of the event loop that brought no
 * more. A commit costs as much as thirty small pushes in it (docs/decisions/0017-fuller-commits.md), and while pushes still
 * come in, turn after turn, those that are sent at once only make more commits: they do not become durable sooner.
 */
export class Gathering {
  readonly #parts: GatheringParts
  #requests = 0
  #bytes = 0

  constructor (parts: GatheringParts) {
    this.#parts = parts
  }

  /** @param bytes Of the body that the request brings. */
  add (bytes: number): void {
    this.#requests += 1
    this.#bytes += bytes
    if (this.#requests === 1) this.#lookAfterTurn(0, this.#parts.clock.monotonicMs())
  }

  #lookAfterTurn (requestsBefore: number, sinceMs: number): void {
    setImmediate(() => {
      const { clock, send } = this.#parts
      const isFull = this.#requests >= REQUESTS_MAX || this.#bytes >= BYTES_MAX
      if (this.#requests > requestsBefore && !isFull && clock.monotonicMs() - sinceMs < GATHERING_MS_MAX) {
        this.#lookAfterTurn(this.#requests, sinceMs)
        return
      }
      this.#requests = 0
      this.#bytes = 0
      send()
    })
  }
}
