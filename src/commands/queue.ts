import { Command } from 'commander'
import { backUpQueue, exportQueue, verifyQueue } from './queue-care.js'
import { listQueue } from './queue-list.js'
import { replayParked, skipParked } from './queue-release.js'
import { showPush } from './queue-show.js'
import type { QueueCommandParts } from './with-queue.js'

/** Flags as commander hands them over. */
type Options = Readonly<Record<string, unknown>>

const ID = 'An id of "queue list", or the request id that the sender was told: all that is parked of that push.'

/**
 * `queue`: what waits on disk and what is parked. Works while the server runs, which follows at once, and while it is
 * stopped. Its actions throw UsageError and CommandFailure.
 */
export function queueCommand (parts: QueueCommandParts): Command {
  const queue = new Command('queue')
    .description('What waits on disk, and what is parked. Works while the server runs and while it is stopped.')
    .configureOutput({ writeOut: text => { parts.stdout.write(text) }, writeErr: text => { parts.stderr.write(text) } })
  const json = ['--json', 'Print JSON for a program to read.'] as const
  const isJson = (options: Options): { json: boolean } => ({ json: options['json'] === true })

  queue.command('list')
    .description('List what waits, by plant and device type, and every parked entry with its reason.')
    .option(...json)
    .action(async (options: Options) => { await listQueue(parts, isJson(options)) })

  queue.command('show')
    .description('Show one push: what became of it, and its records that lie in the queue. The readings are printed.')
    .argument('<id>', 'The request id that the sender was told, or the id of a parked entry.')
    .option(...json)
    .action(async (id: string, options: Options) => { await showPush(parts, id, isJson(options)) })

  addReleases(queue, parts)
  addCare(queue, parts)
  return queue
}

function addReleases (queue: Command, parts: QueueCommandParts): void {
  queue.command('replay')
    .description('Send parked records again: they wait at the end of their lane. Warns when the same device and time was delivered since, or the records may have arrived after all: Energy Expert may then store them twice.')
    .argument('<id>', ID)
    .option('--json', 'Print JSON for a program to read.')
    .action(async (id: string, { json }: Options) => { await replayParked(parts, id, { json: json === true }) })

  queue.command('skip')
    .description('Give parked records up: their readings are removed for good, the receipt keeps that they were there.')
    .argument('<id>', ID)
    .option('--yes', 'Do not ask. Needed where no terminal is.')
    .option('--json', 'Print JSON for a program to read.')
    .action(async (id: string, { yes, json }: Options) => { await skipParked(parts, id, { yes: yes === true, json: json === true }) })
}

function addCare (queue: Command, parts: QueueCommandParts): void {
  queue.command('export')
    .description('Print everything that waits, then everything that is parked: one JSON object a line, with the body. Changes nothing.')
    .action(async () => { await exportQueue(parts) })

  queue.command('verify')
    .description('Read every byte of the queue. What the disk lost is named, and counted as lost from then on; the exit code is 1 when something new is found.')
    .option('--json', 'Print JSON for a program to read.')
    .action(async ({ json }: Options) => { await verifyQueue(parts, { json: json === true }) })

  queue.command('backup')
    .description('Copy the whole queue of this moment into a file. A plain copy of queue.db loses what lies in the file beside it, and may catch a page half written.')
    .argument('<file>', 'A file that is not there yet.')
    .option('--json', 'Print JSON for a program to read.')
    .action(async (path: string, { json }: Options) => { await backUpQueue(parts, path, { json: json === true }) })
}
