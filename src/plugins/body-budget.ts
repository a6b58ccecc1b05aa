import { addressGroup } from '../address-group.js'

export interface BodyBudgetOptions {
  readonly allMaxBytes: number
  readonly perAddressMaxBytes: number
  /** Addresses that stand for many senders: their bytes count only in all. */
  readonly isShared: (address: string) => boolean
}

/** How many bytes of request bodies are in memory, bounded in all and per address. */
export class BodyBudget {
  readonly #options: BodyBudgetOptions
  readonly #ofAddress = new Map<string, number>()
  #allBytes = 0

  constructor (options: BodyBudgetOptions) {
    this.#options = options
  }

  get allBytes (): number {
    return this.#allBytes
  }

  /** @returns false, and nothing is taken, when there is no room */
  take (address: string, bytes: number): boolean {
    const { allMaxBytes, perAddressMaxBytes, isShared } = this.#options
    if (this.#allBytes + bytes > allMaxBytes) return false
    if (!isShared(address)) {
      const group = addressGroup(address)
      const ofAddress = (this.#ofAddress.get(group) ?? 0) + bytes
      if (ofAddress > perAddressMaxBytes) return false
      this.#ofAddress.set(group, ofAddress)
    }
    this.#allBytes += bytes
    return true
  }

  /** Gives back what take() took, for the same address. */
  release (address: string, bytes: number): void {
    if (bytes === 0) return
    this.#allBytes -= bytes
    if (this.#options.isShared(address)) return
    const group = addressGroup(address)
    const leftBytes = (this.#ofAddress.get(group) ?? 0) - bytes
    // An address that holds nothing takes no room in the table.
    if (leftBytes > 0) this.#ofAddress.set(group, leftBytes)
    else this.#ofAddress.delete(group)
  }
}
