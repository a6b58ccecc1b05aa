import t from 'tap'
import type { PlantUsage } from '../../src/queue/queue-log.js'
import { recordKeys } from '../../src/queue/record-keys.js'
import { RelayedRecords } from '../../src/queue/relayed-records.js'
import { pushBody } from '../support/queue.js'

const NOTHING: PlantUsage = { plant: '', waiting: 0, waitingRecords: 0, waitingBytes: 0, parked: 0, parkedRecords: 0, parkedBytes: 0, oldestAtMs: undefined }
const pushOf = (plant: string): { plant: string, deviceType: string, body: Buffer, recordCount: number } => ({ plant, deviceType: '1', body: pushBody(['a', 'b']), recordCount: 2 })

t.test('nothing is asked of the store for a plant of which nothing is parked, and not without end for the others', async t => {
  const noted: Array<readonly number[]> = []
  const problems: unknown[] = []
  let answer = (): Promise<void> => Promise.resolve()
  let plants = [{ ...NOTHING, plant: 'north', parked: 1 }, { ...NOTHING, plant: 'south' }]
  const relayed = new RelayedRecords({
    usage: async () => ({ bytes: 0, bytesMax: 0, plants }),
    noteDelivered: async records => {
      noted.push(records)
      await answer()
    }
  }, problem => { problems.push(problem) })
  relayed.note(pushOf('north'))
  t.equal(noted.length, 0, 'nothing is known yet')
  await relayed.load()
  for (const plant of ['north', 'south', 'east']) relayed.note(pushOf(plant))
  t.strictSame(noted.splice(0), [recordKeys(pushOf('north'))])
  relayed.listeners.onSettled?.({ plant: 'south', deviceType: '1', pushes: 1, deliveredRecords: 1, parkedRecords: new Map() })
  relayed.note(pushOf('south'))
  t.equal(noted.length, 0)
  relayed.listeners.onSettled?.({ plant: 'south', deviceType: '1', pushes: 1, deliveredRecords: 0, parkedRecords: new Map([['InvalidParameter', 1]]) })
  relayed.note(pushOf('south'))
  t.equal(noted.splice(0).length, 1)

  const asking = relayed.load()
  relayed.note(pushOf('south'))
  t.equal(noted.splice(0).length, 1, 'nothing is passed over while the disk is asked')
  await asking

  plants = []
  const loading = relayed.load()
  relayed.noteParked('east')
  await loading
  for (const plant of ['north', 'south', 'east']) relayed.note(pushOf(plant))
  t.strictSame(noted.splice(0), [recordKeys(pushOf('east'))], 'what was parked while the disk was asked is not forgotten')

  await new Promise(setImmediate)
  answer = () => Promise.reject(new Error('the disk'))
  for (let n = 0; n < 200; n++) relayed.note(pushOf('east'))
  t.equal(noted.splice(0).length, 64)
  await new Promise(setImmediate)
  t.equal(problems.length, 64)
  relayed.note(pushOf('east'))
  t.equal(noted.length, 1)
})
