import type { Counter, Gauge, Registry } from 'prom-client'
import { toCodeLabel } from './metrics-codes.js'
import type { Noting } from './metrics-histogram.js'
import { LabelledCounter, newCounter, newGauge, newHistogram, newPlantGauge } from './metrics-names.js'
import type { QueueListeners } from './queue/queue-events.js'
import type { QueueNotice } from './queue/queue-report.js'
import type { PlantQueueState, QueueState } from './queue/queue-state.js'

/** What a scrape finds out of the present state: undefined where the queue cannot be read in time. */
export type ReadQueueState = () => Promise<QueueState | undefined>

/** How one number of a plant is drawn from its state; undefined: it is not known, and absent. */
type OfPlant = (plant: PlantQueueState, nowMs: number) => number | undefined

/** Names, sentences and sources of what is told of each plant. */
const PLANT_GAUGES: ReadonlyArray<readonly [name: string, help: string, read: OfPlant]> = [
  ['queue_waiting_pushes', 'Stored pushes that wait to be delivered.', ({ waiting }) => waiting],
  ['queue_waiting_records', 'Device records of the pushes that wait.', ({ waitingRecords }) => waitingRecords],
  ['queue_waiting_bytes', 'What waits, as the disk counts.', ({ waitingBytes }) => waitingBytes],
  ['queue_oldest_waiting_seconds', 'How long ago the oldest push at the head of a lane was received; 0 when nothing waits.', ({ oldestAtMs }, nowMs) => oldestAtMs === undefined ? 0 : Math.max(0, nowMs - oldestAtMs) / 1000],
  ['queue_drain_seconds', 'How long what waits will take at the present pace; 0 when nothing waits, absent while nothing moves.', ({ drainsInMs }) => drainsInMs === undefined ? undefined : drainsInMs / 1000],
  ['queue_parked_records', 'Device records in the parked list.', ({ parkedRecords }) => parkedRecords],
  ['queue_parked_bytes', 'What is parked, as the disk counts.', ({ parkedBytes }) => parkedBytes]
]

/** Numbers of what waits on disk, and of what becomes of it. */
export class QueueMetrics {
  /** To be told of the queue's events. */
  readonly listeners: QueueListeners
  readonly #stored: LabelledCounter
  readonly #calls: LabelledCounter
  readonly #callPushes: Noting
  readonly #settled: LabelledCounter
  readonly #parked: LabelledCounter
  readonly #storeFailures: Counter
  readonly #retries: Counter
  #readState: ReadQueueState = async () => undefined
  #now = (): number => 0
  /** One question for all gauges of a scrape. */
  #asked: Promise<QueueState | undefined> | undefined

  constructor (registry: Registry) {
    for (const [name, help, read] of PLANT_GAUGES) newPlantGauge(registry, [name, help], async gauge => { await this.#setPlants(gauge, read) })
    newGauge(registry, ['queue_used_bytes', 'What waits and is parked of all plants, as the disk counts.'], async gauge => { await this.#setOne(gauge, ({ bytes }) => bytes) })
    newGauge(registry, ['queue_max_bytes', 'The bound of the whole queue: QUEUE_MAX_BYTES.'], async gauge => { await this.#setOne(gauge, ({ bytesMax }) => bytesMax) })
    this.#stored = new LabelledCounter(registry, ['queue_stored_pushes_total', 'Pushes that were taken into the queue, those that were parked at once included.'], ['plant'])
    this.#calls = new LabelledCounter(registry, ['queue_calls_total', 'Calls for stored pushes, by what came of them and why they were made: first, again, split, probe.'], ['verdict', 'purpose'])
    this.#callPushes = newHistogram(registry, ['queue_call_pushes', 'Stored pushes that travelled together in one call.'], [1, 2, 5, 10, 25, 50, 100, 250, 500])
    this.#settled = new LabelledCounter(registry, ['queue_settled_records_total', 'Device records of stored pushes by what became of them: delivered, parked, lost.'], ['plant', 'outcome'])
    this.#parked = new LabelledCounter(registry, ['queue_parked_records_total', 'Device records that were parked, by the reason\'s code; other: a code that is not in the table.'], ['code'])
    this.#storeFailures = newCounter(registry, ['queue_store_failures_total', 'How often the queue\'s store failed and was opened again.'])
    this.#retries = newCounter(registry, ['queue_retries_total', 'Reads and writes of the queue that failed and were tried again.'])
    this.listeners = this.#listen()
  }

  /** Where the present numbers are read from when they are asked for. */
  watch (readState: ReadQueueState, now: () => number): void {
    this.#readState = readState
    this.#now = now
  }

  recordNotice (notice: QueueNotice): void {
    if (notice.kind === 'failed') this.#storeFailures.inc()
    if (notice.kind !== 'lost') return
    for (const { plant, records } of notice.lost) this.#settled.add(plant, 'lost', records)
  }

  #listen (): QueueListeners {
    return {
      onStored: ({ plant, records, parkedFor }) => {
        this.#stored.add(plant)
        if (parkedFor !== undefined) this.#recordParked(plant, parkedFor, records)
      },
      onCall: ({ verdict, purpose, pushes }) => {
        this.#calls.add(verdict.kind, purpose)
        this.#callPushes.note(pushes)
      },
      onSettled: ({ plant, deliveredRecords, parkedRecords }) => {
        if (deliveredRecords > 0) this.#settled.add(plant, 'delivered', deliveredRecords)
        for (const [code, records] of parkedRecords) this.#recordParked(plant, code, records)
      },
      onProblem: () => { this.#retries.inc() }
    }
  }

  #recordParked (plant: string, code: string, records: number): void {
    this.#settled.add(plant, 'parked', records)
    this.#parked.add(toCodeLabel(code), '', records)
  }

  async #setPlants (gauge: Gauge, read: OfPlant): Promise<void> {
    const state = await this.#state()
    gauge.reset()
    const nowMs = this.#now()
    for (const plant of state?.plants ?? []) {
      const value = read(plant, nowMs)
      if (value !== undefined) gauge.set({ plant: plant.plant }, value)
    }
  }

  async #setOne (gauge: Gauge, read: (state: QueueState) => number): Promise<void> {
    const state = await this.#state()
    if (state === undefined) gauge.remove()
    else gauge.set(read(state))
  }

  async #state (): Promise<QueueState | undefined> {
    this.#asked ??= this.#readState().finally(() => { this.#asked = undefined })
    return await this.#asked
  }
}
