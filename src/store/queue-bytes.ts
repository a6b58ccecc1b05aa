/** The size of a page of queue.db: rows of 2 KB are written twice as fast as with SQLite's 4096 (91,000 a second against 49,000). */
export const QUEUE_PAGE_BYTES = 16_384

/** What a row holds besides its body: ids, names, digest, and the row's place in its page. */
const ROW_BYTES = 110
/** The push's receipt and its places in the indexes. */
const BESIDE_BYTES = 190
/** What stands beside a push that can be repeated: two digests, and the place of their row. */
export const REPEAT_KEY_BYTES = 110
/** What stands beside a push whose body was changed: its codes and counts as JSON, and the place of their row. */
export const REPAIRS_BYTES = 80
/** SQLite's file format: the most that a leaf page of a table keeps of one row, and what it keeps of a longer one. */
const LOCAL_BYTES_MAX = QUEUE_PAGE_BYTES - 35
const LOCAL_BYTES_MIN = Math.floor((QUEUE_PAGE_BYTES - 12) * 32 / 255) - 23
const OVERFLOW_BYTES = QUEUE_PAGE_BYTES - 4

/**
 * What a body takes up on disk, with all that is kept beside it: a row that does not share its page counts as a whole
 * page. An estimate from the file format ("Database File Format", B-tree pages); a test holds it against real files.
 */
export function queueBytesOf (bodyBytes: number): number {
  const rowBytes = bodyBytes + ROW_BYTES
  if (rowBytes <= LOCAL_BYTES_MAX) return shareOfPage(rowBytes) + BESIDE_BYTES
  const kept = LOCAL_BYTES_MIN + (rowBytes - LOCAL_BYTES_MIN) % OVERFLOW_BYTES
  const localBytes = kept <= LOCAL_BYTES_MAX ? kept : LOCAL_BYTES_MIN
  const overflowPages = Math.ceil((rowBytes - localBytes) / OVERFLOW_BYTES)
  return overflowPages * QUEUE_PAGE_BYTES + shareOfPage(localBytes) + BESIDE_BYTES
}

/** The reason of a parked entry, in its row and in the receipt; and each record's device and time, with two indexes. Both measured. */
const REASON_BYTES = 80
const PARKED_RECORD_BYTES = 58

/** What a parked body takes up, with all that is kept beside it. */
export function parkedBytesOf (bodyBytes: number, records: number): number {
  return queueBytesOf(bodyBytes) + REASON_BYTES + records * PARKED_RECORD_BYTES
}

function shareOfPage (rowBytes: number): number {
  return Math.ceil(QUEUE_PAGE_BYTES / Math.max(1, Math.floor((QUEUE_PAGE_BYTES - 8) / rowBytes)))
}
