import type { RefusedPart } from './pending-call.js'

/** More devices than any wrong set-up needs to be found out. */
const DEVICES_MAX = 1000

/**
 * Which devices each code of refusal has met since the account last delivered something. One code on devices that have
 * nothing in common is no fault of their readings: it speaks of the account, or of the cloud.
 */
export class Refusals {
  readonly #devicesByCode = new Map<string, Set<string>>()

  /** @returns Whether one of the codes has now met pushes that have no device in common. */
  note (refused: readonly RefusedPart[]): boolean {
    let haveNothingInCommon = false
    for (const { reason: { code }, devices } of refused) {
      const known = this.#devicesByCode.get(code) ?? new Set()
      if (known.size > 0 && devices.size > 0 && ![...devices].some(device => known.has(device))) haveNothingInCommon = true
      if (known.size < DEVICES_MAX) for (const device of devices) known.add(device)
      this.#devicesByCode.set(code, known)
    }
    return haveNothingInCommon
  }

  clear (): void {
    // An empty Map is cleared by a new table that the old one points at: each delivery would add one to a chain that V8 keeps.
    if (this.#devicesByCode.size > 0) this.#devicesByCode.clear()
  }
}
