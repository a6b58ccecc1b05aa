import type { Clock } from '../clock.js'
import type { EndSignal } from '../end-signal.js'
import { ProxyError } from '../errors.js'
import type { Plant } from '../plants/plant.js'
import type { Delivery, OutgoingPush } from './deliver.js'
import type { RememberedPushes } from './remembered-pushes.js'
import type { RepeatKey } from './repeat-key.js'

/** What became of a push; of a repeat, what became of the push that it repeats. */
export interface Sent {
  readonly delivery: Delivery
  /** The request id of the push that this one repeats; undefined when it was sent itself. */
  readonly repeatOf: string | undefined
}

/**
 * Sends a push unless the same was delivered or stored before.
 * @throws {ProxyError} IdempotencyKeyReused, or whatever `send` throws
 */
export type SendOnce = (push: Pick<OutgoingPush, 'requestId' | 'repeatKey'>, plant: Plant, clientGone: EndSignal, send: () => Promise<Delivery>) => Promise<Sent>

/** An error is never remembered, for after it a repeat must be sent. */
export function createSendOnce (remembered: RememberedPushes, clock: Clock): SendOnce {
  /** By repeat key; each ends when its push is remembered or has failed. */
  const underWay = new Map<string, Promise<void>>()

  async function unlessRepeated (requestId: string, repeatKey: RepeatKey, plant: Plant, clientGone: EndSignal, send: () => Promise<Delivery>): Promise<Sent> {
    const { key, body } = repeatKey
    // When the first one fails, the one that has waited longest is the next, and the others wait for that.
    for (let first = underWay.get(key); first !== undefined; first = underWay.get(key)) {
      // Only a relay plant's push ends with its sender: the others are ours once their body is whole.
      await (plant.policy.delivery === 'relay' ? unlessGone(first, clientGone) : first)
    }
    const known = remembered.find(plant.name, key)
    if (known !== undefined) {
      if (known.repeatKey.body !== body) throw reused(known.requestId)
      return { delivery: known.delivery, repeatOf: known.requestId }
    }
    const receivedAtMs = clock.now()
    const sending = send()
    underWay.set(key, sending.then(
      delivery => {
        remembered.add({ requestId, plant: plant.name, receivedAtMs, repeatKey, delivery })
        underWay.delete(key)
      },
      () => { underWay.delete(key) }
    ))
    return { delivery: await sending, repeatOf: undefined }
  }

  return ({ requestId, repeatKey }, plant, clientGone, send) => {
    if (repeatKey === undefined) return send().then(sentItself)
    return unlessRepeated(requestId, repeatKey, plant, clientGone, send)
  }
}

const sentItself = (delivery: Delivery): Sent => ({ delivery, repeatOf: undefined })

/** Answered as a repeat, the other body would be lost in silence. */
function reused (requestId: string): ProxyError {
  return new ProxyError('IdempotencyKeyReused', `The Idempotency-Key belongs to the push ${requestId}, which has another body and was delivered or stored; give each push a key of its own.`)
}

/** Waiting ends with the sender; what it waits for goes on. */
async function unlessGone (first: Promise<void>, clientGone: EndSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const giveUp = (): void => {
      // The same push is under way, so that "nothing was sent" might not be true.
      reject(new ProxyError('Cloud.MaybeArrived', undefined, { cause: new Error('The sender hung up while the same push was under way.') }))
    }
    if (clientGone.aborted) return giveUp()
    clientGone.addEventListener('abort', giveUp)
    first.then(() => {
      clientGone.removeEventListener('abort', giveUp)
      resolve()
    }, reject)
  })
}
