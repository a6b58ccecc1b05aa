import type { StoredRow } from './queue-rows.js'

/** How much is read of a lane; one push is read however large it is. */
export interface HeadBounds {
  readonly afterId: number
  readonly entriesMax: number
  readonly bytesMax: number
}

/** A push with a row of its own, from the index alone. */
export interface RowPlace {
  readonly id: number
  readonly bytes: number
}

/** A lane, as it lies on disk: rows and bundles of which none reaches into another. */
export interface HeadSource<Push> {
  readonly rows: readonly RowPlace[]
  /** By their ids. */
  readonly bundles: readonly number[]
  /** The pushes with rows of their own from one id to another, both included. */
  readonly readRows: (fromId: number, toId: number) => Push[]
  readonly readBundle: (id: number) => Push[]
}

/** The pushes at the head of a lane in their order, as many as the bounds allow: no more bodies are read than are asked for, and those of a bundle. */
export function readHead<Push extends Pick<StoredRow, 'id' | 'bytes'>> (source: HeadSource<Push>, bounds: HeadBounds): Push[] {
  const found: Push[] = []
  const room = new Room(bounds)
  let row = 0
  for (const bundle of [...source.bundles, undefined]) {
    let [fromId, toId] = [0, 0]
    for (let place = source.rows[row]; place !== undefined && place.id < (bundle ?? Infinity) && room.takes(place.bytes); place = source.rows[row]) {
      if (fromId === 0) fromId = place.id
      toId = place.id
      row++
    }
    if (fromId > 0) found.push(...source.readRows(fromId, toId))
    if (bundle === undefined || room.isFull) return found
    for (const push of source.readBundle(bundle)) {
      if (push.id > bounds.afterId && room.takes(push.bytes)) found.push(push)
    }
    if (room.isFull) return found
  }
  return found
}

/** What the bounds leave. */
class Room {
  readonly #bounds: HeadBounds
  #entries = 0
  #bytes = 0
  #isFull = false

  constructor (bounds: HeadBounds) {
    this.#bounds = bounds
  }

  /** Once something had no room, nothing behind it has. */
  takes (bytes: number): boolean {
    if (!this.#isFull) this.#isFull = this.#entries >= this.#bounds.entriesMax || (this.#entries > 0 && this.#bytes + bytes > this.#bounds.bytesMax)
    if (this.#isFull) return false
    this.#entries++
    this.#bytes += bytes
    return true
  }

  get isFull (): boolean {
    return this.#isFull || this.#entries >= this.#bounds.entriesMax
  }
}
