import t from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { recordKeys } from '../../src/queue/record-keys.js'
import { recoverStore } from '../../src/queue/log-recover.js'
import { finishRecovery } from '../../src/queue/log-swap.js'
import { Database } from '../../src/store/database.js'
import { migrate } from '../../src/store/migrations.js'
import { digestOf } from '../../src/store/digest.js'
import { QUEUE_PAGE_BYTES } from '../../src/store/queue-bytes.js'
import { QUEUE_SCHEMA_STEPS } from '../../src/store/queue-schema.js'
import { dataDirOf, delivered, newEntry, parkedPart, pushBody, readAll, startQueue } from '../support/queue.js'
import { FAST_QUEUE } from '../support/queue-in-place.js'

t.test('a queue of the first schema is opened with all that waits and is parked in it', async t => {
  const dataDir = dataDirOf(t)
  const body = pushBody(['a', 'b'])
  const whose = { requestId: 'R-1', plant: 'alpha', deviceType: '1', recordCount: 2 }
  const digest = digestOf({ ...whose, body })
  const database = new Database({ dataDir, fileName: 'queue.db', newFile: { pageBytes: QUEUE_PAGE_BYTES, givesSpaceBack: true } })
  migrate(database, QUEUE_SCHEMA_STEPS.slice(0, 1))
  database.run("INSERT INTO lanes VALUES (1, 'lane', 'alpha', '1', 0, 3, 3, '2')")
  database.run("INSERT INTO pushes VALUES (2, 'push', 1, 1, 2, 'R-1', 'alpha', '1', 0, 2, 500, 7, ?, ?)", [digest, body])
  database.run("INSERT INTO parked VALUES (3, 'parked', 1, 2, 3, 'R-1', 'alpha', '1', 0, 2, 400, 7, 8, 'parked', 'InvalidParameter', 'no', NULL, ?, ?)", [digest, body])
  database.close()
  const { log } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  t.match(await log.usage(), { plants: [{ plant: 'alpha', waiting: 1, waitingRecords: 2, waitingBytes: 500, parked: 1, parkedRecords: 2, parkedBytes: 400, oldestAtMs: 7 }] })
  t.strictSame(await log.remembered({ sinceMs: 0, pushesMax: 10 }), [], 'nothing was remembered then')
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  t.equal(file.show('3')?.parked[0]?.deliveredSince, undefined, 'what was delivered since was not noted then')
  file.replay(3)
  t.match(await log.usage(), { plants: [{ waiting: 2, waitingRecords: 4, parked: 0, parkedRecords: 0, parkedBytes: 0 }] })
})

t.test('what was delivered of parked records is still known after a recovery, and noted on', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  const keysOf = (...devices: string[]): number[] => recordKeys({ plant: 'alpha', deviceType: '1', body: pushBody(devices), recordCount: devices.length }) ?? []
  await log.park({ ...newEntry(), parts: [parkedPart({ body: pushBody(['a', 'b', 'c']), recordCount: 3 })], deliveredRecords: 0, cloudRequestIds: [] })
  await log.noteDelivered(keysOf('a'))
  await log.close()
  recoverStore(dataDir, 0)
  finishRecovery(dataDir)
  const { log: recovered } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  const deliveredSince = (): Array<number | undefined> => file.listParked().map(({ id }) => file.show(String(id))?.parked[0]?.deliveredSince)
  t.strictSame(deliveredSince(), [1])
  await recovered.noteDelivered(keysOf('b', 'z'))
  t.strictSame(deliveredSince(), [2])
})

t.test('what was changed in bodies is still known after a recovery, and goes with the receipts', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  const entries = [newEntry({ repairs: { bom: 1, charset: 2 } }), newEntry({ repairs: {} }), newEntry()]
  for (const entry of entries) await log.append(entry)
  await log.close()
  recoverStore(dataDir, 0)
  finishRecovery(dataDir)
  const { log: recovered } = await startQueue(t, { dataDir, ...FAST_QUEUE, receiptsMax: 0 })
  t.strictSame(await Promise.all(entries.map(async ({ requestId }) => (await recovered.receipt(requestId))?.repairs)), [{ bom: 1, charset: 2 }, {}, {}])
  const rows = (): unknown => {
    const database = new Database({ dataDir, fileName: 'queue.db' })
    try {
      return database.get('SELECT COUNT(*) AS n FROM repairs')
    } finally {
      database.close()
    }
  }
  t.same(rows(), { n: 1 }, 'a push in which nothing was changed costs nothing')
  for (const entry of await readAll(recovered)) await recovered.settle([delivered(entry)])
  t.same(rows(), { n: 0 })
})

t.test('the names of parked records go with their entry', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  for (const device of ['a', 'b', 'c']) await log.park({ ...newEntry(), parts: [parkedPart({ body: pushBody([device]) })], deliveredRecords: 0, cloudRequestIds: [] })
  const file = openQueueFile(dataDir)
  const [first = 0, second = 0] = file.listParked().map(({ id }) => id)
  file.skip(first)
  file.replay(second)
  file.close()
  await log.close()
  const database = new Database({ dataDir, fileName: 'queue.db' })
  t.teardown(() => { database.close() })
  t.match(database.all('SELECT COUNT(*) AS records FROM parked_records'), [{ records: 1 }])
})
