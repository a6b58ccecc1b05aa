import t from 'tap'
import { IdentityCache } from '../../src/plants/identity-cache.js'
import { openRegistry } from '../../src/plants/registry.js'
import { PlantsStore } from '../../src/store/plants-store.js'
import { ManualClock } from '../support/manual-clock.js'

/** Tells which keys were read from disk. */
class WatchedStore extends PlantsStore {
  readonly asked: string[] = []

  override findKey (id: string): ReturnType<PlantsStore['findKey']> {
    this.asked.push(id)
    return super.findKey(id)
  }
}

t.test('as many keys are kept as may be, and the one that was used longest ago is read again', async t => {
  const dataDir = t.testdir()
  const clock = new ManualClock()
  const registry = openRegistry({ dataDir, clock })
  registry.addPlant('plant-1', {})
  const [a = '', b = '', c = '', d = '', e = ''] = Array.from({ length: 5 }, () => registry.createKey('plant-1', {}).id)
  registry.close()
  const store = new WatchedStore(dataDir)
  const cache = new IdentityCache({ store, clock, onProblem: problem => { throw problem }, entriesMax: 4 })
  t.teardown(() => {
    cache.close()
    store.close()
  })
  const use = (...ids: string[]): string[] => {
    store.asked.length = 0
    for (const id of ids) t.equal(cache.find(id, () => true)?.key.id, id)
    return [...store.asked]
  }
  t.strictSame(use(a, b, a, c, d, a, b), [a, b, c, d], 'each is read once')
  t.strictSame(use(e, a, b, d), [e], 'c made room for it')
  t.strictSame(use(c, e), [c, e], 'and e for c, which was used longest ago by then')
})
