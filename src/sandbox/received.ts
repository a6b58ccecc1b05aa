/** A push whose signature was verified and that arrived. */
export interface ReceivedPush {
  readonly requestId: string
  /** ISO 8601, by the sandbox's clock without any skew. */
  readonly receivedAt: string
  readonly accessKeyId: string
  readonly verified: true
  /** False when a fault keeps the sender from learning that its push arrived. */
  readonly answered: boolean
  /** Lower-case names; several values of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** The body as it was signed. */
  readonly body: string
  readonly push: { readonly deviceType: string, readonly devices: readonly unknown[] }
}

/** All remembered bodies together, so that a thousand large pushes do not fill the memory. */
const BODY_CHARACTERS_MAX = 64 * 1024 * 1024

export interface Received {
  add (push: ReceivedPush): void
  /** A copy, oldest first. */
  list (): readonly ReceivedPush[]
  clear (): void
}

/** Remembers the last `receivedMax` pushes, fewer when their bodies are large; the oldest go first. */
export function createReceived (receivedMax: number, bodyCharactersMax: number = BODY_CHARACTERS_MAX): Received {
  const pushes: ReceivedPush[] = []
  let characters = 0
  return {
    add (push) {
      pushes.push(push)
      characters += push.body.length
      while (pushes.length > receivedMax || characters > bodyCharactersMax) {
        characters -= pushes.shift()?.body.length ?? characters
      }
    },
    list: () => [...pushes],
    clear () {
      pushes.length = 0
      characters = 0
    }
  }
}
