import { crc32 } from 'node:zlib'
import type { SqlValue } from './bind-values.js'
import { readBytes, readInteger, readText, unexpected } from './columns.js'
import type { Row } from './database.js'
import { sealOf, VERIFIED } from './digest.js'
import { emptyReceipt, type ReceiptRow } from './queue-receipt-rows.js'
import { readLaneName, type LaneName, type NewPush, type PushRow, type StoredRow } from './queue-rows.js'

/** Pushes that follow one another in their lane and came in one commit, of which nothing is told but that all of them wait, or that all were delivered. */
interface BundleFacts extends LaneName {
  /** Of its first push. */
  readonly id: number
  readonly lastId: number
  readonly lane: number
  readonly firstSeq: number
  readonly entries: number
  readonly receivedAtMs: number
  /** A line for each push: id from the first, records, time of receipt from the first, bytes as the disk counts, bytes of the body, its CRC-32, request id. */
  readonly heads: Buffer
}

export interface Bundle extends BundleFacts {
  /** A digest of all that stands above: what no push of a bundle is read without. */
  readonly seal: Uint8Array
}

const LINE = /^(\d+) (\d+) (-?\d+) (\d+) (\d+) (\d+) ([ -~]+)$/
/** The digest of nothing. */
const CHANGED = new Uint8Array(16)

/** Ids with their records, in their order. */
export function rangeContent (entries: ReadonlyArray<{ readonly id: number, readonly records: number }>): string {
  return entries.map(({ id, records }) => `${id} ${records}`).join()
}

/** Whether a push can lie in a bundle: its line of `heads` must be read as it was written, and its end must show in its records. */
export function isBundleable ({ requestId, id, receipt, recordCount, receivedAtMs, bytes }: StoredRow): boolean {
  const isCounted = recordCount > 0 && bytes >= 0 && Number.isSafeInteger(recordCount) && Number.isSafeInteger(bytes)
  return id === receipt && isCounted && Number.isSafeInteger(receivedAtMs) && /^[ -~]+$/.test(requestId)
}

/** The end of a request id: those of a whole bundle are looked through ten times as fast as its heads. */
export function endingOf (requestId: string): string {
  return requestId.slice(-4)
}

/** @param rows at least one, of one lane, with sequence numbers that follow one another */
export function bundleOf (rows: readonly NewPush[], first: NewPush, last: NewPush): Bundle {
  const { id, lane, laneSeq, plant, deviceType, live, receivedAtMs } = first
  let lines = ''
  for (const row of rows) lines += `${row.id - id} ${row.recordCount} ${row.receivedAtMs - receivedAtMs} ${row.bytes} ${row.body.byteLength} ${crc32(row.body)} ${row.requestId}\n`
  const facts = { id, lastId: last.id, lane, firstSeq: laneSeq, plant, deviceType, live, entries: rows.length, receivedAtMs, heads: Buffer.from(lines, 'latin1') }
  return { ...facts, seal: sealOfFacts(facts) }
}

/** The bodies, one after the other. */
export function bundleBodies (rows: readonly NewPush[]): Buffer<ArrayBuffer> {
  const bodies = Buffer.allocUnsafeSlow(rows.reduce((sum, { body }) => sum + body.byteLength, 0))
  let at = 0
  for (const { body } of rows) {
    bodies.set(body, at)
    at += body.byteLength
  }
  return bodies
}

export function bundleValues (bundle: Bundle, rows: readonly NewPush[], bodies: Buffer): SqlValue[] {
  const { id, lastId, lane, firstSeq, plant, deviceType, live, entries, receivedAtMs, heads, seal } = bundle
  const [bytes, records] = [rows.reduce((sum, row) => sum + row.bytes, 0), rows.reduce((sum, row) => sum + row.recordCount, 0)]
  return [id, 'bundle', lastId, lane, firstSeq, plant, deviceType, live ? 1 : 0, entries, bytes, records, receivedAtMs, seal, sealOf(seal, bodies), heads, bodies]
}

