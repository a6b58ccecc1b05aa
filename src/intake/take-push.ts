import { encodePush } from '../contract/encode-push.js'
import { tallyPush } from '../contract/tally-push.js'
import type { Arrival } from './arrival.js'
import type { InvalidPolicy } from './keep-good.js'
import { readPush, type ReadPush } from './read-push.js'
import { scanPush } from './scan-push.js'
import type { IntakePolicy } from './shape-push.js'

/** A body that was taken, as it will be sent. */
export interface TakenPush extends Pick<ReadPush, 'repairs' | 'warnings' | 'bad'> {
  readonly deviceType: string
  /** The very bytes that are signed and sent. */
  readonly body: Buffer
  readonly records: number
  readonly points: number
  /** What the general way read; undefined: the bytes were proven clean, so nothing was changed, and nothing is wrong. */
  readonly read: ReadPush | undefined
}

const CLEAN: Pick<TakenPush, 'repairs' | 'warnings' | 'bad'> = { repairs: new Map(), warnings: new Map(), bad: [] }

/** Whether the contract alone judges the bodies of a plant, so that its clean ones may go out as they came. */
export function isScanned ({ dialect = 'energy-expert', catalog = 'off', maxAge = '0', maxFuture = '0' }: IntakePolicy): boolean {
  return dialect === 'energy-expert' && catalog === 'off' && maxAge === '0' && maxFuture === '0'
}

/**
 * Turns the bytes of a body into what will be sent: at once where they are proven to be that, otherwise the general way. Throws as
 * readPush does.
 * @param mayScan False: whoever asks wants to see every step, or every record.
 */
export function takePush (bytes: Buffer, policy: IntakePolicy & InvalidPolicy, arrival: Arrival, mayScan: boolean): TakenPush {
  const scanned = mayScan && isScanned(policy) ? scanPush(bytes) : undefined
  if (scanned !== undefined) {
    const { repairs, warnings, bad } = CLEAN
    return { deviceType: scanned.deviceType, body: bytes, records: scanned.records, points: scanned.points, repairs, warnings, bad, read: undefined }
  }
  const read = readPush(bytes, policy, arrival)
  const { push, repairs, warnings, bad } = read
  return { deviceType: detached(push.deviceType), body: encodePush(push), ...tallyPush(push), repairs, warnings, bad, read }
}

/** Copied: V8 cuts a string out of a text by pointing at the whole of it, and lanes are remembered by their device types. */
function detached (text: string): string {
  return Buffer.from(text).toString()
}
