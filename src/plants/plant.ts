import type { PlantRow } from '../store/plants-store.js'
import type { Policy } from './policy.js'
import { readPolicy, type PolicySettings } from './read-policy.js'

/** A site that may push, and how its pushes are treated. */
export interface Plant {
  readonly name: string
  readonly createdAtMs: number
  /** Every policy with its value. */
  readonly policy: Policy
  /** The policies that were set, defaults left out; may hold some that only a newer version knows. */
  readonly settings: PolicySettings
  /** Sentences about stored policies that this version does not know; a plant that has any is not served. */
  readonly policyFaults: readonly string[]
}

/** Lower case, digits and hyphens, so that a name fits a metric, a file and a host name; 63 characters as there. */
export const PLANT_NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/

export function toPlant (row: PlantRow): Plant {
  const { policy, settings, faults } = readPolicy(row.policy)
  return { name: row.name, createdAtMs: row.createdAtMs, policy, settings, policyFaults: faults }
}
