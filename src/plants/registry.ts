import { randomBytes as systemRandomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import { PlantsStore } from '../store/plants-store.js'
import { isAlive, type ApiKey } from './api-key.js'
import { IdentityCache, type Identity } from './identity-cache.js'
import { hashKey, keyIdIn, readKeyId } from './key-form.js'
import { LastUses } from './last-uses.js'
import { manageKeys, type KeyManager } from './manage-keys.js'
import { managePlants, type PlantManager } from './manage-plants.js'

export type { Identity } from './identity-cache.js'

/** Who may push. Plants and keys live in `plants.db` of the data directory; several processes may have it open. */
export interface Registry extends PlantManager, KeyManager {
  /** The file that holds it. */
  readonly path: string
  /**
   * Who sends a key, or `undefined` when it is no key, unknown, expired or revoked. What other processes change takes
   * effect within 250 ms.
   * @throws StoreError when the database fails: nobody is let in then, and nobody is told that their key is wrong
   */
  identify (key: string): Identity | undefined
  /** Whether a key may be used from an address, given as a socket or Fastify gives it. */
  allows (key: ApiKey, address: string | undefined): boolean
  /**
   * A whole copy of this moment.
   * @param path a file that is not there yet
   * @returns its size
   */
  backupTo (path: string): { bytes: number }
  close (): void
}

export interface RegistryParts {
  readonly dataDir: string
  readonly clock: Clock
  readonly randomBytes?: (size: number) => Uint8Array
  /** Learns of failures that no caller sees: those of a timer. */
  readonly onProblem?: (problem: unknown) => void
}

/** Stands in for the hash of a key that is not there; no key has it. */
const NO_HASH = Buffer.alloc(32)

/** @throws StoreError in a plain sentence when the data directory cannot be used, or a newer version wrote it */
export function openRegistry ({ dataDir, clock, randomBytes = systemRandomBytes, onProblem = () => {} }: RegistryParts): Registry {
  const store = new PlantsStore(dataDir)
  const cache = new IdentityCache({ store, clock, onProblem })
  const lastUses = new LastUses({ store, clock, onProblem })
  const keys = manageKeys({ store, clock, randomBytes })
  const plants = managePlants({ store, clock })

  /** Own commits do not count as a change of the database. */
  const clearing = <Given extends unknown[], Result>(write: (...given: Given) => Result) => (...given: Given): Result => {
    try {
      return write(...given)
    } finally {
      cache.clear()
    }
  }

  return {
    path: store.path,
    identify: text => {
      const id = keyIdIn(text)
      if (id === undefined) return undefined
      const known = cache.find(id, () => readKeyId(text) === id)
      // Compared against something in any case, so that the time tells nothing of what is stored.
      const proven = timingSafeEqual(hashKey(text), known?.hash ?? NO_HASH)
      if (known === undefined || !proven || !isAlive(known.key, clock.now())) return undefined
      const { plant, key } = known
      if (plant.policyFaults.length > 0) throw new Error(`The plant ${plant.name} cannot be served: ${plant.policyFaults.join(' ')}`)
      lastUses.note(id)
      return { plant, key }
    },
    allows: (key, address) => key.addresses.allows(address),
    ...plants,
    addPlant: clearing(plants.addPlant),
    setPlant: clearing(plants.setPlant),
    removePlant: clearing(plants.removePlant),
    listKeys: plantName => {
      lastUses.write()
      return keys.listKeys(plantName)
    },
    createKey: clearing(keys.createKey),
    rotateKey: clearing(keys.rotateKey),
    revokeKey: clearing(keys.revokeKey),
    backupTo: path => store.copyTo(path),
    close: () => {
      cache.close()
      lastUses.close()
      store.close()
    }
  }
}
