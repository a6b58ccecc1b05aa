import type { Plant } from '../plants/plant.js'
import type { Relay } from '../relay/relay.js'
import { toAnswerError } from '../relay/verdict-to-error.js'

/** A push that the cloud confirmed. */
export interface Delivery {
  readonly kind: 'relayed'
  /** The cloud's own id of the push, for its support. */
  readonly cloudRequestId: string | undefined
}

export interface DeliverParts {
  readonly relay: Relay
  /** Deadline of one push, retries included, where the plant sets none. */
  readonly relayTimeoutMs: number
}

/** @throws {ProxyError} whatever the sender must learn when the cloud did not confirm. */
export type Deliver = (body: Buffer, plant: Plant, clientGone: AbortSignal) => Promise<Delivery>

/** Decides by the plant's policy what becomes of a push that was read and found right. */
export function createDeliver ({ relay, relayTimeoutMs }: DeliverParts): Deliver {
  return async (body, plant, clientGone) => {
    const verdict = await relay.send(body, {
      timeoutMs: plant.policy.relayTimeoutMs ?? relayTimeoutMs,
      // Only a relay plant's attempt ends with its sender: for the others the push is ours once its body is whole.
      ...(plant.policy.delivery === 'relay' ? { clientGone } : undefined)
    })
    if (verdict.kind === 'delivered') return { kind: 'relayed', cloudRequestId: verdict.cloudRequestId }
    throw toAnswerError(verdict)
  }
}
