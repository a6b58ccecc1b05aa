import { readFileSync } from 'node:fs'
import { QUEUE_PAGE_BYTES } from './queue-bytes.js'

/** What a write-ahead log holds, read without SQLite ("Write-Ahead Logging", the WAL file format). */
export interface LoggedPages {
  /** Where the newest committed copy of each page lies: page number to byte offset. */
  readonly pages: ReadonlyMap<number, number>
  /**
   * Commits that were synced lie behind a frame that has changed since. SQLite ends its reading at such a frame, takes
   * it for the end of a log that a crash has cut, and says nothing; here, `pages` goes on behind it.
   */
  readonly damaged: boolean
}

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const FRAME_BYTES = FRAME_HEADER_BYTES + QUEUE_PAGE_BYTES

/** @param path of the database; a log that is not there, or cannot be read, is an empty one */
export function readLog (path: string): Buffer {
  try {
    return readFileSync(`${path}-wal`)
  } catch {
    return Buffer.alloc(0)
  }
}

/** @param log the bytes of the log, cut anywhere */
export function readLoggedPages (log: Buffer): LoggedPages {
  const pages = new Map<number, number>()
  if (log.length < HEADER_BYTES || (log.readUInt32BE(0) & ~1) !== 0x377f0682 || log.readUInt32BE(8) !== QUEUE_PAGE_BYTES) return { pages, damaged: false }
  const behind = new Map<number, number>()
  let broken = !isSum(log, 24, headerSum(log))
  let [commitsBehind, framesBehindCommit] = [0, 0]
  let uncommitted: Array<[page: number, offset: number]> = []
  for (const { page, offset, commits, holds } of walkFrames(log)) {
    if (!holds) {
      broken = true
      continue
    }
    uncommitted.push([page, offset])
    if (broken) framesBehindCommit++
    if (!commits) continue
    for (const [each, at] of uncommitted) (broken ? behind : pages).set(each, at)
    uncommitted = []
    if (broken) commitsBehind++
    framesBehindCommit = 0
  }
  // A crash cuts the newest transaction alone, for each is synced before the next one begins: behind the cut lies at
  // most the end of that one.
  const damaged = commitsBehind > 1 || (commitsBehind === 1 && framesBehindCommit > 0)
  if (damaged) for (const [page, offset] of behind) pages.set(page, offset)
  return { pages, damaged }
}

interface Frame {
  readonly page: number
  readonly offset: number
  /** It ends a transaction. */
  readonly commits: boolean
  /** Its checksum is right; behind the first one that is not, which ends the chain, it need only be of the same log. */
  readonly holds: boolean
}

function * walkFrames (log: Buffer): Generator<Frame> {
  const bigEndian = isBigEndian(log)
  const salts = log.subarray(16, 24)
  // Undefined once the chain is broken.
  let sum: Sum | undefined = headerSum(log)
  if (!isSum(log, 24, sum)) sum = undefined
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    const body = log.subarray(at + FRAME_HEADER_BYTES, at + FRAME_BYTES)
    const ofThisLog = log.subarray(at + 8, at + 16).equals(salts)
    const inChain = sum !== undefined
    if (sum !== undefined) sum = checksum(body, checksum(log.subarray(at, at + 8), sum, bigEndian), bigEndian)
    const holds = ofThisLog && (!inChain || (sum !== undefined && isSum(log, at + 16, sum)))
    if (!holds) sum = undefined
    // A frame that ends a transaction holds the size of the file, every other one 0.
    yield { page: log.readUInt32BE(at), offset: at + FRAME_HEADER_BYTES, commits: log.readUInt32BE(at + 4) !== 0, holds }
  }
}

function isBigEndian (log: Buffer): boolean {
  return (log.readUInt32BE(0) & 1) === 1
}

function headerSum (log: Buffer): Sum {
  return checksum(log.subarray(0, 24), [0, 0], isBigEndian(log))
}

type Sum = readonly [number, number]

function checksum (bytes: Buffer, [first, second]: Sum, bigEndian: boolean): Sum {
  let [a, b] = [first, second]
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0
    b = (b + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0
  }
  return [a, b]
}

function isSum (log: Buffer, at: number, [first, second]: Sum): boolean {
  return log.readUInt32BE(at) === first && log.readUInt32BE(at + 4) === second
}
