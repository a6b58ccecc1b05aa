/** A program that takes pushes, running. */
export interface Peer {
  readonly url: string
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}
