import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { encodePush } from '../../src/contract/encode-push.js'
import type { ThreadData } from '../../src/queue/log-messages.js'
import { openQueueLog, type Entry, type NewEntry, type ParkedPart, type QueueLog, type QueueLogParts, type QueueNotice } from '../../src/queue/queue-log.js'

/** In memory where there is such a place: a sync of a busy disk may take longer than a whole test. */
const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A data directory that goes with its test. */
export function dataDirOf (t: Test): string {
  const dataDir = mkdtempSync(join(ROOM, 'queue-'))
  t.teardown(() => { rmSync(dataDir, { recursive: true, force: true }) })
  return dataDir
}

/** Starts the queue's thread without what the tests' runner puts into every one: it costs each half a second. */
export function startThread (data: ThreadData): Worker {
  return new Worker(new URL('../../src/queue/queue-thread.js', import.meta.url), { workerData: data, execArgv: [] })
}

export interface StartedQueue {
  readonly log: QueueLog
  readonly notices: QueueNotice[]
}

/** A queue that closes with its test. */
export async function startQueue (t: Test, parts: Partial<QueueLogParts> & Pick<QueueLogParts, 'dataDir' | 'startThread'>): Promise<StartedQueue> {
  const log = await openQueueLog({ queueBytesMax: 2 ** 30, clock: systemClock, ballastBytes: 65_536, pollMs: 20, ...parts })
  const notices: QueueNotice[] = []
  log.onNotice(notice => { notices.push(notice) })
  t.teardown(() => log.close())
  return { log, notices }
}

export function newEntry (overrides: Partial<NewEntry> = {}): NewEntry {
  return {
    requestId: randomUUID().toUpperCase(),
    plant: 'alpha',
    deviceType: '1',
    body: Buffer.from(`body of ${randomUUID()}`),
    recordCount: 1,
    receivedAtMs: 1_700_000_000_000,
    plantBytesMax: 2 ** 30,
    ...overrides
  }
}

export function parkedPart (overrides: Partial<ParkedPart> = {}): ParkedPart {
  return { body: Buffer.from('a refused record'), recordCount: 1, reason: { code: 'InvalidParameter', message: 'no', cloudRequestId: 'C-1' }, ...overrides }
}

/** A body as it is stored, with one record of each device. */
export function pushBody (deviceIds: readonly string[], recordTime = '2021-09-08 18:40:00'): Buffer {
  return encodePush({ deviceType: '1', devices: deviceIds.map(deviceId => ({ deviceId, recordTime, data: { Ua: '226.0', Ep_imp: '325.00' } })) })
}

/** Everything that waits, lane by lane. */
export async function readAll (log: QueueLog): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const lane of await log.lanes()) {
    let afterId = 0
    for (let part = await log.read(lane.id, { entriesMax: 500, bytesMax: 2 ** 24 }); part.length > 0; part = await log.read(lane.id, { entriesMax: 500, bytesMax: 2 ** 24, afterId })) {
      entries.push(...part)
      afterId = part.at(-1)?.id ?? afterId
    }
  }
  return entries
}

export function delivered (entry: Entry): { id: number, deliveredRecords: number, cloudRequestIds: string[], parked: [] } {
  return { id: entry.id, deliveredRecords: entry.recordCount, cloudRequestIds: ['CLOUD-1'], parked: [] }
}
