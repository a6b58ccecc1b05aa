import type { Clock } from '../clock.js'
import type { EndSignal } from '../end-signal.js'
import type { Plant } from '../plants/plant.js'
import type { RelayOf } from '../relay/endable-relay.js'
import type { Failure, Verdict } from '../relay/verdict.js'
import { toAnswerError } from '../relay/verdict-to-error.js'
import { inDoubt } from './judge-call.js'
import type { PushQueue } from './push-queue.js'
import type { PushToKeep } from './push-to-keep.js'
import type { ParkedPart, RepairCounts } from './queue-log.js'
import type { RepeatKey } from './repeat-key.js'
import { toFailure } from './to-failure.js'

/** What became of a push. */
export type Delivery =
  /** The cloud confirmed it; `cloudRequestId` is the cloud's own id of it, for its support. */
  | { readonly kind: 'relayed', readonly cloudRequestId: string | undefined }
  /** It is on disk: it will be delivered, or lies in the parked list. */
  | { readonly kind: 'stored' }

/** A push that was read and found right. */
export interface OutgoingPush {
  readonly requestId: string
  readonly deviceType: string
  /** The very bytes that are signed and sent (encodePush). */
  readonly body: Buffer
  /** 0: there is nothing to send, all of it is `parked`. */
  readonly recordCount: number
  /** Records of it that break the contract; they are not in `body`. */
  readonly parked?: readonly ParkedPart[]
  /** What was changed in its body; kept with its receipt. Undefined for nothing, for an empty object would be sent on. */
  readonly repairs?: RepairCounts | undefined
  /** How much too early it comes for its plant's limit: a plant that stores has it delivered only then. */
  readonly delayMs?: number
  /** By what a repeat of it is known (sendOnce); it is stored with the push. */
  readonly repeatKey?: RepeatKey | undefined
}

export interface DeliverParts {
  readonly relayOf: RelayOf
  readonly queue: Pick<PushQueue, 'mayRelay' | 'tryLive' | 'store' | 'park' | 'bad'>
  readonly clock: Clock
  /** Deadline of one push, retries included, where the plant sets none; undefined: the defaults. */
  readonly relayTimeoutMs: number | undefined
  /** Bound of the whole queue. */
  readonly queueMaxBytes: number
}

/** @throws {ProxyError} whatever the sender must learn when the cloud did not confirm and nothing was stored. */
export type Deliver = (push: OutgoingPush, plant: Plant, clientGone: EndSignal) => Promise<Delivery>

/** Where an error is all that a sender gets, it is worth a longer wait. */
const RELAY_TIMEOUT_MS = 10_000
/** Where the push can be stored; the cloud's own client gives up after 3 s. */
const RELAY_TIMEOUT_MS_STORABLE = 2_500
const PLANT_SHARE = 4

/** Decides by the plant's policy what becomes of a push that was read and found right. */
export function createDeliver ({ relayOf, queue, clock, relayTimeoutMs, queueMaxBytes }: DeliverParts): Deliver {
  function relayOnly (push: PushToKeep, body: Buffer, { policy }: Plant, clientGone: EndSignal): Promise<Delivery> {
    const timeoutMs = policy.relayTimeoutMs ?? relayTimeoutMs ?? RELAY_TIMEOUT_MS
    return queue.tryLive(push, policy.credential, () => relayOf(policy.credential).send(body, { timeoutMs, clientGone, resendsInDoubt: policy.whenUnsure === 'resend' })).then(orAnswerError)
  }

  async function relayOrStore (push: PushToKeep, body: Buffer, plant: Plant): Promise<Delivery> {
    const { policy } = plant
    const timeoutMs = policy.relayTimeoutMs ?? relayTimeoutMs ?? RELAY_TIMEOUT_MS_STORABLE
    const verdict = await queue.tryLive(push, policy.credential, stopping => relayOf(policy.credential).send(body, { timeoutMs, clientGone: stopping, resendsInDoubt: policy.whenUnsure === 'resend' }).catch(toFailure))
    if (verdict.kind === 'delivered') return { kind: 'relayed', cloudRequestId: verdict.cloudRequestId }
    await keep(queue, push, plant, verdict)
    return { kind: 'stored' }
  }

  return (push, plant, clientGone) => {
    const { policy } = plant
    const { body, delayMs = 0 } = push
    const kept = toKeep(push, plant.name, clock.now(), policy.queueMaxBytes ?? Math.floor(queueMaxBytes / PLANT_SHARE))
    if (kept.recordCount === 0) return queue.bad.parkAll(kept).then(toStored)
    // Only a relay plant's attempt ends with its sender: for the others the push is ours once its body is whole.
    if (policy.delivery === 'relay') return queue.bad.keptWhile(kept, kept => relayOnly(kept, body, plant, clientGone))
    if (policy.delivery === 'store' || delayMs > 0 || !queue.mayRelay(plant.name, policy.credential)) {
      return queue.store(kept, { liveFirst: policy.liveFirst === 'on', delayMs }).then(toStored)
    }
    return queue.bad.keptWhile(kept, kept => relayOrStore(kept, body, plant))
  }
}

const toStored = (): Delivery => ({ kind: 'stored' })

function orAnswerError (verdict: Verdict): Delivery {
  if (verdict.kind === 'delivered') return { kind: 'relayed', cloudRequestId: verdict.cloudRequestId }
  throw toAnswerError(verdict)
}

const NO_PARTS: readonly ParkedPart[] = []

/** Field by field: what is spread out of another object gets a hidden class of its own each time, which costs 3 kB and 10 us a push. */
function toKeep ({ requestId, deviceType, body, recordCount, parked = NO_PARTS, repairs, repeatKey }: OutgoingPush, plant: string, receivedAtMs: number, plantBytesMax: number): Required<PushToKeep> {
  return { requestId, plant, deviceType, receivedAtMs, plantBytesMax, repeatKey, repairs, asideRecords: 0, body, recordCount, parked }
}

/** @throws {ProxyError} the cloud's refusal, when it is the sender's to hear; or why the push could not be kept */
async function keep (queue: Pick<PushQueue, 'store' | 'park'>, push: PushToKeep, { policy }: Plant, failure: Failure): Promise<void> {
  const { kind, code = 'Cloud.Refused', message, cloudRequestId, mayHaveArrived } = failure
  if (kind === 'refused' && policy.onRefusal === 'answer') throw toAnswerError(failure)
  try {
    if (kind === 'refused') await queue.park(push, { code, message, cloudRequestId }, 'push')
    else if (mayHaveArrived && policy.whenUnsure === 'park') await queue.park(push, inDoubt(failure), 'nobody')
    else await queue.store(push, { inDoubt: mayHaveArrived, liveFirst: policy.liveFirst === 'on' })
  } catch (error) {
    // "Nothing was taken" would not be true of a push that may have arrived.
    throw mayHaveArrived && kind !== 'refused' ? toAnswerError(failure) : error
  }
}
