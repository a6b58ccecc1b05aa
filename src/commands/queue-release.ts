import { INVALID_RECORD } from '../contract/bad-record.js'
import { NotSendable, type ParkedView, type QueueFile } from '../queue/queue-file.js'
import { CommandFailure, UsageError } from './failure.js'
import { printJson, type Output } from './print.js'
import { notThere } from './queue-show.js'
import { count, forTerminal } from './queue-texts.js'
import { withQueue, type QueueCommandParts } from './with-queue.js'

/** `queue replay`: parked records wait again. A number names one entry, a request id all that is parked of that push. */
export async function replayParked (parts: QueueCommandParts, id: string, { json }: { json: boolean }): Promise<void> {
  const { stdout, stderr } = parts
  const replayed = await withQueue(parts, file => sendable(findParked(file, id), stderr).map(entry => {
    warn(stderr, entry)
    return { id: entry.id, waitsAs: file.replay(entry.id).id, records: entry.recordCount, deliveredSince: entry.deliveredSince ?? null }
  }))
  if (json) printJson(stdout, { replayed })
  else for (const { id, waitsAs, records } of replayed) stdout.write(`${id} (${count(records, 'record', 'records')}) waits again at the end of its lane, as ${waitsAs}.\n`)
}

/**
 * Of several entries of one push those that break the contract stay.
 * @throws {NotSendable} where all do
 */
function sendable (entries: readonly ParkedView[], stderr: Output): readonly ParkedView[] {
  const left = entries.filter(({ reason }) => reason.code !== INVALID_RECORD)
  const staying = entries.filter(({ reason }) => reason.code === INVALID_RECORD)
  if (left.length === 0 && staying[0] !== undefined) throw new NotSendable(staying[0].id)
  for (const { id } of staying) stderr.write(`${id} breaks the contract and stays parked.\n`)
  return left
}

/** Replaying is not refused for it: the values may have been corrected, and Energy Expert decides what it does with two. */
function warn (stderr: Output, { id, recordCount, reason, deliveredSince }: ParkedView): void {
  if (reason.code === 'InDoubt') stderr.write(`${id} may have arrived before; Energy Expert may then have its readings twice.\n`)
  if (deliveredSince === undefined) stderr.write(`${id}: whether its devices and times were delivered since is not known; Energy Expert may then have them twice.\n`)
  else if (deliveredSince > 0) stderr.write(`${id}: for ${deliveredSince} of ${count(recordCount, 'record', 'records')} the same device and time was delivered since; Energy Expert may then have it twice.\n`)
}

/** `queue skip`: parked records are given up. A number names one entry, a request id all that is parked of that push. */
export async function skipParked (parts: QueueCommandParts, id: string, { yes, json }: { yes: boolean, json: boolean }): Promise<void> {
  const { stdout, confirm } = parts
  if (!yes && confirm === undefined) throw new UsageError('Skipping removes readings for good; say so with --yes.')
  const entries = await withQueue(parts, file => findParked(file, id))
  const records = entries.reduce((sum, { recordCount }) => sum + recordCount, 0)
  if (!yes && await confirm?.(`Remove ${count(records, 'parked record', 'parked records')} of ${forTerminal(id)} for good? [y/N] `) !== true) {
    throw new CommandFailure('Nothing was skipped.')
  }
  const skipped = await withQueue(parts, file => entries.map(({ id, recordCount }) => {
    file.skip(id)
    return { id, records: recordCount }
  }))
  if (json) printJson(stdout, { skipped })
  else for (const { id, records } of skipped) stdout.write(`${id} (${count(records, 'record', 'records')}) is skipped; its receipt says so.\n`)
}

/** @throws {CommandFailure} that says what became of it */
function findParked (file: QueueFile, id: string): ParkedView[] {
  const view = file.show(id)
  if (view === undefined) throw notThere(id)
  const isNumber = /^[0-9]{1,15}$/.test(id)
  const named = view.parked.filter(entry => !isNumber || entry.id === Number(id))
  const parked = named.filter(({ state }) => state === 'parked')
  if (parked.length > 0) return parked
  const [before] = named
  if (isNumber && before !== undefined) throw new CommandFailure(`${id} was ${before.state} before.`)
  throw new CommandFailure(view.waiting.length > 0 ? `Nothing of ${forTerminal(id)} is parked; it waits, and is sent in its turn.` : `Nothing of ${forTerminal(id)} is parked any more; "queue show" says what became of it.`)
}
