import { QUEUE_PAGE_BYTES } from './queue-bytes.js'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const FRAME_BYTES = FRAME_HEADER_BYTES + QUEUE_PAGE_BYTES

/**
 * Where in a write-ahead log the newest committed copy of each page lies (page number to byte offset), as far as its
 * chain of checksums holds ("Write-Ahead Logging", the WAL file format). Frames after the last commit do not count.
 *
 * @param log the bytes of the -wal file, cut anywhere
 */
export function findLoggedPages (log: Buffer): Map<number, number> {
  const pages = new Map<number, number>()
  if (log.length < HEADER_BYTES || (log.readUInt32BE(0) & ~1) !== 0x377f0682 || log.readUInt32BE(8) !== QUEUE_PAGE_BYTES) return pages
  const bigEndian = (log.readUInt32BE(0) & 1) === 1
  let sum = checksum(log.subarray(0, 24), [0, 0], bigEndian)
  if (!isSum(log, 24, sum)) return pages
  const salts = log.subarray(16, 24)
  let uncommitted: Array<[page: number, offset: number]> = []
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    const body = log.subarray(at + FRAME_HEADER_BYTES, at + FRAME_BYTES)
    sum = checksum(body, checksum(log.subarray(at, at + 8), sum, bigEndian), bigEndian)
    if (!log.subarray(at + 8, at + 16).equals(salts) || !isSum(log, at + 16, sum)) break
    uncommitted.push([log.readUInt32BE(at), at + FRAME_HEADER_BYTES])
    // A frame that ends a transaction holds the size of the file, every other one 0.
    if (log.readUInt32BE(at + 4) === 0) continue
    for (const [page, offset] of uncommitted) pages.set(page, offset)
    uncommitted = []
  }
  return pages
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
