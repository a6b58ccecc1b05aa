import type { Clock } from '../clock.js'
import type { KeyRow, PlantsStore } from '../store/plants-store.js'
import { toApiKey, type ApiKey } from './api-key.js'
import { hashKey, makeKey } from './key-form.js'
import type { KeyLimits } from './key-limits.js'

/** `key` is told this once; only its hash is kept. */
export interface CreatedKey {
  readonly id: string
  readonly key: string
  readonly apiKey: ApiKey
}

export interface NewKeyParts {
  readonly store: PlantsStore
  readonly clock: Clock
  readonly randomBytes: (size: number) => Uint8Array
}

export interface NewKey {
  readonly plant: string
  readonly limits: KeyLimits
  readonly expiresAtMs: number | undefined
  readonly rotatedFrom?: string
}

/** Makes a key and stores what proves it. */
export function insertNewKey ({ store, clock, randomBytes }: NewKeyParts, { plant, limits, expiresAtMs, rotatedFrom }: NewKey): CreatedKey {
  const { id, key } = makeFreshKey(store, randomBytes)
  const row: KeyRow = {
    ...limits,
    id,
    plant,
    hash: hashKey(key),
    createdAtMs: clock.now(),
    expiresAtMs: expiresAtMs ?? null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    rotatedFrom: rotatedFrom ?? null,
    replacedBy: null
  }
  store.insertKey(row)
  return { id, key, apiKey: toApiKey(row) }
}

/** An id has 40 random bits: among 100,000 keys the next one is taken once in ten million times. */
function makeFreshKey (store: PlantsStore, randomBytes: (size: number) => Uint8Array): { id: string, key: string } {
  for (let tries = 0; tries < 5; tries++) {
    const made = makeKey(randomBytes)
    if (store.findKey(made.id) === undefined) return made
  }
  throw new Error('Five random key ids in a row were taken: the source of randomness is broken.')
}
