import { ProxyError } from '../errors.js'
import type { Relay } from './relay.js'

/** By the name of the credential. */
export type RelayOf = (credential: string) => Pick<Relay, 'send'>

export interface EndableRelays {
  readonly relayOf: RelayOf
  /** Ends every attempt that is under way: each sender learns whether its push may have arrived. */
  end (): void
}

/** Relays whose attempts can be ended before their deadline, when the process must go. */
export function createEndableRelays (relayOf: RelayOf): EndableRelays {
  const underWay = new Set<AbortController>()
  let isEnding = false

  return {
    relayOf: credential => ({
      async send (body, { clientGone, ...options }) {
        if (isEnding) throw new ProxyError('ShuttingDown')
        // Not AbortSignal.any: a signal that lives as long as the process would keep every push's signal with it.
        const ending = new AbortController()
        const end = (): void => { ending.abort() }
        if (clientGone?.aborted === true) end()
        clientGone?.addEventListener('abort', end)
        underWay.add(ending)
        try {
          const verdict = await relayOf(credential).send(body, { ...options, clientGone: ending.signal })
          const wasEnded = isEnding && verdict.kind === 'cancelled' && clientGone?.aborted !== true
          if (wasEnded && !verdict.mayHaveArrived) throw new ProxyError('ShuttingDown')
          return verdict
        } finally {
          underWay.delete(ending)
          clientGone?.removeEventListener('abort', end)
        }
      }
    }),
    end () {
      isEnding = true
      for (const ending of underWay) ending.abort()
    }
  }
}
