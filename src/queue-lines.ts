import type { Logger } from 'pino'
import type { RaisedAlarm } from './queue/alarms.js'
import type { CallEvent, QueueListeners } from './queue/queue-events.js'
import type { Loss, OpenReport, QueueNotice } from './queue/queue-log.js'

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
    onCall: event => { if (logger.isLevelEnabled('debug')) logCall(logger, event) },
    onStored: ({ parkedFor, ...push }) => {
      if (parkedFor !== undefined) logger.warn({ ...push, code: parkedFor }, 'A push was parked: it is kept, and not sent by itself.')
    },
    onSettled: ({ plant, deviceType, parkedRecords }) => {
      for (const [code, records] of parkedRecords) logger.warn({ plant, deviceType, code, records }, 'Records were parked: they are kept, and not sent by themselves.')
    },
    onProblem: problem => { logger.warn({ error: problem }, 'The queue\'s store failed; it is tried again.') }
  }
}

function logCall (logger: Logger, { verdict, ...call }: CallEvent): void {
  logger.debug({ ...call, verdict: verdict.kind, cloudRequestId: verdict.cloudRequestId }, 'call')
}

/** What was found wrong at the start. */
export function logOpened (logger: Logger, { waiting, parked, setAside, vanished }: OpenReport): void {
  if (setAside !== undefined) logger.error({ setAside, waiting, parked }, 'The queue was damaged; it was set aside, and all that could be read of it was carried over.')
  if (vanished === true) logVanished(logger)
}

/** Nobody knows any more what waited in it. */
function logVanished (logger: Logger): void {
  logger.error({ file: 'queue.db' }, 'The queue\'s file is gone from DATA_DIR, or empty, though there was one: what waited in it is lost, and a new one was begun. Find out what removed it (a volume that is not mounted, a clean-up); a backup of it holds what waited then: see the backup section of docs/operations.md.')
}

/** A damaged disk may lose thousands at once; the receipts have them all. */
const LOST_TOLD_MAX = 20

function logLosses (logger: Logger, lost: readonly Loss[]): void {
  for (const loss of lost.slice(0, LOST_TOLD_MAX)) logLoss(logger, loss)
  const rest = lost.slice(LOST_TOLD_MAX)
  if (rest.length > 0) logger.error({ losses: rest.length, records: rest.reduce((sum, { records }) => sum + records, 0) }, 'More stored pushes were lost on disk; their receipts tell which.')
}

function logLoss (logger: Logger, { plant, deviceType, laneSeqs, records, requestIds }: Loss): void {
  logger.error({
    plant,
    deviceType,
    records,
    laneSeqs: laneSeqs.slice(0, LOST_TOLD_MAX),
    laneSeqRanges: laneSeqs.length,
    requestIds: requestIds.slice(0, LOST_TOLD_MAX),
    requestIdCount: requestIds.length
  }, 'Stored pushes were lost on disk.')
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
      return logLosses(logger, notice.lost)
    case 'failed':
      return logger.error({ code: notice.code, storeMessage: notice.message }, 'The queue\'s store failed and is opened again.')
    case 'reopened':
      if (notice.report.vanished === true) logVanished(logger)
      return logger.info({ waiting: notice.report.waiting, parked: notice.report.parked, setAside: notice.report.setAside }, 'The queue\'s store is open again.')
  }
}
