import { existsSync } from 'node:fs'
import type { Clock } from '../clock.js'
import { DEFAULT_NAME } from '../credentials/credential-book.js'
import type { Plant } from '../plants/plant.js'
import { openRegistry } from '../plants/registry.js'
import { openQueueFile, type FailingLane } from '../queue/queue-file.js'
import { queuePath } from '../queue/log-names.js'
import type { QueueUsage } from '../queue/queue-log.js'
import { plantsPath } from '../store/plants-store.js'
import { fault, type Found, ok, type Report, skipped, warning } from './report.js'

export interface StoreParts {
  /** Undefined: the one of DATA_DIR was found unusable. */
  readonly dataDir: string | undefined
  readonly clock: Clock
  readonly queueBytesMax: number
  /** The plant that is asked about. */
  readonly plant: string | undefined
}

/** What waits longer does not just wait its turn. */
const WAIT_MS_MAX = 600_000

/** @returns the name of the credential that the plant's pushes are signed with */
export async function checkStore (report: Report, { dataDir, clock, queueBytesMax, plant }: StoreParts): Promise<string | undefined> {
  const credential = await report.check('plants', { 'data-dir': dataDir }, given => lookAtPlants(given['data-dir'], clock, plant))
  // Read once: a queue of millions takes seconds to open.
  const queue = await report.check('queue', { 'data-dir': dataDir }, given => lookAtQueue(given['data-dir'], clock, queueBytesMax))
  await report.check('parked', { queue }, given => judgeParked(given.queue.usage))
  await report.check('failing', { queue }, given => judgeFailing(given.queue.failing))
  // Also where the plants cannot be read, something can be said of what they have unless they name another.
  return plant === undefined ? credential ?? DEFAULT_NAME : credential
}

function lookAtPlants (dataDir: string, clock: Clock, name: string | undefined): Found<string> {
  // Only looking makes no file, which might belong to another user than the proxy's.
  if (!existsSync(plantsPath(dataDir))) {
    const remedy = '"plants add NAME" makes one, "keys create NAME" its key; look at DATA_DIR when there should be some.'
    return name === undefined ? warning('There is no plant yet.', remedy) : fault(`There is no plant ${JSON.stringify(name.slice(0, 80))}, and no other.`, remedy)
  }
  const registry = openRegistry({ dataDir, clock })
  try {
    const plants = registry.listPlants()
    const plant = name === undefined ? undefined : registry.showPlant(name)
    const broken = (plant === undefined ? plants : [plant]).flatMap(each => each.policyFaults.map(sentence => `${each.name}: ${sentence}`))
    if (broken.length > 0) return fault(broken.slice(0, 5).join(' '), 'Pushes of such a plant are answered with 500 until its policy is set again ("plants set").')
    if (plants.length === 0) return warning('There is no plant yet.', '"plants add NAME" makes one, "keys create NAME" its key.')
    return plant === undefined ? tellOfAll(plants) : ok(`The plant ${plant.name} may push, with the credential ${plant.policy.credential}.`, plant.policy.credential)
  } finally {
    registry.close()
  }
}

/** Of several credentials in use one is tried: the one that plants have unless they name another, if any has it. */
function tellOfAll (plants: readonly Plant[]): Found<string> {
  const names = new Set(plants.map(({ policy }) => policy.credential))
  const [first = DEFAULT_NAME] = names
  const tried = names.has(DEFAULT_NAME) ? DEFAULT_NAME : first
  const others = names.size > 1 ? ` They use ${names.size} credentials; here ${tried} is tried, --plant NAME tries that of a plant.` : ''
  return ok(`${plants.length === 1 ? 'One plant' : `${plants.length} plants`} may push.${others}`, tried)
}

interface QueueLook {
  readonly usage: QueueUsage
  readonly failing: readonly FailingLane[]
}

function lookAtQueue (dataDir: string, clock: Clock, bytesMax: number): Found<QueueLook> {
  if (!existsSync(queuePath(dataDir))) return skipped('There is no queue yet; the proxy makes it when it starts.')
  const file = openQueueFile(dataDir, clock)
  try {
    const look = { usage: file.usage(), failing: file.listFailing() }
    return { ...judgeWaiting(look.usage, bytesMax, clock.now()), value: look }
  } finally {
    file.close()
  }
}

function judgeWaiting ({ bytes, plants }: QueueUsage, bytesMax: number, nowMs: number): Found<never> {
  const waiting = plants.reduce((sum, each) => sum + each.waiting, 0)
  const oldestAtMs = Math.min(...plants.map(each => each.oldestAtMs ?? Infinity))
  const share = Math.floor(bytes / bytesMax * 100)
  if (share >= 100) return fault('The queue is full; new pushes that must be stored are refused.', 'Mend what keeps it waiting, give up what is parked ("queue list"), or raise QUEUE_MAX_BYTES.')
  if (waiting === 0) return ok(`Nothing waits; the queue is ${share} % full.`)
  const sentence = `${waiting === 1 ? 'One push waits' : `${waiting} pushes wait`}, the oldest since ${new Date(oldestAtMs).toISOString()}; the queue is ${share} % full.`
  if (share >= 80 || nowMs - oldestAtMs > WAIT_MS_MAX) return warning(sentence, 'Mend what is named here as a fault; "queue list" shows what waits, and for how long. It needs a proxy that runs.')
  return ok(sentence)
}

function judgeParked ({ plants }: QueueUsage): Found<never> {
  const having = plants.filter(({ parked }) => parked > 0)
  if (having.length === 0) return ok('Nothing is parked.')
  const records = having.reduce((sum, { parkedRecords }) => sum + parkedRecords, 0)
  return warning(`${records === 1 ? 'One record is' : `${records} records are`} parked, of ${having.slice(0, 5).map(({ plant }) => plant).join(', ')}${having.length > 5 ? ' and others' : ''}.`, '"queue list" says why; mend that, then "queue replay ID", or "queue skip ID" to give them up.')
}

/** What the disk knows of alarms: those of a whole account stand in the running proxy alone, which /readyz tells. */
function judgeFailing (failing: readonly FailingLane[]): Found<never> {
  const [first] = failing
  if (first === undefined) return ok('No push at the head of its lane has failed by itself.')
  const more = failing.length > 1 ? ` So do ${failing.length - 1} lanes more.` : ''
  return warning(`Pushes of ${first.plant}, device type ${first.deviceType}, fail while they are sent: ${first.failures === 1 ? 'once' : `${first.failures} times`} since ${new Date(first.sinceMs).toISOString()}.${more}`, 'The log and /readyz name the alarm; see "Alarms of the queue" in docs/operations.md.')
}
