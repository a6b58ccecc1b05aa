import { Account, type AccountParts } from './account.js'

export interface AccountsParts extends AccountParts {
  /** The name of the credential that a plant's pushes are sent with now. */
  readonly credentialOf: (plant: string) => string
}

/** As long as identities are kept: each stored push asks more than once, and a look-up costs what a small push does. */
const REMEMBERED_MS = 250
const REMEMBERED_MAX = 1000

/** The accounts that are needed, one for each credential, and which of them a plant's pushes wait for. */
export class Accounts {
  readonly #parts: AccountsParts
  readonly #byName = new Map<string, Account>()
  readonly #remembered = new Map<string, { readonly credential: string, readonly untilMs: number }>()

  constructor (parts: AccountsParts) {
    this.#parts = parts
  }

  named (name: string): Account {
    const account = this.#byName.get(name) ?? new Account(name, this.#parts)
    this.#byName.set(name, account)
    return account
  }

  /** As of a moment ago, which is enough to put a lane into a line. */
  of (plant: string): Account {
    const remembered = this.#remembered.get(plant)
    return remembered !== undefined && this.#parts.clock.monotonicMs() < remembered.untilMs ? this.named(remembered.credential) : this.ofNow(plant)
  }

  /** As of now, for whoever is about to send. */
  ofNow (plant: string): Account {
    const credential = this.#parts.credentialOf(plant)
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    this.#remembered.set(plant, { credential, untilMs: this.#parts.clock.monotonicMs() + REMEMBERED_MS })
    return this.named(credential)
  }

  /** Its credential has changed: what was known of the account does not hold any more. */
  retire (name: string): Account | undefined {
    const account = this.#byName.get(name)
    this.#byName.delete(name)
    account?.retire()
    return account
  }
}
