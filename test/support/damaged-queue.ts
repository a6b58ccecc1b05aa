import { closeSync, cpSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { recoverStore } from '../../src/queue/log-recover.js'
import { finishRecovery } from '../../src/queue/log-swap.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { Loss, Stored } from '../../src/queue/queue-log.js'
import { everyPlaceOr } from './crash-rounds.js'
import { random } from './queue-ledger.js'
import { dataDirOf, newEntry, parkedPart, startQueue, startThread } from './queue.js'

/** Of queue.db. */
export const PAGE_BYTES = 16_384

/** A closed store, and what lies in it. */
export interface Known {
  readonly dataDir: string
  /** Body by request id. */
  readonly waiting: ReadonlyMap<string, string>
  readonly finished: ReadonlySet<string>
  readonly parked: ReadonlySet<string>
}

/**
 * 150 pushes in three lanes, some of them delivered and some parked.
 * @param pushesPerCommit about so many come together, and may lie in bundles
 */
export async function prepareKnown (t: Test, textOf: (index: number) => string, pushesPerCommit = 150): Promise<Known> {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const entries = Array.from({ length: 150 }, (_, index) => newEntry({
    deviceType: String(index % 3),
    body: Buffer.from(textOf(index))
  }))
  const stored: Stored[] = []
  while (stored.length < entries.length) stored.push(...await Promise.all(entries.slice(stored.length, stored.length + pushesPerCommit).map(entry => log.append(entry))))
  const ids = new Map(stored.map(({ id }, index) => [id, entries[index]]))
  await log.noteFailure(stored.slice(140).map(({ id }) => id), { atMs: 9, inDoubt: true })
  const finished = stored.slice(0, 40).map(({ id }) => id)
  for (const laneId of new Set(stored.map(({ laneId }) => laneId))) {
    const call = stored.slice(0, 40).filter(push => push.laneId === laneId)
    await log.settle(call.map(({ id }) => ({ id, deliveredRecords: 1, cloudRequestIds: [], parked: [] })))
  }
  const parked = stored.slice(60, 66).map(({ id }) => id)
  await log.settle(parked.map(id => ({ id, deliveredRecords: 0, cloudRequestIds: [], parked: [parkedPart({ body: Buffer.alloc(9000, id) })] })))
  await log.close()
  const names = (some: readonly number[]): Set<string> => new Set(some.map(id => ids.get(id)?.requestId ?? ''))
  const gone = names([...finished, ...parked])
  return {
    dataDir,
    waiting: new Map(entries.filter(({ requestId }) => !gone.has(requestId)).map(({ requestId, body }) => [requestId, Buffer.from(body).toString()])),
    finished: names(finished),
    parked: names(parked)
  }
}

/** A copy of the store with something done to it. */
export function damagedCopy (t: Test, known: Known, damage: (path: string) => void): string {
  const dataDir = dataDirOf(t)
  cpSync(known.dataDir, dataDir, { recursive: true })
  damage(join(dataDir, 'queue.db'))
  return dataDir
}

export function overwrite (path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

/** Recovered and lost together are all that was stored, and no byte of what was recovered has changed. */
export function checkRecovered (t: Test, known: Known, dataDir: string): { recovered: number, lost: readonly Loss[] } {
  const file = openQueueFile(dataDir)
  try {
    const { sound, lost } = file.verify()
    t.ok(sound, 'the recovered file is sound')
    const rows = [...file.exportRows()]
    const waiting = rows.filter(({ state }) => state === 'waiting')
    const wrong = waiting.filter(({ requestId, plant, body, intact }) => !intact || plant !== 'alpha' || known.waiting.get(requestId) !== Buffer.from(body).toString())
    t.strictSame(wrong.map(({ requestId }) => requestId), [], 'every recovered push waited, and has its bytes')
    t.equal(new Set(waiting.map(({ requestId }) => requestId)).size, waiting.length, 'none comes twice')
    return { recovered: waiting.length, lost }
  } finally {
    file.close()
  }
}

/** Sequence numbers. */
export function countLost (lost: readonly Loss[]): number {
  return lost.flatMap(({ laneSeqs }) => laneSeqs).reduce((sum, [from, to]) => sum + to - from + 1, 0)
}

/** Recovered, taken in and checked. */
export function recover (t: Test, known: Known, dataDir: string): ReturnType<typeof checkRecovered> {
  recoverStore(dataDir, 1)
  finishRecovery(dataDir)
  return checkRecovered(t, known, dataDir)
}

/** In each of some copies so many bytes change anywhere: what is recovered has its names and its bytes, and it is a third at the least. */
export function recoverChanged (t: Test, known: Known, bytesChanged: number): void {
  const size = statSync(join(known.dataDir, 'queue.db')).size
  const seed = Date.now()
  const chance = random(seed)
  let recoveredMin = known.waiting.size
  for (let round = 0; round < 40 / everyPlaceOr(8); round++) {
    const dataDir = damagedCopy(t, known, path => {
      for (let count = 0; count < bytesChanged; count++) overwrite(path, Math.floor(chance() * size), Buffer.from([Math.floor(chance() * 256)]))
      // Among the rows' own columns, where a change makes another name rather than a broken page.
      const bytes = readFileSync(path)
      for (let at = bytes.indexOf('alpha'); at >= 0; at = bytes.indexOf('alpha', at + 5)) if (chance() < 0.02) overwrite(path, at + 4, Buffer.from('x'))
    })
    recoveredMin = Math.min(recoveredMin, recover(t, known, dataDir).recovered)
  }
  t.ok(recoveredMin > known.waiting.size / 3, `${recoveredMin} of ${known.waiting.size} recovered at the least, seed ${seed}`)
}
