import type { Clock } from '../clock.js'
import type { EndSignal } from '../end-signal.js'

/**
 * When a push's time is over: at its deadline, when its sender hangs up, or when the process must go. One timer and one listener
 * for all that the push waits for, since it waits for one thing after the other.
 */
export class Ending {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #clientGone: EndSignal | undefined
  readonly #stopping: EndSignal | undefined
  readonly #cancelTimer: () => void
  readonly #cancel = (): void => { this.#end('cancelled') }
  #reason: 'timed-out' | 'cancelled' | undefined
  #interrupt: (() => void) | undefined

  constructor (clock: Clock, timeoutMs: number, clientGone: EndSignal | undefined, stopping?: EndSignal) {
    this.#clock = clock
    this.#deadlineMs = clock.monotonicMs() + timeoutMs
    this.#clientGone = clientGone
    this.#stopping = stopping
    this.#cancelTimer = clock.after(timeoutMs, () => { this.#end('timed-out') })
    this.#listenTo(clientGone)
    this.#listenTo(stopping)
  }

  get reason (): 'timed-out' | 'cancelled' | undefined {
    return this.#reason
  }

  get leftMs (): number {
    return this.#deadlineMs - this.#clock.monotonicMs()
  }

  /** Calls `interrupt` at the end, instead of whatever was to be called before; at once when it has come. */
  onEnd (interrupt: (() => void) | undefined): void {
    this.#interrupt = interrupt
    if (this.#reason !== undefined) interrupt?.()
  }

  /** Resolves after `delayMs` or at the end, whichever is first. */
  async sleep (delayMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      const cancel = this.#clock.after(delayMs, resolve)
      this.onEnd(() => {
        cancel()
        resolve()
      })
    })
    this.onEnd(undefined)
  }

  /** What a promise brings, or undefined when the end comes first. */
  async orEnd<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        promise.then(resolve, reject)
        this.onEnd(() => { resolve(undefined) })
      })
    } finally {
      this.onEnd(undefined)
    }
  }

  /** Lets go of timer and listeners. */
  close (): void {
    this.#cancelTimer()
    this.#clientGone?.removeEventListener('abort', this.#cancel)
    this.#stopping?.removeEventListener('abort', this.#cancel)
  }

  #listenTo (signal: EndSignal | undefined): void {
    if (signal?.aborted === true) this.#end('cancelled')
    else signal?.addEventListener('abort', this.#cancel)
  }

  #end (reason: 'timed-out' | 'cancelled'): void {
    this.#reason ??= reason
    this.#interrupt?.()
  }
}
