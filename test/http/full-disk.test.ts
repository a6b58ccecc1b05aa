import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import { fixedBook } from '../../src/credentials/fixed-book.js'
import { createLogger } from '../../src/logger.js'
import { openRegistry } from '../../src/plants/registry.js'
import { startServer } from '../../src/server.js'
import { CREDENTIAL, onePush, startCloud } from '../support/proxy.js'
import { FAST_QUEUE } from '../support/queue-in-place.js'
import { fill, smallDisk } from '../support/small-disk.js'

t.test('on a disk that is full at the start the port opens: what is relayed goes on, what must be stored is refused until there is room', async t => {
  const dataDir = smallDisk(t, 4)
  if (dataDir === undefined) {
    t.pass('only root may mount a disk of its own')
    return
  }
  const cloud = await startCloud(t)
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DATA_DIR: dataDir, ENERGY_EXPERT_ENDPOINT: cloud.origin })
  const log: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', destination: { write: line => { log.push(line) } } })
  const start = async (): ReturnType<typeof startServer> => await startServer({ config, logger, clock: systemClock, book: fixedBook({ default: { kind: 'access-key', ...CREDENTIAL } }), queueLog: FAST_QUEUE })
  const registry = openRegistry({ dataDir, clock: systemClock })
  registry.addPlant('relays', { delivery: 'relay' })
  registry.addPlant('stores', { delivery: 'store' })
  const [relays, stores] = [registry.createKey('relays', {}).key, registry.createKey('stores', {}).key]
  registry.close()
  // The locks and the plants' files are there; the queue is not.
  const lockOnly = await start()
  await lockOnly.close()
  for (const name of ['queue.db', 'queue.db-wal', 'queue.db-shm', 'queue.ballast']) rmSync(join(dataDir, name), { force: true })
  const filler = join(dataDir, 'filler')
  fill(filler)

  const ended = await start()
  await ended.close()
  t.notOk(log.some(line => line.includes('"alarm"')), 'it ends without a word of a new problem')

  const server = await start()
  t.teardown(async () => { await server.close() })
  const push = async (key: string): Promise<{ status: number, code: string }> => {
    const answer = await fetch(`${server.origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(onePush) })
    // Every answer of ours is an object; a code stands in those that are errors.
    const { code = 'none' } = await answer.json() as { code?: string }
    return { status: answer.status, code }
  }
  t.strictSame(await push(relays), { status: 200, code: 'none' })
  t.strictSame(await push(stores), { status: 503, code: 'QueueFull' })
  t.ok(log.some(line => line.includes('The disk is full')))

  rmSync(filler)
  let status = 0
  for (let tries = 0; tries < 1000 && status !== 200 && status !== 202; tries++) {
    status = (await push(stores)).status
    await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  t.match(status, /^20[02]$/)
  for (let tries = 0; tries < 500 && cloud.received().length < 2; tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
  t.equal(cloud.received().length, 2, 'and is delivered')
})
