/** A program that takes pushes, running. */
export interface Peer {
  readonly url: string
  readonly pid: number
  /** A request carries one of them as X-API-Key. */
  readonly keys: readonly string[]
  /** Whether it runs faster after some ten thousand requests, for its code is compiled while it runs. */
  readonly warms: boolean
  readonly stop: () => Promise<void>
}
