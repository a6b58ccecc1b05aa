import { join } from 'node:path'
import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../clock.js'
import { Ballast } from './log-ballast.js'
import { QueueBounds } from './log-bounds.js'
import { DiskRoom } from './log-disk.js'
import { describeProblem, isDamage, isDiskFull } from './log-failures.js'
import type { FromThread, ThreadData } from './log-messages.js'
import { BALLAST_FILE } from './log-names.js'
import { openStore } from './log-open.js'
import { QueueReader } from './log-reader.js'
import { recoverStore } from './log-recover.js'
import { QueueServer } from './log-server.js'
import { QueueWriter } from './log-writer.js'
import type { QueueNotice } from './queue-log.js'

/** A full disk is tried again once a second. */
const POLLS_PER_TRY = 4

/** The task of the queue's thread, which alone writes queue.db while the server runs; it ends when its port closes. */
export function runQueueTask (port: MessagePort, data: ThreadData, clock: Clock): void {
  const ballast = new Ballast(join(data.dataDir, BALLAST_FILE), data.ballastBytes)
  try {
    if (data.task === 'recover') {
      recoverWithBallast(data, ballast)
      port.close()
    } else serveQueue(port, data, clock, ballast)
  } catch (error) {
    post(port, { kind: 'down', damaged: isDamage(error), full: isDiskFull(error), ...describeProblem(error) })
    port.close()
  }
}

function serveQueue (port: MessagePort, data: ThreadData, clock: Clock, ballast: Ballast): void {
  const notify = (notice: QueueNotice): void => { post(port, { kind: 'notice', notice }) }
  const { store, report, synced } = openStore(data, ballast)
  const bounds = new QueueBounds(data.queueBytesMax, notify)
  const disk = new DiskRoom({ store, ballast, clock, tryEveryMs: POLLS_PER_TRY * data.pollMs, notify })
  const writer = new QueueWriter({ store, bounds, disk, retention: data })
  const reader = new QueueReader({ store, bytesMax: data.queueBytesMax, onLoss: lost => { notify({ kind: 'lost', lost }) } })
  post(port, { kind: 'opened', report, synced })
  // After the report, so that whoever is told knows of the queue.
  disk.hasRoom()
  bounds.review(store.lanes)
  new QueueServer({ port, clock, store, writer, reader, disk, dataDir: data.dataDir, pollMs: data.pollMs }).start()
}

/** Both stores lie beside each other for a while; that may take the last of the space. */
function recoverWithBallast ({ dataDir, atMs }: ThreadData, ballast: Ballast): void {
  try {
    recoverStore(dataDir, atMs)
  } catch (error) {
    if (!isDiskFull(error) || !ballast.ready) throw error
    ballast.free()
    recoverStore(dataDir, atMs)
  }
}

function post (port: MessagePort, message: FromThread): void {
  port.postMessage(message)
}
