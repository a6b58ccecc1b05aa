import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.js'
import { CredentialProblem } from '../credentials/credential-problem.js'
import type { CredentialSource } from '../credentials/credential-source.js'
import type { CredentialBook, CredentialSpec } from '../credentials/credential-spec.js'
import { ProxyError } from '../errors.js'
import { ClockSkew } from './clock-skew.js'
import type { Relay, SendOptions } from './relay.js'
import type { Verdict } from './verdict.js'

/** One RAM credential in use: what is signed with, and what sends. */
export interface CloudAccount {
  readonly source: CredentialSource
  /** With connections and a pause of its own, and the skew of its name. */
  readonly relay: Relay
}

export interface CloudAccountsParts {
  readonly book: CredentialBook
  /** @throws {CredentialProblem} when the credential cannot be used as it is set up */
  readonly open: (name: string, spec: CredentialSpec, skew: ClockSkew) => CloudAccount
  readonly clock: Clock
  /** Told once of a name that plants use and the book does not have, until the book tells of that name. */
  readonly onUnknown?: (name: string) => void
  /** Told when what was open for a name is let go. */
  readonly onRetired?: (name: string) => void
}

interface Opened extends CloudAccount {
  readonly spec: CredentialSpec
}

const RETRY_AFTER_MS = 10_000
/** With less time left another attempt would be in vain. */
const AGAIN_MS_MIN = 50
const AGAIN_AFTER_MS = 1_000

/**
 * What sends for each credential: opened when it is first needed, in other hands as soon as the book says otherwise. What is under
 * way by then is finished with the old one, whose connections are closed behind it.
 */
export class CloudAccounts {
  readonly #parts: CloudAccountsParts
  readonly #opened = new Map<string, Opened>()
  readonly #closing = new Set<Promise<void>>()
  /** By name, so that a rotated credential does not have to learn the clock anew. */
  readonly #skews = new Map<string, ClockSkew>()
  readonly #toldUnknown = new Set<string>()
  readonly #stopListening: () => void
  #onChange = (_names: readonly string[]): void => {}

  constructor (parts: CloudAccountsParts) {
    this.#parts = parts
    this.#stopListening = parts.book.onChange(names => {
      for (const name of names) {
        this.#toldUnknown.delete(name)
        this.#current(name)
      }
      this.#onChange(names)
    })
  }

  /** Told with the names whose credential has changed; one listener. */
  onChange (listener: (names: readonly string[]) => void): void {
    this.#onChange = listener
  }

  /**
   * Sends with whatever the credential is at that time.
   * @returns `send` throws {ProxyError} Credentials.Unknown, and what a relay throws
   */
  relayOf (name: string): Pick<Relay, 'send'> {
    return { send: (body, options) => this.#send(name, body, options) }
  }

  /** @throws {ProxyError} Credentials.Unknown, Credentials.Unavailable */
  sourceOf (name: string): CredentialSource {
    return this.#find(name).source
  }

  /**
   * Milliseconds since the epoch as the cloud counts them, as far as its answers to this name have told; without one the machine's. Opens
   * nothing.
   */
  cloudNow (name: string): number {
    return this.#skews.get(name)?.cloudNow() ?? this.#parts.clock.now()
  }

  /** Takes nothing more; resolves when what was under way has ended. */
  async close (): Promise<void> {
    this.#stopListening()
    for (const name of [...this.#opened.keys()]) this.#retire(name)
    await Promise.all(this.#closing)
  }

  async #send (name: string, body: Buffer, options: SendOptions): Promise<Verdict> {
    const { clock } = this.#parts
    const endsAtMs = clock.monotonicMs() + options.timeoutMs
    let left = options
    do {
      const account = this.#find(name)
      try {
        const verdict = await account.relay.send(body, left)
        if (verdict.kind !== 'account-fault' || verdict.mayHaveArrived || this.#current(name) === account) return verdict
      } catch (error) {
        if (!(error instanceof ProxyError) || error.code !== 'Credentials.Unavailable' || this.#current(name) === account) throw error
      }
      // Nothing was taken, and it was a credential at fault that is not in use any more.
      left = { ...options, timeoutMs: endsAtMs - clock.monotonicMs() }
    } while (left.timeoutMs >= AGAIN_MS_MIN)
    throw new ProxyError('Credentials.Unavailable', undefined, { retryAfterMs: AGAIN_AFTER_MS })
  }

  #find (name: string): Opened {
    const { book, open, onUnknown } = this.#parts
    const current = this.#current(name)
    if (current !== undefined) return current
    const spec = book.find(name)
    if (spec === undefined) {
      if (!this.#toldUnknown.has(name)) onUnknown?.(name)
      this.#toldUnknown.add(name)
      throw new ProxyError('Credentials.Unknown', undefined, { cause: new Error(`There is no credential ${name}.`), retryAfterMs: RETRY_AFTER_MS })
    }
    try {
      const skew = this.#skews.get(name) ?? new ClockSkew(this.#parts.clock)
      const opened = { ...open(name, spec, skew), spec }
      this.#skews.set(name, skew)
      this.#opened.set(name, opened)
      return opened
    } catch (problem) {
      if (!(problem instanceof CredentialProblem)) throw problem
      throw new ProxyError('Credentials.Unavailable', undefined, { cause: problem, retryAfterMs: RETRY_AFTER_MS })
    }
  }

  /** What is open for the credential as it is now. What is open for one that has changed, or is gone, is let go. */
  #current (name: string): Opened | undefined {
    const opened = this.#opened.get(name)
    if (opened === undefined) return undefined
    const spec = this.#parts.book.find(name)
    if (spec === opened.spec || isDeepStrictEqual(spec, opened.spec)) return opened
    this.#retire(name)
    return undefined
  }

  #retire (name: string): void {
    const opened = this.#opened.get(name)
    if (opened === undefined) return
    this.#opened.delete(name)
    this.#parts.onRetired?.(name)
    const closing = opened.relay.close().finally(() => { this.#closing.delete(closing) })
    this.#closing.add(closing)
  }
}
