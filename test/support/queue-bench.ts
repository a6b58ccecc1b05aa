import type { Test } from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import type { Device } from '../../src/contract/push.js'
import type { RaisedAlarm } from '../../src/queue/alarms.js'
import { PushQueue } from '../../src/queue/push-queue.js'
import type { PushToKeep } from '../../src/queue/push-to-keep.js'
import type { CallEvent } from '../../src/queue/queue-events.js'
import type { DrainBounds, QueuePolicy } from '../../src/queue/turn-parts.js'
import type { Failure, Verdict } from '../../src/relay/verdict.js'
import { ManualClock } from './manual-clock.js'
import { MemoryQueueLog } from './memory-queue-log.js'

/** A call as the cloud saw it. */
export interface CloudCall {
  readonly atMs: number
  readonly body: string
  readonly deviceType: string
  readonly devices: readonly Device[]
  /** What it was sent with. */
  readonly credential: string
}

export interface Bench {
  readonly clock: ManualClock
  readonly log: MemoryQueueLog
  readonly queue: PushQueue
  readonly calls: CloudCall[]
  readonly events: CallEvent[]
  readonly alarms: RaisedAlarm[]
  readonly endedAlarms: RaisedAlarm[]
  readonly problems: unknown[]
  /** What the cloud answers; changed by a test as it goes on. */
  answer: (call: CloudCall) => Verdict | Promise<Verdict>
  /** Policies by plant; the default otherwise. */
  readonly policies: Map<string, Partial<QueuePolicy>>
  /** Credentials by plant; `default` otherwise. */
  readonly credentials: Map<string, string>
  /** Device ids of all calls that were delivered, in order. */
  delivered: string[]
  store: (plant: string, devices: readonly Device[], options?: { deviceType?: string, inDoubt?: boolean }) => Promise<void>
  now: () => number
}

export const DELIVERED: Verdict = { kind: 'delivered', statusCode: 200, cloudRequestId: 'CLOUD-ID' }

export function failure (kind: Failure['kind'], more: Partial<Failure> = {}): Failure {
  return { kind, mayHaveArrived: kind === 'maybe-arrived', message: `The test's cloud says ${kind}.`, ...more }
}

export function device (deviceId: string, minute = 0, data: Record<string, string> = { Ua: '226.0' }): Device {
  const hour = String(Math.floor(minute / 60) % 24).padStart(2, '0')
  return { deviceId, recordTime: `2026-01-01 ${hour}:${String(minute % 60).padStart(2, '0')}:00`, data }
}

let requests = 0

export function pushOf (plant: string, devices: readonly Device[], deviceType = '1'): PushToKeep {
  requests += 1
  return { requestId: `R-${requests}`, plant, deviceType, body: encodePush({ deviceType, devices: [...devices] }), recordCount: devices.length, receivedAtMs: 0, plantBytesMax: 1e9 }
}

/** The queue with a disk of memory, a clock that is turned by hand, and a cloud that answers at the test's word. */
export function setUpQueue (t: Test, { bounds, random = () => 0.5, log = new MemoryQueueLog() }: { bounds?: Partial<DrainBounds>, random?: () => number, log?: MemoryQueueLog } = {}): Bench {
  const clock = new ManualClock()
  const startMs = clock.monotonicMs()
  const bench: Omit<Bench, 'queue'> = {
    clock,
    log,
    calls: [],
    events: [],
    alarms: [],
    endedAlarms: [],
    problems: [],
    answer: () => DELIVERED,
    policies: new Map(),
    credentials: new Map(),
    delivered: [],
    store: async (plant, devices, { deviceType, inDoubt = false } = {}) => { await queue.store(pushOf(plant, devices, deviceType), { inDoubt }) },
    now: () => clock.monotonicMs() - startMs
  }
  const queue = new PushQueue({
    log,
    clock,
    random,
    relayOf: credential => ({
      async send (bytes, { clientGone }) {
        const body = bytes.toString()
        const push = JSON.parse(body)
        const call: CloudCall = { atMs: bench.now(), body, deviceType: push.deviceType, devices: push.devices, credential }
        bench.calls.push(call)
        const over = new AbortController()
        const gone = new Promise<Verdict>(resolve => {
          clientGone?.addEventListener('abort', () => { resolve(failure('cancelled', { mayHaveArrived: true })) }, { once: true, signal: over.signal })
        })
        // Its listener would live as long as the queue.
        const verdict = await Promise.race([bench.answer(call), gone]).finally(() => { over.abort() })
        if (verdict.kind === 'delivered') bench.delivered.push(...call.devices.map(({ deviceId = '' }) => deviceId))
        return verdict
      }
    }),
    policyOf: plant => ({ whenUnsure: 'resend', ...bench.policies.get(plant) }),
    credentialOf: plant => bench.credentials.get(plant) ?? 'default',
    ...(bounds === undefined ? undefined : { bounds }),
    listeners: {
      onCall: event => { bench.events.push(event) },
      onAlarm: alarm => { bench.alarms.push(alarm) },
      onAlarmEnd: alarm => { bench.endedAlarms.push(alarm) },
      onProblem: problem => { bench.problems.push(problem) }
    }
  })
  t.teardown(() => { queue.stop() })
  return Object.assign(bench, { queue })
}

/** Answers after some time of the clock. */
export async function after (clock: ManualClock, delayMs: number, verdict: Verdict): Promise<Verdict> {
  return await new Promise(resolve => { clock.after(delayMs, () => { resolve(verdict) }) })
}
