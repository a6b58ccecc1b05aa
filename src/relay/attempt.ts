import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Ending } from './ending.js'
import type { CloudDispatcher, CloudDispatchOptions, Connection } from './pool.js'

/** The service's answers have a few hundred bytes. */
const ANSWER_BYTES_MAX = 65_536

export interface AttemptRequest {
  readonly path: string
  /** Everything that is sent, Host included; Content-Length is added. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Answered {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  /** Undefined when it was longer than ANSWER_BYTES_MAX; the connection was destroyed then. */
  readonly body: Buffer | undefined
}

export interface Unanswered {
  /** What broke; undefined when the time was over. */
  readonly cause: unknown
  /** The request was begun on a connection: bytes of it may have gone. */
  readonly begun: boolean
  /** An idle connection ended as it was used again: most likely the other side had closed it before. */
  readonly stale: boolean
}

export type Outcome = Answered | Unanswered

/** One signed request, once. Resolves with whatever comes of it; redirects are answers like any other. */
export function attempt (pool: Pick<CloudDispatcher, 'dispatch'>, { path, headers, body }: AttemptRequest, ending: Ending): Promise<Outcome> {
  return new Promise(resolve => {
    const handler = new AttemptHandler(resolve, ending)
    const options: CloudDispatchOptions = { path, method: 'POST', headers, body, onConnection: connection => { handler.connection = connection }, onWaiting: leave => { handler.leave = leave } }
    pool.dispatch(options, handler)
    if (!handler.isSettled) ending.onEnd(() => { handler.giveUp() })
  })
}

class AttemptHandler implements Dispatcher.DispatchHandler {
  connection: Connection | undefined
  leave: (() => void) | undefined
  readonly #resolve: (outcome: Outcome) => void
  readonly #ending: Ending
  #controller: Dispatcher.DispatchController | undefined
  #isSettled = false
  #isReused = false
  #head: Omit<Answered, 'body'> | undefined
  #chunks: Buffer[] = []
  #bytes = 0

  constructor (resolve: (outcome: Outcome) => void, ending: Ending) {
    this.#resolve = resolve
    this.#ending = ending
  }

  get isSettled (): boolean {
    return this.#isSettled
  }

  /** The time is over. What has been begun is torn down; what still waits for a connection is never begun. */
  giveUp (): void {
    this.#settle({ cause: undefined, begun: this.#controller !== undefined, stale: false })
    if (this.#controller === undefined) this.leave?.()
    else this.#controller.abort(new Error('The time of the push is over.'))
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    // Thrown and not aborted: an abort would destroy the connection, and there may be hundreds of these in a row.
    if (this.#isSettled) throw new Error('The time of the push was over before a connection was free.')
    // undici may begin a request again on another connection; the same signature twice is a nonce used twice.
    if (this.#controller !== undefined) throw new Error('The request was begun before.')
    this.#controller = controller
    this.#isReused = this.connection?.begin() ?? false
  }

  onResponseStart (_: Dispatcher.DispatchController, statusCode: number, headers: IncomingHttpHeaders): void {
    // 102 and 103 may come before the answer.
    if (statusCode >= 200) this.#head = { statusCode, headers }
  }

  onResponseData (controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= ANSWER_BYTES_MAX) {
      this.#chunks.push(chunk)
      return
    }
    if (this.#head !== undefined) this.#settle({ statusCode: this.#head.statusCode, headers: this.#head.headers, body: undefined })
    controller.abort(new Error('The answer is too long.'))
  }

  onResponseEnd (): void {
    const [first] = this.#chunks
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)
    if (this.#head !== undefined) this.#settle({ statusCode: this.#head.statusCode, headers: this.#head.headers, body })
  }

  onResponseError (_: Dispatcher.DispatchController, cause: Error): void {
    const begun = this.#controller !== undefined
    this.#settle({ cause, begun, stale: begun && this.#isReused && this.#head === undefined })
  }

  #settle (outcome: Outcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#chunks = []
    this.#ending.onEnd(undefined)
    this.#resolve(outcome)
  }
}
