import { INVALID_RECORD } from '../contract/bad-record.js'
import type { PushView } from '../queue/queue-file.js'
import type { Entry, Receipt } from '../queue/queue-log.js'
import { CommandFailure } from './failure.js'
import { formatMoment, isoMoment, printJson, printTable, type Output } from './print.js'
import { readPushBody, readText } from './queue-bodies.js'
import { parkedToJson } from './queue-list.js'
import { count, forTerminal, reasonToJson } from './queue-texts.js'
import { withQueue, type QueueCommandParts } from './with-queue.js'

/** More would push what stands above them off the screen; `--json` has them all. */
const RECORDS_SHOWN_MAX = 100
/** Of records that break the contract, which no table could show. */
const TEXT_SHOWN_MAX = 4000

/** `queue show`: one push with its receipt and the records that still lie in the queue. */
export async function showPush (parts: QueueCommandParts, id: string, { json }: { json: boolean }): Promise<void> {
  const view = await withQueue(parts, file => file.show(id))
  if (view === undefined) throw notThere(id)
  if (json) printJson(parts.stdout, toJson(view))
  else printView(parts.stdout, view)
}

export function notThere (id: string): CommandFailure {
  return new CommandFailure(`The queue knows nothing of ${forTerminal(id)}; give the request id that the sender was told, or an id of "queue list". Pushes that were relayed at once are not kept.`)
}

function printView (stdout: Output, { receipt, waiting, parked }: PushView): void {
  if (receipt !== undefined) printReceipt(stdout, receipt)
  for (const entry of waiting) {
    const failed = entry.failures === 0 ? '' : `, ${count(entry.failures, 'call', 'calls')} with it failed since ${formatMoment(entry.firstFailedAtMs)} UTC`
    const inDoubt = entry.doubtfulCall === undefined ? '' : ', it may have arrived'
    stdout.write(`\n${entry.id} waits, number ${entry.laneSeq} of its lane${failed}${inDoubt}:\n`)
    printRecords(stdout, entry.body)
  }
  for (const { id, state, parkedAtMs, reason, body, recordCount, deliveredSince = 0 } of parked) {
    const verb = state === 'parked' ? 'is parked' : `was parked and ${state}`
    stdout.write(`\n${id} ${verb}, since ${formatMoment(parkedAtMs)} UTC: ${forTerminal(`${reason.code}: ${reason.message}`)}\n`)
    if (deliveredSince > 0) stdout.write(`For ${deliveredSince} of ${count(recordCount, 'record', 'records')} the same device and time was delivered since.\n`)
    if (body === undefined) continue
    if (reason.code === INVALID_RECORD) printText(stdout, readText(body) ?? '')
    else printRecords(stdout, body)
  }
}

function printText (stdout: Output, text: string): void {
  stdout.write(`${forTerminal(text.slice(0, TEXT_SHOWN_MAX))}\n`)
  if (text.length > TEXT_SHOWN_MAX) stdout.write(`… and ${text.length - TEXT_SHOWN_MAX} more characters; --json shows all.\n`)
}

function printReceipt (stdout: Output, { requestId, plant, deviceType, receivedAtMs, updatedAtMs, records, waiting, delivered, parked, skipped, lost, cloudRequestIds, repairs }: Receipt): void {
  stdout.write(`Push ${requestId} of plant ${plant}, device type ${forTerminal(deviceType)}, ${count(records, 'record', 'records')}\n`)
  stdout.write(`Received ${formatMoment(receivedAtMs)} UTC, last change ${formatMoment(updatedAtMs)} UTC\n`)
  stdout.write(`Records: ${waiting} waiting, ${delivered} delivered, ${parked} parked, ${skipped} skipped, ${lost} lost\n`)
  const changed = Object.entries(repairs).map(([code, times]) => `${code} (${times})`)
  if (changed.length > 0) stdout.write(`Changed in its body: ${forTerminal(changed.join(', '))}\n`)
  if (cloudRequestIds.length > 0) stdout.write(`Request ids of the cloud: ${forTerminal(cloudRequestIds.join(', '))}\n`)
}

function printRecords (stdout: Output, body: Uint8Array): void {
  const devices = readPushBody(body)?.devices
  if (devices === undefined) {
    stdout.write('Its bytes were changed on disk and cannot be read as a push; run "queue verify".\n')
    return
  }
  printTable(stdout, ['DEVICE', 'TIME', 'POINTS'], devices.slice(0, RECORDS_SHOWN_MAX).map(({ deviceId = '', recordTime, data }) =>
    [deviceId, recordTime, Object.entries(data).map(([point, value]) => `${point}=${value}`).join(' ')].map(text => forTerminal(String(text)))))
  if (devices.length > RECORDS_SHOWN_MAX) stdout.write(`… and ${devices.length - RECORDS_SHOWN_MAX} more; --json shows all.\n`)
}

function toJson ({ receipt, waiting, parked }: PushView): object {
  return {
    receipt: receipt === undefined ? null : receiptToJson(receipt),
    waiting: waiting.map(entryToJson),
    parked: parked.map(({ body, deliveredSince, ...entry }) => ({ ...parkedToJson(entry), deliveredSince: deliveredSince ?? null, ...bodyToJson(body, entry.reason.code) }))
  }
}

/** What breaks the contract is shown as text, since JSON that is written anew would change how its numbers were written. */
function bodyToJson (body: Uint8Array | undefined, code: string): object {
  if (body === undefined) return { body: null }
  return code === INVALID_RECORD ? { body: null, bodyText: readText(body) ?? null } : { body: readPushBody(body) ?? null }
}

function receiptToJson ({ receivedAtMs, updatedAtMs, reasons, ...receipt }: Receipt): object {
  return { ...receipt, receivedAt: isoMoment(receivedAtMs), updatedAt: isoMoment(updatedAtMs), reasons: reasons.map(reasonToJson) }
}

function entryToJson ({ id, laneSeq, recordCount, receivedAtMs, failures, firstFailedAtMs, doubtfulCall, body }: Entry): object {
  return {
    id,
    laneSeq,
    records: recordCount,
    receivedAt: isoMoment(receivedAtMs),
    failures,
    firstFailedAt: isoMoment(firstFailedAtMs),
    mayHaveArrived: doubtfulCall !== undefined,
    body: readPushBody(body) ?? null
  }
}
