import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, rm, stat, statfs } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../clock.js'
import { queuePath } from '../queue/log-names.js'
import { describeStoreFailure } from '../store/store-error.js'
import { codeOf, fault, type Found, ok, type Report, skipped, warning } from './report.js'

export interface DiskParts {
  readonly dataDir: string
  readonly queueBytesMax: number
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** The data directory, or while that is not there yet the one in which it would be made. */
interface Directory {
  readonly path: string
  readonly isThere: boolean
}

const MIB = 1_048_576
/** With less the queue can neither be opened nor write down what became of what it holds. */
const FREE_BYTES_MIN = 16 * MIB
const SYNC_ROUNDS = 5
const SYNC_MS_MAX = 100

/** @returns where the data are, undefined when the proxy could not use it */
export async function checkDisk (report: Report, { dataDir, queueBytesMax, clock }: DiskParts): Promise<string | undefined> {
  const directory = await report.check('data-dir', {}, async () => await findDirectory(resolve(dataDir)))
  await report.check('disk-space', { 'data-dir': directory }, async given => await measureRoom(given['data-dir'].path, queueBytesMax))
  await report.check('disk-sync', { 'data-dir': directory }, async given => given['data-dir'].isThere ? await measureSync(given['data-dir'].path, clock) : skipped('DATA_DIR is not there yet.'))
  return directory === undefined ? undefined : resolve(dataDir)
}

async function findDirectory (path: string): Promise<Found<Directory>> {
  let place = path
  try {
    // A part of the path that is a file is ENOTDIR, which no parent heals.
    while (!await isThere(place)) place = dirname(place)
    const status = await stat(place)
    if (!status.isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
    if (place !== path) return ok(`${path} is not there yet; the proxy makes it.`, { path: place, isThere: false })
    const { uid } = userInfo()
    if (uid >= 0 && status.uid !== uid) return warning(`${path} belongs to another user (uid ${status.uid}).`, 'Run this as the user who runs the proxy: only then it sees what the proxy sees.', { path, isThere: true })
    return ok(`${path} can be written.`, { path, isThere: true })
  } catch (cause) {
    throw describeStoreFailure(place, cause)
  }
}

async function isThere (path: string): Promise<boolean> {
  return await stat(path).then(() => true, (error: unknown) => {
    if (codeOf(error) === 'ENOENT' && dirname(path) !== path) return false
    throw error
  })
}

async function measureRoom (path: string, queueBytesMax: number): Promise<Found<true>> {
  const { bavail, bsize, files, ffree } = await statfs(path)
  const freeBytes = bavail * bsize
  const usedBytes = await stat(queuePath(path)).then(({ size }) => size, () => 0)
  const free = `${Math.floor(freeBytes / MIB)} MiB are free.`
  if (freeBytes < FREE_BYTES_MIN) return fault(`The disk that holds DATA_DIR is nearly full: ${free}`, 'Free some space; until then nothing can be stored.')
  if (files > 0 && ffree === 0) return fault('The disk that holds DATA_DIR takes no further files: it has no inodes left.', 'Remove files that nobody needs.')
  if (freeBytes < queueBytesMax - usedBytes) return warning(`${free} The queue may grow to ${Math.floor(queueBytesMax / MIB)} MiB.`, 'Free some space, or lower QUEUE_MAX_BYTES.', true)
  return ok(free, true)
}

/** What a stored push waits for before its sender is answered. The file is gone when this returns. */
async function measureSync (directory: string, clock: DiskParts['clock']): Promise<Found<true>> {
  const path = join(directory, `.doctor-${randomUUID()}`)
  const times: number[] = []
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      for (let round = 0; round < SYNC_ROUNDS; round++) {
        const startedAtMs = clock.monotonicMs()
        await file.write(Buffer.alloc(4096, 1), 0, 4096, round * 4096)
        await file.datasync()
        times.push(clock.monotonicMs() - startedAtMs)
      }
    } finally {
      await file.close()
      await rm(path, { force: true })
    }
  } catch (cause) {
    throw describeStoreFailure(directory, cause)
  }
  const medianMs = times.sort((a, b) => a - b)[Math.floor(SYNC_ROUNDS / 2)] ?? 0
  const sentence = `A write is safe on disk after ${medianMs.toFixed(1)} ms.`
  return medianMs > SYNC_MS_MAX ? warning(sentence, 'Every stored push waits for this: put DATA_DIR on a faster, local disk.', true) : ok(sentence, true)
}
