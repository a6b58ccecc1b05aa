import { EndSwitch } from '../end-signal.js'
import { ProxyError } from '../errors.js'
import type { Relay, SendOptions } from './relay.js'
import type { Verdict } from './verdict.js'

/** By the name of the credential. */
export type RelayOf = (credential: string) => Pick<Relay, 'send'>

export interface EndableRelays {
  readonly relayOf: RelayOf
  /** Ends every attempt that is under way: each sender learns whether its push may have arrived. */
  end (): void
}

/** Relays whose attempts can be ended before their deadline, when the process must go. */
export function createEndableRelays (relayOf: RelayOf): EndableRelays {
  const stopping = new EndSwitch()

  function send (relay: Pick<Relay, 'send'>, body: Buffer, { timeoutMs, clientGone, retries, resendsInDoubt }: SendOptions): Promise<Verdict> {
    if (stopping.aborted) return Promise.reject(new ProxyError('ShuttingDown'))
    const all: Required<SendOptions> = { timeoutMs, clientGone, retries, resendsInDoubt, stopping }
    return relay.send(body, all).then(verdict => {
      const wasEnded = stopping.aborted && verdict.kind === 'cancelled' && clientGone?.aborted !== true
      if (wasEnded && !verdict.mayHaveArrived) throw new ProxyError('ShuttingDown')
      return verdict
    })
  }

  return {
    relayOf: credential => {
      const relay = relayOf(credential)
      return { send: (body, options) => send(relay, body, options) }
    },
    end () { stopping.end() }
  }
}