export function bundleReceiptValues (bundle: Bundle, rows: readonly NewPush[], atMs: number): SqlValue[] {
  const { id, lastId, lane, firstSeq, plant, deviceType, live, entries, receivedAtMs, heads, seal } = bundle
  const content = Buffer.from(rangeContent(rows.map(({ id, recordCount }) => ({ id, records: recordCount }))), 'latin1')
  const endings = Buffer.from(rows.map(({ requestId }) => endingOf(requestId)).join(''), 'latin1')
  return [id, 'bundle-receipt', lastId, lane, firstSeq, plant, deviceType, live ? 1 : 0, entries, receivedAtMs, 'waiting', '[]', atMs, endings, content, seal, heads]
}

function sealOfFacts ({ id, lastId, lane, firstSeq, plant, deviceType, live, entries, receivedAtMs, heads }: BundleFacts): Uint8Array {
  return sealOf(Buffer.from(JSON.stringify([id, lastId, lane, firstSeq, plant, deviceType, live, entries, receivedAtMs])), heads)
}

/**
 * The pushes of a row of `bundles`, as rows of their own would hold them. The digest of all bodies tells whether any has changed, the
 * CRC-32 of each which of them. Throws StoreError.
 */
export function readBundledPushes (row: Row): PushRow[] {
  const bodies = readBytes(row, 'bodies')
  // With the seal of the heads, so that it says whose they are.
  const isWhole = Buffer.compare(sealOf(readBytes(row, 'seal'), bodies), readBytes(row, 'bodies_seal')) === 0
  let at = 0
  const pushes = readHeads(row).map(({ bodyBytes, check, ...head }) => {
    const body = bodies.subarray(at, at + bodyBytes)
    at += bodyBytes
    return { ...head, digest: isWhole || crc32(body) === check ? VERIFIED : CHANGED, body }
  })
  return at === bodies.byteLength ? pushes : unexpected('bodies')
}

/** The receipts of a row of `bundle_receipts`. Throws StoreError. */
export function readBundledReceipts (row: Row): ReceiptRow[] {
  const state = readText(row, 'state')
  if (state !== 'waiting' && state !== 'delivered') return unexpected('state')
  const [cloudRequestIds, updatedAtMs] = [readText(row, 'cloud_request_ids'), readInteger(row, 'updated_at_ms')]
  return readHeads(row).map(head => ({ ...emptyReceipt(head, updatedAtMs), records: head.recordCount, [state]: head.recordCount, cloudRequestIds }))
}

/** What a row of either table says of its pushes. Throws StoreError, also when it is not what was written. */
export function readHeads (row: Row): Array<StoredRow & { readonly bodyBytes: number, readonly check: number }> {
  const bundle = readBundle(row)
  const { lane, firstSeq, plant, deviceType, live, entries, heads } = bundle
  if (Buffer.compare(sealOfFacts(bundle), bundle.seal) !== 0) return unexpected('seal')
  const lines = heads.toString('latin1').split('\n').slice(0, -1)
  if (lines.length !== entries) return unexpected('heads')
  return lines.map((line, index) => {
    const [, id, recordCount, receivedAtMs, bytes, bodyBytes, check, requestId = ''] = LINE.exec(line) ?? unexpected('heads')
    return {
      id: bundle.id + Number(id),
      lane,
      laneSeq: firstSeq + index,
      receipt: bundle.id + Number(id),
      requestId,
      plant,
      deviceType,
      live,
      recordCount: Number(recordCount),
      bytes: Number(bytes),
      receivedAtMs: bundle.receivedAtMs + Number(receivedAtMs),
      bodyBytes: Number(bodyBytes),
      check: Number(check)
    }
  })
}

function readBundle (row: Row): Bundle {
  const heads = readBytes(row, 'heads')
  return {
    id: readInteger(row, 'id'),
    lastId: readInteger(row, 'last_id'),
    lane: readInteger(row, 'lane'),
    firstSeq: readInteger(row, 'first_seq'),
    ...readLaneName(row),
    entries: readInteger(row, 'entries'),
    receivedAtMs: readInteger(row, 'received_at_ms'),
    heads: Buffer.from(heads.buffer, heads.byteOffset, heads.byteLength),
    seal: readBytes(row, 'seal')
  }
}
