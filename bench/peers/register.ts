import { randomBytes } from 'node:crypto'
import { systemClock } from '../../src/clock.js'
import { checkKeyOptions } from '../../src/plants/key-limits.js'
import { managePlants } from '../../src/plants/manage-plants.js'
import { insertNewKey } from '../../src/plants/new-key.js'
import type { PolicySettings } from '../../src/plants/read-policy.js'
import { PlantsStore } from '../../src/store/plants-store.js'

/** Gives a data directory the plant `bench` and so many keys, in one transaction: one for each key would take minutes for 100,000. */
export function registerPlant (dataDir: string, policy: PolicySettings, keys: number): string[] {
  const store = new PlantsStore(dataDir)
  try {
    const parts = { store, clock: systemClock, randomBytes }
    managePlants(parts).addPlant('bench', policy)
    const limits = checkKeyOptions({})
    return store.transaction(() => Array.from({ length: keys }, () => insertNewKey(parts, { plant: 'bench', limits, expiresAtMs: undefined }).key))
  } finally {
    store.close()
  }
}
