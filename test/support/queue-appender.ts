import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemClock } from '../../src/clock.js'
import { openQueueLog } from '../../src/queue/queue-log.js'
import { bodyOf } from './queue-bodies.js'

// A process that stores pushes until it is killed, or has stored as many as it was told, and writes a line to its
// standard output for every answer: `stored REQUEST_ID LANE_SEQ` or `refused REQUEST_ID CODE`; at its end `lag` and the
// longest time in milliseconds that its event loop stood still.
// A file that would grow beyond a limit then is a failed write; without a listener it is the end of the process.
process.on('SIGXFSZ', () => {})
const [dataDir = '', countMax = '1', concurrency = '1', prefix = ''] = process.argv.slice(2)
const log = await openQueueLog({ dataDir, queueBytesMax: 2 ** 30, clock: systemClock, ballastBytes: 65_536 })
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
let count = 0
await Promise.all(Array.from({ length: Number(concurrency) }, async () => {
  while (count++ < Number(countMax)) {
    const requestId = `${prefix}${randomUUID()}`
    try {
      const { laneSeq } = await log.append({
        requestId,
        plant: 'alpha',
        deviceType: '1',
        body: Buffer.from(bodyOf(requestId)),
        recordCount: 1,
        receivedAtMs: Date.now(),
        plantBytesMax: 2 ** 30
      })
      writeSync(1, `stored ${requestId} ${laneSeq}\n`)
    } catch (error) {
      writeSync(1, `refused ${requestId} ${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}\n`)
    }
  }
}))
writeSync(1, `lag ${Math.round(delay.max / 1e6)}\n`)
// Nothing is tidied up: what counts is what lies on the disk now.
process.kill(process.pid, 'SIGKILL')
