import type { ExportRow, VerifyReport } from '../queue/queue-file.js'
import type { Loss } from '../queue/queue-log.js'
import { CommandFailure } from './failure.js'
import { isoMoment, printJson, type Output } from './print.js'
import { readText } from './queue-bodies.js'
import { count, forTerminal, reasonToJson } from './queue-texts.js'
import { withQueue, type QueueCommandParts } from './with-queue.js'

/** `queue export`: everything that waits and everything that is parked, one JSON object a line. */
export async function exportQueue (parts: QueueCommandParts): Promise<void> {
  await withQueue(parts, async file => {
    for (const row of file.exportRows()) {
      parts.stdout.write(`${toLine(row)}\n`)
      await parts.drained()
    }
  })
}

/** `queue verify`: reads everything. @throws {CommandFailure} after the report, when something is wrong */
export async function verifyQueue (parts: QueueCommandParts, { json }: { json: boolean }): Promise<void> {
  const report = await withQueue(parts, file => file.verify())
  if (json) printJson(parts.stdout, report)
  else printReport(parts.stdout, report)
  if (!report.sound) throw new CommandFailure('The queue is damaged; start the proxy again: it sets the file aside and carries over what can be read.')
  if (report.lost.length > 0) throw new CommandFailure('The disk lost stored pushes; their receipts count them as lost. Check the disk.')
}

/** `queue backup`: a whole copy of this moment. */
export async function backUpQueue (parts: QueueCommandParts, path: string, { json }: { json: boolean }): Promise<void> {
  const { bytes } = await withQueue(parts, file => file.backupTo(path))
  if (json) printJson(parts.stdout, { path, bytes })
  else parts.stdout.write(`${path} has the whole queue of this moment, ${bytes} bytes.\n`)
}

/** The body as it was written, since a program may compare it; what is no JSON any more in base64. */
function toLine ({ state, id, requestId, plant, deviceType, recordCount, receivedAtMs, reason, intact, body }: ExportRow): string {
  const head = {
    state,
    id,
    requestId,
    plant,
    deviceType,
    records: recordCount,
    receivedAt: isoMoment(receivedAtMs),
    ...(reason === undefined ? undefined : reasonToJson(reason)),
    intact
  }
  const text = readText(body)
  // A body that was changed on disk may hold an end of line.
  if (text === undefined || /[\r\n]/.test(text)) return JSON.stringify({ ...head, body: null, bodyBase64: Buffer.from(body).toString('base64') })
  return `${JSON.stringify(head).slice(0, -1)},"body":${text}}`
}

function printReport (stdout: Output, { sound, problems, waiting, parked, lost, lostRecordsBefore }: VerifyReport): void {
  stdout.write(`${count(waiting, 'push', 'pushes')} waiting, ${count(parked, 'entry', 'entries')} parked.\n`)
  for (const problem of problems) stdout.write(`Damaged: ${forTerminal(problem)}\n`)
  for (const loss of lost) stdout.write(`${describeLoss(loss)}\n`)
  if (lostRecordsBefore > 0) stdout.write(`${count(lostRecordsBefore, 'record', 'records')} found lost before, as far as the receipts go back.\n`)
  if (sound && lost.length === 0) stdout.write('Every push is there, and its bytes are those that were stored.\n')
}

function describeLoss ({ plant, deviceType, laneSeqs, requestIds }: Loss): string {
  const places = laneSeqs.map(([from, to]) => from === to ? String(from) : `${from} to ${to}`).join(', ')
  const what = places === '' ? 'parked records' : `pushes ${places} of the lane`
  const ids = requestIds.length === 0 ? '' : `; request ids ${requestIds.join(', ')}`
  return `Lost: plant ${plant}, device type ${forTerminal(deviceType)}, ${what}${forTerminal(ids)}`
}
