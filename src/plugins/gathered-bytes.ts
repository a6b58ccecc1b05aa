const NOTHING = Buffer.alloc(0)

/**
 * Bytes that come in pieces, in one growing buffer. A list costs some 400 bytes a piece: four megabytes in chunks of one byte took the
 * process to 1.7 GB, and to 70 MB so.
 */
export class GatheredBytes {
  readonly #expectedBytes: number
  #buffer: Buffer = NOTHING
  #length = 0

  /** @param expectedBytes As many as will probably come: then they are moved once. */
  constructor (expectedBytes = 0) {
    this.#expectedBytes = expectedBytes
  }

  get length (): number {
    return this.#length
  }

  get bytes (): Buffer {
    return this.#length === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#length)
  }

  add (piece: Buffer): void {
    const length = this.#length + piece.length
    if (this.#length === 0) {
      // Most bodies come in one piece, which is not copied.
      this.#buffer = piece
    } else if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(length <= this.#expectedBytes ? this.#expectedBytes : 2 * length)
      this.bytes.copy(grown)
      this.#buffer = grown
      piece.copy(grown, this.#length)
    } else {
      piece.copy(this.#buffer, this.#length)
    }
    this.#length = length
  }

  clear (): void {
    this.#buffer = NOTHING
    this.#length = 0
  }
}
