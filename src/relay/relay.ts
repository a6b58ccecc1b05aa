import type { Clock } from '../clock.js'
import type { CredentialSource } from '../credentials/credential-source.js'
import type { EndSignal } from '../end-signal.js'
import { ProxyError } from '../errors.js'
import { AccountPause } from './account-pause.js'
import { ClockSkew } from './clock-skew.js'
import type { CloudDispatcher } from './pool.js'
import { randomNonce } from './random-nonce.js'
import { PushSender } from './send-push.js'
import type { Verdict } from './verdict.js'

export interface SendOptions {
  /** Deadline of the whole push, retries included. */
  readonly timeoutMs: number
  /** Aborts when the sender hangs up; without it the push goes on without its sender. */
  readonly clientGone?: EndSignal | undefined
  /** Aborts when the process must go. */
  readonly stopping?: EndSignal
  /**
   * `none`: whoever sends paces the retries. What helps at once stays: a fresh nonce, a corrected date, a refreshed token,
   * a new connection in place of one that had gone stale. Default `backoff`: again until the deadline.
   */
  readonly retries?: 'backoff' | 'none' | undefined
  /** False: after an attempt that may have arrived there is no other, for whoever wants nothing sent twice. Default true. */
  readonly resendsInDoubt?: boolean | undefined
}

export interface Relay {
  /**
   * Signs a body and sends it, again where that may help, until the deadline. Resolves with what became of it.
   * @param body The very bytes that are signed and sent.
   * @throws {ProxyError} Credentials.Unavailable when nothing can be signed, ShuttingDown after close().
   */
  send (body: Buffer, options: SendOptions): Promise<Verdict>
  /** Takes nothing more, waits for what is under way (its deadlines bound it), and closes the connections. */
  close (): Promise<void>
}

/** One attempt, for logs and metrics. Holds nothing of the body and no secret. */
export type AttemptEvent = Verdict & {
  /** 1 for the first of its push. */
  readonly attempt: number
  readonly durationMs: number
  /** How far the cloud's clock was believed to be ahead of ours when the attempt was signed. */
  readonly clockSkewMs: number
}

export interface RelayParts {
  /** The relay's own from now on: close() destroys it. */
  readonly pool: CloudDispatcher
  readonly credentials: CredentialSource
  /** The Host that is sent and signed. */
  readonly signedHost: string
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random: () => number
  /** Outlives the relay where it is handed in: what was learned of the clock holds for the next credential too. */
  readonly skew?: ClockSkew
  /** Whether a proxy stands on the way, for what is told of an endpoint that is not reached in time. */
  readonly viaProxy?: boolean
  /** Never the same twice. */
  readonly nonce?: () => string
  readonly onAttempt?: (event: AttemptEvent) => void
}

/** What all pushes of one account share. */
export interface SharedParts extends Required<RelayParts> {
  readonly pause: AccountPause
  /** To be called once for each push, whatever became of it. */
  readonly onEnded: () => void
}

/** Delivers pushes for one RAM credential to one endpoint. */
export function createRelay (parts: RelayParts): Relay {
  const { clock, nonce = randomNonce, onAttempt = () => {}, skew = new ClockSkew(clock), viaProxy = false } = parts
  const shared: SharedParts = { ...parts, nonce, onAttempt, skew, viaProxy, pause: new AccountPause(clock), onEnded }
  let underWay = 0
  let onIdle = (): void => {}
  let closed: Promise<void> | undefined

  function onEnded (): void {
    underWay -= 1
    if (underWay === 0) onIdle()
  }

  async function finish (): Promise<void> {
    if (underWay > 0) await new Promise<void>(resolve => { onIdle = resolve })
    await parts.pool.destroy()
  }

  return {
    send (body, options) {
      if (closed !== undefined) return Promise.reject(new ProxyError('ShuttingDown'))
      underWay += 1
      return new PushSender(shared, body, options).send()
    },
    async close () {
      closed ??= finish()
      await closed
    }
  }
}
