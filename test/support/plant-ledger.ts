import { openQueueFile } from '../../src/queue/queue-file.js'
import type { ReceivedPush } from '../../src/sandbox/sandbox.js'

interface DeviceRecord { readonly deviceId: string, readonly recordTime: string, readonly data: Readonly<Record<string, string>> }
interface SentPush { readonly deviceType: string, readonly devices: readonly DeviceRecord[] }

/** One record as it was sent, in one text: type, device, time and every character of its values. */
const textOf = (deviceType: string, { deviceId, recordTime, data }: DeviceRecord): string => JSON.stringify([deviceType, deviceId, recordTime, data])

export interface LedgerReport {
  /** Records of pushes that were answered as safe, and are neither at the cloud nor parked. */
  readonly missing: readonly string[]
  /** Records that came to the cloud, or lie parked, and were never sent so. */
  readonly foreign: readonly string[]
  /** Stored pushes of a lane that came before an earlier one. */
  readonly outOfOrder: readonly string[]
  readonly repeats: number
  readonly parked: number
}

/** What a plant's client wrote down: every push that it sent, and what it was answered. */
export class PlantLedger {
  readonly #name: string
  readonly #sent = new Set<string>()
  readonly #safe: Array<{ readonly text: string, readonly lane: string, readonly isStored: boolean }> = []
  #next = 0
  /** Pushes that were answered with an error. */
  refused = 0

  /** @param name the beginning of all its device ids, since several plants push to one cloud */
  constructor (name: string) {
    this.#name = name
  }

  /** A push of a device that is new each time, with values that only they have. */
  next (deviceType = '1', padding = 0): SentPush {
    const n = this.#next++
    const pad = Object.fromEntries(Array.from({ length: padding }, (_, point) => [`p${point}`, '1'.repeat(250)]))
    const push = { deviceType, devices: [{ deviceId: `${this.#name}-${n}`, recordTime: '2021-09-08 18:40:00', data: { Ua: `${n}.50`, Ep_imp: `9007199254740993${n}`, ...pad } }] }
    for (const device of push.devices) this.#sent.add(textOf(deviceType, device))
    return push
  }

  /** @param data what the answer said: `success` and `stored` mean that the push is safe */
  note ({ deviceType, devices }: SentPush, data: unknown): void {
    if (data !== 'success' && data !== 'stored') {
      this.refused += 1
      return
    }
    for (const device of devices) this.#safe.push({ text: textOf(deviceType, device), lane: deviceType, isStored: data === 'stored' })
  }

  get stored (): number {
    return this.#safe.filter(({ isStored }) => isStored).length
  }

  /** Compares the answers with what came to the cloud and what lies parked in `dataDir`. */
  report (received: readonly ReceivedPush[], dataDir: string): LedgerReport {
    const parked = new Set(parkedIn(dataDir).filter(text => this.#isOwn(text)))
    const came = received.flatMap(({ body }) => textsOf(body)).filter(text => this.#isOwn(text))
    const firstAt = new Map<string, number>()
    for (const [at, text] of came.entries()) if (!firstAt.has(text)) firstAt.set(text, at)
    const arrived = new Set(received.filter(({ answered }) => answered).flatMap(({ body }) => textsOf(body)))
    return {
      missing: this.#safe.filter(({ text }) => !arrived.has(text) && !parked.has(text)).map(({ text }) => text),
      foreign: [...came, ...parked].filter(text => !this.#sent.has(text)),
      outOfOrder: this.#outOfOrder(firstAt),
      repeats: came.length - firstAt.size,
      parked: parked.size
    }
  }

  #isOwn (text: string): boolean {
    return text.includes(`"${this.#name}-`)
  }

  #outOfOrder (firstAt: ReadonlyMap<string, number>): string[] {
    const lastAt = new Map<string, number>()
    return this.#safe.filter(({ text, lane, isStored }) => {
      const at = firstAt.get(text)
      if (!isStored || at === undefined) return false
      const isEarly = at < (lastAt.get(lane) ?? -1)
      lastAt.set(lane, at)
      return isEarly
    }).map(({ text }) => text)
  }
}

function textsOf (body: string | Uint8Array): string[] {
  // What was signed and sent is always a push.
  const { deviceType, devices } = JSON.parse(Buffer.from(body).toString()) as SentPush
  return devices.map(device => textOf(deviceType, device))
}

function parkedIn (dataDir: string): string[] {
  const file = openQueueFile(dataDir)
  try {
    return [...file.exportRows()].filter(({ state }) => state === 'parked').flatMap(({ body }) => textsOf(body))
  } finally {
    file.close()
  }
}
