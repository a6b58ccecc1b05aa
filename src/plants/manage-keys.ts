import { keyStateOf, toApiKey, type ApiKey, type KeyState } from './api-key.js'
import { readKeyId } from './key-form.js'
import { checkKeyOptions, type KeyLimits, type KeyOptions } from './key-limits.js'
import { insertNewKey, type CreatedKey, type NewKeyParts } from './new-key.js'
import { notFound } from './not-found.js'
import { RegistryError } from './registry-error.js'

export interface ListedKey extends ApiKey {
  readonly state: KeyState
  /** Whether the key was used since there is another in its place: its sender has not changed yet. */
  readonly usedSinceReplaced: boolean
}

export interface RotatedKey extends CreatedKey {
  /** The old key, with the end that it has now. */
  readonly replaced: ApiKey
}

/** What the commands do with keys. Every method throws RegistryError in a plain sentence, and StoreError. */
export interface KeyManager {
  createKey (plantName: string, options?: KeyOptions): CreatedKey
  /** By plant, in the order of their making; of every plant when none is named. */
  listKeys (plantName?: string): ListedKey[]
  /**
   * Makes a key with the same label, limits and lifetime; the old one ends after `overlapMs`, or when it would have anyway.
   * @param id the key's id, or the whole key
   */
  rotateKey (id: string, options: { overlapMs: number }): RotatedKey
  /** Ends a key for good; once more is no error. @param id the key's id, or the whole key, as it may have been found somewhere */
  revokeKey (id: string): ApiKey
}

/** The last day that is written with four digits. */
const MOMENT_MAX_MS = Date.UTC(9999, 11, 31)

export function manageKeys (parts: NewKeyParts): KeyManager {
  const { store, clock } = parts
  return {
    createKey: (plantName, options = {}) => store.transaction(() => {
      const limits = checkKeyOptions(options)
      const expiresAtMs = momentOf(options.expires, clock.now())
      checkPlant(parts, plantName)
      return insertNewKey(parts, { plant: plantName, limits, expiresAtMs })
    }),

    listKeys: plantName => {
      if (plantName !== undefined) checkPlant(parts, plantName)
      const rows = plantName === undefined ? store.listKeys() : store.listKeysOf(plantName)
      const createdAtMs = new Map(rows.map(row => [row.id, row.createdAtMs]))
      return rows.map(toApiKey).map(key => ({
        ...key,
        state: keyStateOf(key, clock.now()),
        usedSinceReplaced: (key.lastUsedAtMs ?? 0) > (createdAtMs.get(key.replacedBy ?? '') ?? Infinity)
      }))
    },

    rotateKey: (id, { overlapMs }) => store.transaction(() => {
      if (!(overlapMs >= 0)) throw new RegistryError('wrong-use', 'The overlap is a time from 0 on.')
      const nowMs = clock.now()
      const old = findKey(parts, id)
      const state = keyStateOf(old, nowMs)
      if (old.replacedBy !== undefined) throw new RegistryError('ended', `The key ${old.id} was replaced by ${old.replacedBy} already; rotate that one.`)
      if (state !== 'active') throw new RegistryError('ended', `The key ${old.id} is ${state}; create a new one with "keys create ${old.plant}".`)
      // The lifetime of a key that was made before the machine's clock was set right can be huge.
      const expiresAtMs = old.expiresAtMs === undefined ? undefined : Math.min(nowMs + old.expiresAtMs - old.createdAtMs, MOMENT_MAX_MS)
      const created = insertNewKey(parts, { plant: old.plant, limits: limitsOf(old), expiresAtMs, rotatedFrom: old.id })
      store.markReplaced(old.id, created.id, Math.min(nowMs + overlapMs, old.expiresAtMs ?? MOMENT_MAX_MS))
      return { ...created, replaced: findKey(parts, old.id) }
    }),

    revokeKey: id => store.transaction(() => {
      const key = findKey(parts, id)
      if (key.revokedAtMs === undefined) store.markRevoked(key.id, clock.now())
      return findKey(parts, key.id)
    })
  }
}

function checkPlant ({ store }: NewKeyParts, name: string): void {
  if (store.findPlant(name) === undefined) throw notFound('plant', name, store.listPlants().map(plant => plant.name))
}

function findKey ({ store }: NewKeyParts, id: string): ApiKey {
  const row = store.findKey(readKeyId(id) ?? id)
  // At most as much as an id is shown: a whole key with a slip in it is still a secret.
  if (row === undefined) throw notFound('key', id.slice(0, 11), store.listKeys().map(key => key.id))
  return toApiKey(row)
}

function momentOf (expires: KeyOptions['expires'], nowMs: number): number | undefined {
  if (expires === undefined) return undefined
  const atMs = 'atMs' in expires ? expires.atMs : nowMs + expires.afterMs
  if (!(atMs > nowMs && atMs <= MOMENT_MAX_MS)) throw new RegistryError('wrong-use', 'The expiry of a key lies in the future, before the year 10000.')
  return atMs
}

function limitsOf ({ label, addresses, deviceTypes, deviceIds, inUrl }: ApiKey): KeyLimits {
  return checkKeyOptions({ label, cidrs: addresses.cidrs, deviceTypes: [...deviceTypes], deviceIds: [...deviceIds], inUrl })
}
