import type { Clock } from '../clock.js'
import type { PlantsStore } from '../store/plants-store.js'
import { isAlive, toApiKey } from './api-key.js'
import { notFound } from './not-found.js'
import { PLANT_NAME_PATTERN, toPlant, type Plant } from './plant.js'
import { changePolicy, type PolicySettings } from './read-policy.js'
import { RegistryError } from './registry-error.js'

/** What the commands do with plants. Every method throws RegistryError in a plain sentence, and StoreError. */
export interface PlantManager {
  /** @param policy by the names of POLICY_ROWS; what is left out has its default */
  addPlant (name: string, policy: PolicySettings): Plant
  listPlants (): Plant[]
  showPlant (name: string): Plant
  /** @param changes as of `addPlant`; `undefined` takes a policy back to its default */
  setPlant (name: string, changes: PolicySettings): Plant
  /** Removes the plant and its keys. @param options.force even when keys are alive */
  removePlant (name: string, options?: { force?: boolean }): void
}

const READ_MAX = 1000

export function managePlants ({ store, clock }: { store: PlantsStore, clock: Clock }): PlantManager {
  /** To read a policy takes ten times as long as to read its row, and the queue asks before each call. */
  const read = new Map<string, { readonly policy: string, readonly createdAtMs: number, readonly plant: Plant }>()

  function showPlant (name: string): Plant {
    const row = store.findPlant(name)
    if (row === undefined) throw notFound('plant', name, store.listPlants().map(plant => plant.name))
    const known = read.get(name)
    if (known?.policy === row.policy && known.createdAtMs === row.createdAtMs) return known.plant
    if (read.size >= READ_MAX) read.clear()
    const plant = toPlant(row)
    read.set(name, { policy: row.policy, createdAtMs: row.createdAtMs, plant })
    return plant
  }

  return {
    showPlant,
    listPlants: () => store.listPlants().map(toPlant),

    addPlant: (name, policy) => store.transaction(() => {
      if (!PLANT_NAME_PATTERN.test(name)) {
        throw new RegistryError('wrong-use', 'A plant\'s name has 1 to 63 lower-case letters, digits and hyphens, and does not begin with a hyphen.')
      }
      if (store.findPlant(name) !== undefined) {
        throw new RegistryError('exists', `There is a plant ${name} already; "plants set ${name}" changes its policy.`)
      }
      store.insertPlant({ name, policy: JSON.stringify(changePolicy({}, policy)), createdAtMs: clock.now() })
      return showPlant(name)
    }),

    setPlant: (name, changes) => store.transaction(() => {
      const { settings } = showPlant(name)
      store.updatePolicy(name, JSON.stringify(changePolicy(settings, changes)))
      return showPlant(name)
    }),

    removePlant: (name, { force = false } = {}) => store.transaction(() => {
      showPlant(name)
      const alive = store.listKeysOf(name).filter(key => isAlive(toApiKey(key), clock.now())).length
      if (alive > 0 && !force) {
        const keys = alive === 1 ? '1 key that is' : `${alive} keys that are`
        throw new RegistryError('in-use', `The plant ${name} has ${keys} still good; revoke them first, or remove it with --force.`)
      }
      store.deletePlant(name)
    })
  }
}
