import t from 'tap'
import { createLogger } from '../../src/logger.js'
import { logNotice } from '../../src/queue-lines.js'
import type { Loss } from '../../src/queue/queue-log.js'

t.test('however much was lost, the log stays short and says how much it was', async t => {
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', destination: { write: line => { lines.push(line) } } })
  const requestIds = Array.from({ length: 5_000 }, (_, n) => `REQUEST-${n}`)
  const loss: Loss = { plant: 'north', deviceType: '1', records: 9_000, laneSeqs: requestIds.map((_, n) => [2 * n, 2 * n]), requestIds }
  logNotice(logger, { kind: 'lost', lost: [loss] })
  t.equal(lines.length, 1)
  t.ok(Buffer.byteLength(lines[0] ?? '') < 1_000)
  t.match(JSON.parse(lines[0] ?? ''), { records: 9_000, requestIds: requestIds.slice(0, 20), requestIdCount: 5_000, laneSeqs: { length: 20 }, laneSeqRanges: 5_000 })
  logNotice(logger, { kind: 'lost', lost: Array.from({ length: 500 }, () => ({ ...loss, records: 2 })) })
  t.equal(lines.length, 1 + 20 + 1)
  t.match(JSON.parse(lines.at(-1) ?? ''), { level: 50, losses: 480, records: 960 })
})
