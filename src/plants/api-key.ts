import type { KeyRow } from '../store/plants-store.js'
import { addressRule, type AddressRule } from './address-rule.js'

/** A key of a plant, without its secret, which nobody but its owner has. Times are milliseconds since the epoch. */
export interface ApiKey {
  /** The part of the key that may be shown. */
  readonly id: string
  /** The plant's name. */
  readonly plant: string
  readonly label: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly revokedAtMs: number | undefined
  /** As last written; a running server writes it some seconds late. */
  readonly lastUsedAtMs: number | undefined
  readonly addresses: AddressRule
  /** Empty means every type. */
  readonly deviceTypes: ReadonlySet<string>
  /** Empty means every device. */
  readonly deviceIds: ReadonlySet<string>
  /** Whether the key may travel in the address of a request, where logs on the way see it. */
  readonly inUrl: boolean
  /** The id of the key that this one came in the place of. */
  readonly rotatedFrom: string | undefined
  /** The id of the key that came in the place of this one. */
  readonly replacedBy: string | undefined
}

/** `replaced`: still good, for its owner has time to change to the key that replaces it. */
export type KeyState = 'active' | 'replaced' | 'expired' | 'revoked'

export function keyStateOf (key: ApiKey, nowMs: number): KeyState {
  if (key.revokedAtMs !== undefined) return 'revoked'
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= nowMs) return 'expired'
  return key.replacedBy === undefined ? 'active' : 'replaced'
}

export function isAlive (key: ApiKey, nowMs: number): boolean {
  const state = keyStateOf(key, nowMs)
  return state === 'active' || state === 'replaced'
}

export function toApiKey (row: KeyRow): ApiKey {
  return {
    id: row.id,
    plant: row.plant,
    label: row.label,
    createdAtMs: row.createdAtMs,
    expiresAtMs: row.expiresAtMs ?? undefined,
    revokedAtMs: row.revokedAtMs ?? undefined,
    lastUsedAtMs: row.lastUsedAtMs ?? undefined,
    addresses: addressRule(readTexts(row.cidrs)),
    deviceTypes: new Set(readTexts(row.deviceTypes)),
    deviceIds: new Set(readTexts(row.deviceIds)),
    inUrl: row.inUrl,
    rotatedFrom: row.rotatedFrom ?? undefined,
    replacedBy: row.replacedBy ?? undefined
  }
}

/** A limit that cannot be read must not become no limit. */
function readTexts (json: string): string[] {
  const texts: unknown = JSON.parse(json)
  if (!Array.isArray(texts) || !texts.every(text => typeof text === 'string')) throw new TypeError('A limit of a key is not a list of texts.')
  return texts
}
