import { randomUUID } from 'node:crypto'
import t from 'tap'
import { RelayedReceipts, type Relayed } from '../../src/queue/relayed-receipts.js'

function relayed (requestId: string, facts: Partial<Relayed> = {}): Relayed {
  return { requestId, plant: 'plant-1', deviceType: '1', receivedAtMs: 1_700_000_000_123, updatedAtMs: 1_700_000_000_456, delivered: 3, parked: 0, cloudRequestId: randomUUID(), reasons: [], repairs: {}, ...facts }
}

t.test('the latest pushes are found as they were noted, and none before them', async t => {
  const receipts = new RelayedReceipts(7)
  const noted: Relayed[] = []
  for (let round = 0; round < 40; round++) {
    noted.push(relayed(randomUUID().toUpperCase(), { delivered: round, updatedAtMs: 1_700_000_000_000 + round }))
    receipts.note(noted[round] ?? relayed(''))
    t.strictSame(noted.map(({ requestId }) => receipts.find(requestId)), noted.map((each, index) => index > round - 7 ? each : undefined))
  }
  t.equal(receipts.find(randomUUID().toUpperCase()), undefined)
  t.equal(receipts.find(''), undefined)
})

t.test('ids that end alike do not get in each other\'s way', async t => {
  const receipts = new RelayedReceipts(4)
  const ids = Array.from({ length: 6 }, (_, index) => `${index}-same-end`)
  for (const id of ids) receipts.note(relayed(id, { cloudRequestId: `of ${id}` }))
  t.strictSame(ids.map(id => receipts.find(id)?.cloudRequestId), [undefined, undefined, ...ids.slice(2).map(id => `of ${id}`)])
})

t.test('whatever does not fit into a row comes back whole, and leaves in its turn', async t => {
  const receipts = new RelayedReceipts(3)
  const odd = [
    relayed('plain', { cloudRequestId: undefined }),
    relayed('long', { deviceType: 'é'.repeat(300) }),
    relayed('parked', { parked: 2, reasons: [{ code: 'InvalidRecord', message: 'It has no time.', cloudRequestId: undefined }] }),
    relayed('repaired', { repairs: { bom: 1 } }),
    relayed('any text', { deviceType: '\u4ee3\n\0\ud800', plant: '工厂' })
  ]
  for (const [index, each] of odd.entries()) {
    receipts.note(each)
    t.strictSame(odd.map(({ requestId }) => receipts.find(requestId)), odd.map((one, place) => place <= index && place > index - 3 ? one : undefined))
  }
  receipts.note(relayed('plain again'))
  receipts.note(relayed('and again'))
  t.match([receipts.find('repaired'), receipts.find('any text'), receipts.find('plain again')], [undefined, { plant: '工厂' }, { repairs: {}, reasons: [] }])
})
