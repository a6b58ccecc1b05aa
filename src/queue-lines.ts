import type { Logger } from 'pino'
import type { RaisedAlarm } from './queue/alarms.js'
import type { QueueListeners } from './queue/queue-events.js'
import type { QueueNotice } from './queue/queue-log.js'

/** What the alarms mean and who can mend them; what was answered stands beside. */
const SENTENCES: Readonly<Record<RaisedAlarm['kind'], string>> = {
  refused: 'Energy Expert refuses stored pushes; they are kept, and it is asked again.',
  throttled: 'Energy Expert asks the account to slow down.',
  unsent: 'Stored pushes cannot be sent; they are kept, and it is tried again.',
  'maybe-arrived': 'Energy Expert does not confirm stored pushes; they are kept, and it is tried again.',
  'account-fault': 'Energy Expert refuses the account; stored pushes are kept until it is mended.',
  'unknown-refusal': 'Energy Expert refuses stored pushes with a code that the proxy does not know; they are kept, and it is asked again.',
  'bad-answer': 'What answers is not Energy Expert; stored pushes are kept. Check the endpoint and what stands in between.',
  cancelled: 'Calls for stored pushes were ended.',
  'refuses-all': 'Energy Expert refuses pushes that have no device in common with one code; they are kept, and it is asked again.',
  stuck: 'A stored push fails while others are delivered; what waits behind it in its lane waits.',
  unrecorded: 'What was delivered cannot be recorded on disk; its lane stands still. Check the disk.',
  unreadable: 'The queue cannot be read; check the disk.'
}

/** The queue's lines in the log: alarms once, parked pushes as they come, calls at debug. */
export function logQueue (logger: Logger): QueueListeners {
  return {
    onAlarm: ({ kind, sinceMs, message, ...alarm }) => { logger.error({ alarm: kind, ...alarm, reason: message }, SENTENCES[kind]) },
    onAlarmEnd: ({ kind, sinceMs, message, ...alarm }) => { logger.info({ alarm: kind, ...alarm, since: new Date(sinceMs).toISOString() }, 'The alarm is over.') },
    onCall: ({ verdict, ...call }) => { logger.debug({ ...call, verdict: verdict.kind, cloudRequestId: verdict.cloudRequestId }, 'call') },
    onStored: ({ parkedFor, ...push }) => {
      if (parkedFor !== undefined) logger.warn({ ...push, code: parkedFor }, 'A push was parked: it is kept, and not sent by itself.')
    },
    onSettled: ({ plant, deviceType, parkedRecords }) => {
      for (const [code, records] of parkedRecords) logger.warn({ plant, deviceType, code, records }, 'Records were parked: they are kept, and not sent by themselves.')
    },
    onProblem: problem => { logger.warn({ error: problem }, 'The queue\'s store failed; it is tried again.') }
  }
}

/** A line for what the store tells of itself. */
export function logNotice (logger: Logger, notice: QueueNotice): void {
  const { kind } = notice
  switch (kind) {
    case 'near-full': {
      const { plant, bytes, bytesMax } = notice
      if (notice.near) return logger.warn({ plant, bytes, bytesMax }, 'The queue is nearly full; beyond its bound pushes are refused.')
      return logger.info({ plant, bytes, bytesMax }, 'The queue has room again.')
    }
    case 'disk-full':
      if (notice.full) return logger.error('The disk is full; pushes that must be stored are refused until there is room.')
      return logger.info('The disk has room again.')
    case 'lost':
      for (const { plant, deviceType, laneSeqs, requestIds } of notice.lost) {
        logger.error({ plant, deviceType, laneSeqs, requestIds }, 'Stored pushes were lost on disk.')
      }
      return
    case 'failed':
      return logger.error({ code: notice.code, storeMessage: notice.message }, 'The queue\'s store failed and is opened again.')
    case 'reopened':
      return logger.info({ waiting: notice.report.waiting, parked: notice.report.parked, setAside: notice.report.setAside }, 'The queue\'s store is open again.')
  }
}
