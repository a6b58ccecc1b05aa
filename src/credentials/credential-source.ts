import type { Clock } from '../clock.js'
import { checkCredential, type RamCredential } from './check-credential.js'
import { CredentialProblem, toCredentialProblem } from './credential-problem.js'
import { type CredentialClient, makeDefaultChain } from './default-chain.js'
import { Setbacks } from './setbacks.js'

export type { RamCredential }

/** Both throw `ProxyError` `Credentials.Unavailable`, with retryAfterMs, when there is no valid credential. */
export interface CredentialSource {
  get (): Promise<RamCredential>
  /** What get() would bring, where it need not wait for it. */
  held? (): RamCredential | undefined
  /** For a credential that the cloud refused: asks the source anew, whatever is held. */
  refresh (): Promise<RamCredential>
}

export interface CredentialSourceParts {
  /** Makes a client for one question; `link`: it asks this link of its chain alone. Default: the default chain. */
  readonly makeClient?: (link?: string) => CredentialClient
  readonly clock: Clock
  readonly random?: () => number
  /** Told when a problem begins, changes, or has lasted for another ten minutes. */
  readonly onProblem?: (problem: CredentialProblem) => void
  /** Told of each question to the source: what it gave, or undefined when it failed. */
  readonly onAsked?: (credential: RamCredential | undefined) => void
}

/** A push waits so long for the source; the question itself goes on. */
const WAIT_MS_MAX = 5_000
/** After so long a question is given up: the package has no deadline that holds for all its sources. */
const FLIGHT_MS_MAX = 60_000
/** Keys without expiry are read again so often, so that a rotated one is seen. */
const STATIC_RENEWAL_MS = 60_000
const RENEWAL_LEAD_MS_MAX = 600_000
const REFRESH_PAUSE_MS = 1_000

/** Both times are of the monotonic clock, which no correction of the machine's clock moves. */
interface Held {
  readonly credential: RamCredential
  readonly expiresAtMs: number
  readonly renewAtMs: number
  readonly link: string | undefined
}

/** One question to the source, however many wait for it. */
interface Flight {
  readonly startedAtMs: number
  readonly answer: Promise<RamCredential>
}

/**
 * A source that keeps its credential alive: one question at a time however many ask, renewed ahead of its expiry, used
 * until its true expiry and not longer; after that no push is signed.
 */
export function createCredentialSource (parts: CredentialSourceParts): CredentialSource {
  return new LiveCredentialSource(parts)
}

class LiveCredentialSource implements CredentialSource {
  readonly #makeClient: (link?: string) => CredentialClient
  readonly #clock: Clock
  readonly #random: () => number
  readonly #setbacks: Setbacks
  readonly #onAsked: (credential: RamCredential | undefined) => void
  #held: Held | undefined
  #flight: Flight | undefined
  #refreshedAtMs = -Infinity
  /** The link that answered first. Another may be another account, so once one has answered no other is asked. */
  #link: string | undefined

  constructor ({ makeClient = makeDefaultChain, clock, random = Math.random, onProblem = () => {}, onAsked = () => {} }: CredentialSourceParts) {
    this.#makeClient = makeClient
    this.#clock = clock
    this.#random = random
    this.#onAsked = onAsked
    this.#setbacks = new Setbacks({ clock, random, onProblem })
  }

  async get (): Promise<RamCredential> {
    return this.held() ?? await this.#load()
  }

  held (): RamCredential | undefined {
    const held = this.#valid()
    if (held === undefined) return undefined
    // In the background: what it brings is held, and its failure was told when it happened.
    if (this.#clock.monotonicMs() >= held.renewAtMs && this.#setbacks.retryInMs <= 0) this.#load().catch(() => {})
    return held.credential
  }

  async refresh (): Promise<RamCredential> {
    const nowMs = this.#clock.monotonicMs()
    const held = this.#valid()
    // All pushes in flight learn of the same bad token; the source is asked once for all of them.
    if (held !== undefined && this.#flight === undefined && nowMs - this.#refreshedAtMs < REFRESH_PAUSE_MS) return held.credential
    this.#refreshedAtMs = nowMs
    return await this.#load()
  }

  #valid (): Held | undefined {
    const held = this.#held
    if (held === undefined || this.#clock.monotonicMs() >= held.expiresAtMs) return undefined
    // The monotonic clock stands still while a machine sleeps.
    return this.#clock.now() < (held.credential.expiresAtMs ?? Infinity) ? held : undefined
  }

  async #load (): Promise<RamCredential> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#flight === undefined || nowMs - this.#flight.startedAtMs >= FLIGHT_MS_MAX) {
      if (this.#setbacks.retryInMs > 0) throw this.#setbacks.unavailable()
      this.#flight = this.#takeOff(nowMs)
    }
    return await this.#flight.answer
  }

  #takeOff (startedAtMs: number): Flight {
    let cancelWait = (): void => {}
    const answer = new Promise<RamCredential>((resolve, reject) => {
      cancelWait = this.#clock.after(WAIT_MS_MAX, () => { reject(this.#setbacks.tell(new CredentialProblem('slow'))) })
      const settle = (end: () => void): void => {
        cancelWait()
        // One that was given up may still end; what it brings is older than what came after it.
        if (this.#flight !== flight) return
        this.#flight = undefined
        end()
      }
      this.#ask().then(
        held => { settle(() => { resolve(this.#hold(held)) }) },
        (error: unknown) => {
          settle(() => {
            this.#onAsked(undefined)
            reject(this.#setbacks.add(toCredentialProblem(error)))
          })
        }
      )
    })
    // A renewal in the background has nobody who waits for it.
    answer.catch(() => {})
    const flight: Flight = { startedAtMs, answer }
    return flight
  }

  async #ask (): Promise<Held> {
    const loaded = await this.#makeClient(this.#link).getCredential()
    const credential = checkCredential(loaded, this.#clock.now())
    const link = loaded.link
    const nowMs = this.#clock.monotonicMs()
    if (credential.expiresAtMs === undefined) {
      return { credential, link, expiresAtMs: Infinity, renewAtMs: nowMs + STATIC_RENEWAL_MS * (1 - this.#random() / 5) }
    }
    const lifeMs = credential.expiresAtMs - this.#clock.now()
    const leadMs = Math.min(RENEWAL_LEAD_MS_MAX, lifeMs / 4) * (1 - this.#random() / 2)
    return { credential, link, expiresAtMs: nowMs + lifeMs, renewAtMs: nowMs + lifeMs - leadMs }
  }

  #hold (held: Held): RamCredential {
    this.#setbacks.end()
    this.#held = held
    this.#link ??= held.link
    this.#onAsked(held.credential)
    return held.credential
  }
}
