import { readBundledPushes, readHeads } from './bundle-rows.js'
import { readInteger, unexpected } from './columns.js'
import type { Database } from './database.js'
import { BUNDLE_ENTRIES_MIN, BUNDLE_SPAN_MAX } from './queue-bundles.js'
import { readFailureRow, type PushRow, type WaitingRow } from './queue-rows.js'

/** What is read of the pushes that wait in bundles. Throws StoreError. */
export class BundlePushes {
  readonly #database: Database
  #decoded: ReadonlyMap<string, readonly PushRow[]> = new Map()
  #merged: readonly PushRow[] = []

  constructor (database: Database) {
    this.#database = database
  }

  /** The pushes of a bundle that `ofLane` has named. */
  of (id: number): WaitingRow[] {
    return this.withFailures(this.#decode(id))
  }

  /** @param pushes in the order of their ids */
  withFailures (pushes: readonly PushRow[]): WaitingRow[] {
    const [fromId = 0, toId = 0] = [pushes[0]?.id, pushes.at(-1)?.id]
    const failures = new Map(this.#database.all('SELECT * FROM failures WHERE id BETWEEN ? AND ?', [fromId, toId]).map(readFailureRow).map(row => [row.id, row]))
    return pushes.map(push => {
      const failure = failures.get(push.id)
      return { ...push, failures: failure?.failures ?? 0, firstFailedAtMs: failure?.firstFailedAtMs ?? null, doubtfulCall: failure?.doubtfulCall ?? null }
    })
  }

  /** Bundles of a lane that hold a push after `afterId`, in their order, from the index alone: enough for so many pushes. */
  ofLane (lane: number, afterId: number, pushesMax: number): number[] {
    return this.#database.all('SELECT id FROM bundles INDEXED BY bundles_by_lane WHERE lane = ? AND id > ? AND last_id > ? ORDER BY id LIMIT ?',
      [lane, afterId - BUNDLE_SPAN_MAX, afterId, 1 + Math.ceil(pushesMax / BUNDLE_ENTRIES_MIN)]).map(row => readInteger(row, 'id'))
  }

  /** The first `pushesMax` pushes of all lanes after `afterId`, in their order. */
  after (afterId: number, pushesMax: number): WaitingRow[] {
    const reaching = this.#database.all('SELECT id, last_id FROM bundles WHERE id BETWEEN ? AND ? AND last_id > ?', [afterId - BUNDLE_SPAN_MAX, afterId, afterId])
    const ahead = this.#merge(reaching.map(row => [readInteger(row, 'id'), readInteger(row, 'last_id')]), afterId)
    const from = ahead.findIndex(({ id }) => id > afterId)
    let found = from < 0 ? [] : ahead.slice(from, from + pushesMax)
    // Each that begins later has at least its first.
    for (const row of this.#database.all('SELECT id FROM bundles WHERE id > ? ORDER BY id LIMIT ?', [afterId, pushesMax])) {
      const id = readInteger(row, 'id')
      if (found.length >= pushesMax && (found.at(-1)?.id ?? 0) < id) break
      found = [...found, ...this.#decode(id)].sort((a, b) => a.id - b.id).slice(0, pushesMax)
    }
    return this.withFailures(found)
  }

  /** All pushes of these bundles, in their order. Who asks for a few at a time asks for the same bundles again. */
  #merge (places: ReadonlyArray<readonly [id: number, lastId: number]>, afterId: number): readonly PushRow[] {
    const names = new Map(places.map(place => [place.join(), place]))
    // Others may lie among them when all of theirs came before.
    const isSame = [...names.keys()].every(name => this.#decoded.has(name)) && [...this.#decoded].every(([name, pushes]) => names.has(name) || (pushes.at(-1)?.id ?? 0) <= afterId)
    if (isSame) return this.#merged
    this.#decoded = new Map([...names].map(([name, [id]]) => [name, this.#decoded.get(name) ?? this.#decode(id)]))
    this.#merged = [...this.#decoded.values()].flat().sort((a, b) => a.id - b.id)
    return this.#merged
  }

  #decode (id: number): PushRow[] {
    const row = this.#database.get('SELECT * FROM bundles WHERE id = ?', [id])
    // Within a snapshot only a damaged index names what is not there.
    return row === undefined ? unexpected('id') : readBundledPushes(row)
  }

  /** The first push of a lane. */
  oldest (lane: number): { readonly id: number, readonly receivedAtMs: number } | undefined {
    const row = this.#database.get(`
      SELECT id, received_at_ms FROM bundles WHERE id = (SELECT id FROM bundles INDEXED BY bundles_by_lane WHERE lane = ? ORDER BY id LIMIT 1)`, [lane])
    return row === undefined ? undefined : { id: readInteger(row, 'id'), receivedAtMs: readInteger(row, 'received_at_ms') }
  }

  /** The sequence numbers that wait in a lane, from one to another, both included. */
  seqs (lane: number): Array<readonly [from: number, to: number]> {
    return this.#database.all('SELECT first_seq, entries FROM bundles INDEXED BY bundles_by_lane WHERE lane = ?', [lane])
      .map(row => [readInteger(row, 'first_seq'), readInteger(row, 'first_seq') + readInteger(row, 'entries') - 1])
  }

  /** Receipt ids with the records that wait under them, of one lane. */
  recordsByReceipt (lane: number): Array<readonly [receipt: number, records: number]> {
    return this.#database.all('SELECT id, last_id, lane, first_seq, plant, device_type, live, entries, received_at_ms, seal, heads FROM bundles WHERE lane = ?', [lane])
      .flatMap(row => readHeads(row).map(({ receipt, recordCount }) => [receipt, recordCount] as const))
  }
}
