import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import t, { type Test } from 'tap'
import { systemClock, type Clock } from '../../src/clock.js'
import { CommandFailure, UsageError } from '../../src/commands/failure.js'
import { queueCommand } from '../../src/commands/queue.js'
import { encodePush } from '../../src/contract/encode-push.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { recordKeys } from '../../src/queue/record-keys.js'
import type { QueueLog } from '../../src/queue/queue-log.js'
import { ManualClock } from '../support/manual-clock.js'
import { dataDirOf, newEntry, parkedPart, readAll, startQueue } from '../support/queue.js'
import { FAST_QUEUE } from '../support/queue-in-place.js'

const RECEIVED_AT_MS = Date.parse('2026-03-01T08:00:00Z')
const NOW_MS = RECEIVED_AT_MS + 3 * 3_600_000

interface Outcome {
  stdout: string
  stderr: string
  ended: 'well' | 'usage' | 'failure'
  message: string
}

interface Shell {
  readonly dataDir: string
  readonly log: QueueLog
  run (line: string, confirm?: (question: string) => Promise<boolean>): Promise<Outcome>
  json (line: string): Promise<any>
}

const recordOf = (deviceId: string, data: Record<string, string> = { Ua: '226.0' }): object => ({ deviceId, recordTime: '2021-09-08 18:40:00', data })
const bodyOf = (...devices: object[]): Buffer => encodePush({ deviceType: '1', devices } as Parameters<typeof encodePush>[0])

/** The command beside a queue that a proxy has open. */
async function shellOf (t: Test, clock: Clock = systemClock): Promise<Shell> {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, clock, ...FAST_QUEUE })
  async function run (line: string, confirm?: (question: string) => Promise<boolean>): Promise<Outcome> {
    const outcome: Outcome = { stdout: '', stderr: '', ended: 'well', message: '' }
    const program = new Command().exitOverride()
    const command = queueCommand({
      openQueue: () => openQueueFile(dataDir, clock),
      now: () => NOW_MS,
      stdout: { write: text => { outcome.stdout += text } },
      stderr: { write: text => { outcome.stderr += text } },
      drained: async () => {},
      confirm
    })
    for (const each of [command, ...command.commands]) each.exitOverride()
    program.addCommand(command)
    try {
      await program.parseAsync(['queue', ...line.split(' ')], { from: 'user' })
    } catch (error) {
      if (error instanceof CommanderError) outcome.ended = error.exitCode === 0 ? 'well' : 'usage'
      else if (error instanceof UsageError) outcome.ended = 'usage'
      else if (error instanceof CommandFailure) outcome.ended = 'failure'
      else throw error
      outcome.message = (error as Error).message
    }
    return outcome
  }
  return { dataDir, log, run, json: async line => JSON.parse((await run(`${line} --json`)).stdout) }
}

/** One push of which nothing was refused, and one of which both records were. */
async function fill (log: QueueLog): Promise<{ waits: string, refused: string }> {
  const refused = newEntry({ plant: 'north', deviceType: '2', recordCount: 3, receivedAtMs: RECEIVED_AT_MS, body: bodyOf(recordOf('a'), recordOf('b'), recordOf('c')) })
  const waits = newEntry({ plant: 'north', receivedAtMs: RECEIVED_AT_MS, body: bodyOf(recordOf('m-1', { Ua: '226.0', Ep_imp: '325.00' })) })
  const { id } = await log.append(refused)
  await log.append(waits)
  const part = (device: string, code: string): ReturnType<typeof parkedPart> => parkedPart({ body: bodyOf(recordOf(device)), reason: { code, message: `no ${device}`, cloudRequestId: 'C-1' } })
  await log.settle([{ id, deliveredRecords: 1, cloudRequestIds: ['CLOUD-1'], parked: [part('a', 'InvalidParameter'), part('b', 'InDoubt')] }])
  return { waits: waits.requestId, refused: refused.requestId }
}

const parkedIds = async ({ json }: Shell): Promise<number[]> => (await json('list')).parked.map(({ id }: { id: number }) => id)

t.test('list tells what waits by lane and what is parked with its reason', async t => {
  const shell = await shellOf(t)
  t.match(await shell.run('list'), { ended: 'well', stdout: '', stderr: 'Nothing waits.\nNothing is parked.\n' })
  const { refused } = await fill(shell.log)
  const { stdout, stderr } = await shell.run('list')
  t.equal(stderr, '')
  t.match(stdout, /^Waiting:\nPLANT +TYPE +PUSHES +BYTES +OLDEST\nnorth +1 +1 +\d+ +3 h\n\nParked:\nID +PLANT +TYPE +RECORDS +CODE +PARKED SINCE +MESSAGE\n\d+ +north +2 +1 +InvalidParameter +.*no a\n\d+ .*InDoubt.*no b\n$/)
  t.match(await shell.json('list'), {
    waiting: [{ plant: 'north', deviceType: '1', live: false, pushes: 1, bytes: Number, oldestAt: '2026-03-01T08:00:00.000Z' }],
    parked: [{ id: Number, requestId: refused, plant: 'north', deviceType: '2', records: 1, code: 'InvalidParameter', message: 'no a', cloudRequestId: 'C-1', receivedAt: '2026-03-01T08:00:00.000Z' }, { code: 'InDoubt' }]
  })
})

t.test('show prints a push with its receipt and every record that lies there', async t => {
  const shell = await shellOf(t)
  const { waits, refused } = await fill(shell.log)
  const waiting = await shell.run(`show ${waits}`)
  t.match(waiting.stdout, `Push ${waits} of plant north, device type 1, 1 record\n`)
  t.match(waiting.stdout, /Records: 1 waiting, 0 delivered/)
  t.match(waiting.stdout, /m-1 +2021-09-08 18:40:00 +Ua=226\.0 Ep_imp=325\.00\n/)
  const [id] = await parkedIds(shell)
  for (const name of [refused, String(id)]) {
    const { stdout } = await shell.run(`show ${name}`)
    t.match(stdout, /Records: 0 waiting, 1 delivered, 2 parked, 0 skipped, 0 lost\nRequest ids of the cloud: CLOUD-1\n/)
    t.match(stdout, new RegExp(`\n${id} is parked, since .* UTC: InvalidParameter: no a\n`))
  }
  t.match(await shell.json(`show ${refused}`), { receipt: { delivered: 1, parked: 2 }, waiting: [], parked: [{ id, state: 'parked', body: { devices: [{ deviceId: 'a', data: { Ua: '226.0' } }] } }, {}] })
  const unknown = await shell.run('show 0A0A')
  t.equal(unknown.ended, 'failure')
  t.match(unknown.message, /^The queue knows nothing of 0A0A; give the request id/)
})

t.test('what senders and the cloud wrote cannot steer a terminal', async t => {
  const shell = await shellOf(t)
  const entry = newEntry({ deviceType: '\u001b[2J', body: bodyOf(recordOf('m\u009b31m\u202e', { 'U\u0007': '\n1' })) })
  await shell.log.append(entry)
  await shell.log.park({ ...newEntry(), parts: [parkedPart({ reason: { code: 'X', message: '\u001b]0;title\u0007', cloudRequestId: undefined } })], deliveredRecords: 0, cloudRequestIds: [] })
  for (const line of ['list', `show ${entry.requestId}`]) t.notMatch((await shell.run(line)).stdout, /[^\P{Cc}\n]|\u202e/u)
})

t.test('replay lets parked records wait again, one entry or a whole push, and warns where they may have arrived', async t => {
  const shell = await shellOf(t)
  const { refused } = await fill(shell.log)
  const [first = 0, second = 0] = await parkedIds(shell)
  const one = await shell.run(`replay ${first}`)
  t.match(one, { ended: 'well', stderr: '' })
  t.match(one.stdout, new RegExp(`^${first} \\(1 record\\) waits again at the end of its lane, as \\d+\\.\n$`))
  const rest = await shell.run(`replay ${refused} --json`)
  t.match(JSON.parse(rest.stdout), { replayed: [{ id: second, waitsAs: Number, records: 1, deliveredSince: 0 }] })
  t.match(rest.stderr, `${second} may have arrived before`)
  t.equal((await readAll(shell.log)).length, 3)
  t.match(await shell.run(`replay ${first}`), { ended: 'failure', message: `${first} was replayed before.` })
  t.match(await shell.run(`replay ${refused}`), { ended: 'failure', message: /is parked; it waits/ })
  t.match(await shell.run('replay 77777'), { ended: 'failure', message: /knows nothing of 77777/ })
  t.match((await shell.run('replay --help')).stdout, /may\s+then\s+store\s+them\s+twice/)
})

t.test('replay and show tell for how many parked records the same device and time was delivered since, stored or relayed', async t => {
  const shell = await shellOf(t)
  const push = (overrides: Parameters<typeof newEntry>[0], ...devices: string[]): ReturnType<typeof newEntry> =>
    newEntry({ plant: 'north', deviceType: '2', recordCount: devices.length, body: bodyOf(...devices.map(device => recordOf(device))), ...overrides })
  const deliver = async (entry: ReturnType<typeof newEntry>): Promise<void> => {
    const { id } = await shell.log.append(entry)
    await shell.log.settle([{ id, deliveredRecords: entry.recordCount, cloudRequestIds: [], parked: [] }])
  }
  await deliver(push({}, 'a', 'b', 'c'))
  const { refused } = await fill(shell.log)
  await shell.log.park({ ...newEntry(), plant: 'north', deviceType: '2', parts: [parkedPart()], deliveredRecords: 0, cloudRequestIds: [] })
  const [a = 0, b = 0, uncut = 0] = await parkedIds(shell)
  t.match(await shell.json(`show ${refused}`), { parked: [{ id: a, deliveredSince: 0 }, { id: b, deliveredSince: 0 }] }, 'what was delivered before, or with it, does not count')
  await deliver(push({ plant: 'south' }, 'a'))
  await deliver(push({ deviceType: '1' }, 'a'))
  await deliver(push({ body: bodyOf({ ...recordOf('a'), recordTime: '2021-09-08 18:41:00' }), recordCount: 1 }))
  t.match(await shell.json(`show ${refused}`), { parked: [{ id: a, deliveredSince: 0 }, {}] }, 'of another plant, type or time')

  // One of two records was refused again, from the lane beside the backlog.
  const { id } = await shell.log.append(push({ live: true }, 'a', 'b'))
  await shell.log.settle([{ id, deliveredRecords: 1, cloudRequestIds: [], parked: [parkedPart({ body: bodyOf(recordOf('b')) })] }])
  t.match((await shell.run(`show ${refused}`)).stdout, new RegExp(`\n${a} is parked.*\nFor 1 of 1 record the same device and time was delivered since\\.\n.*\n.*\n\n${b} is parked.*\nDEVICE`))
  const first = await shell.run(`replay ${a} --json`)
  t.match(first, { ended: 'well', stderr: `${a}: for 1 of 1 record the same device and time was delivered since; Energy Expert may then have it twice.\n` })
  t.match(JSON.parse(first.stdout), { replayed: [{ id: a, deliveredSince: 1 }] })

  const beside = push({ deviceType: '9', live: true }, 'a')
  await shell.log.park({ ...beside, parts: [parkedPart({ body: beside.body })], deliveredRecords: 0, cloudRequestIds: [] })
  await deliver(push({ deviceType: '9' }, 'a'))
  t.match(await shell.json(`show ${beside.requestId}`), { parked: [{ deliveredSince: 1 }] }, 'parked from the lane beside the backlog, delivered from the backlog')

  await shell.log.noteDelivered(recordKeys(push({}, 'b')) ?? [])
  t.match((await shell.run(`replay ${b}`)).stderr, `${b}: for 1 of 1 record`)
  const unknown = await shell.run(`replay ${uncut} --json`)
  t.match(unknown.stderr, `${uncut}: whether its devices and times were delivered since is not known`)
  t.match(JSON.parse(unknown.stdout), { replayed: [{ id: uncut, deliveredSince: null }] })
})

t.test('list tells how long a lane will take at the pace of the last ten minutes, and nothing where nothing was delivered in them', async t => {
  const clock = new ManualClock()
  const shell = await shellOf(t, clock)
  const minute = 60_000
  const store = async (count: number, deviceType: string): Promise<number[]> =>
    (await Promise.all(Array.from({ length: count }, () => shell.log.append(newEntry({ deviceType, receivedAtMs: clock.now() }))))).map(({ id }) => id)
  const settle = async (ids: number[]): Promise<void> => { await shell.log.settle(ids.map(id => ({ id, deliveredRecords: 1, cloudRequestIds: [], parked: [] }))) }
  const fast = await store(400, 'fast')
  const slow = await store(50, 'slow')
  t.match(await shell.json('list'), { waiting: [{ deviceType: 'fast', drainsInSeconds: null }, { deviceType: 'slow', drainsInSeconds: null }] })
  t.notMatch((await shell.run('list')).stdout, /DONE|pace/)
  await settle(slow.splice(0, 10))
  await clock.advance(11 * minute)
  // 40 a minute, for four minutes.
  for (let n = 0; n < 4; n++) {
    await settle(fast.splice(0, 40))
    await clock.advance(minute)
  }
  t.match(await shell.json('list'), { waiting: [{ deviceType: 'fast', pushes: 240, drainsInSeconds: 360 }, { deviceType: 'slow', drainsInSeconds: null }] })
  t.match((await shell.run('list')).stdout, /DONE IN ABOUT\nalpha +fast .* 6 min\nalpha +slow +40 .* (min|d|h)\n\(at the pace of the last 10 minutes, while the proxy runs\)\n/)
  await shell.log.close()
  t.match(await shell.json('list'), { waiting: [{ drainsInSeconds: 360 }, {}] }, 'the same while it is stopped')
  await clock.advance(11 * minute)
  t.match(await shell.json('list'), { waiting: [{ drainsInSeconds: null }, {}] })
})

t.test('skip asks first: a terminal is asked, without one --yes is needed', async t => {
  const shell = await shellOf(t)
  const { refused, waits } = await fill(shell.log)
  const [first = 0] = await parkedIds(shell)
  t.match(await shell.run(`skip ${first}`), { ended: 'usage', message: /--yes/ })
  const questions: string[] = []
  const answering = (answer: boolean) => async (question: string): Promise<boolean> => { questions.push(question); return answer }
  t.match(await shell.run(`skip ${refused}`, answering(false)), { ended: 'failure', message: 'Nothing was skipped.' })
  t.equal((await parkedIds(shell)).length, 2)
  t.match(await shell.run(`skip ${first}`, answering(true)), { ended: 'well', stdout: `${first} (1 record) is skipped; its receipt says so.\n` })
  t.strictSame(questions, [`Remove 2 parked records of ${refused} for good? [y/N] `, `Remove 1 parked record of ${first} for good? [y/N] `])
  t.equal((await shell.run(`skip ${refused} --yes`)).ended, 'well')
  t.match(await shell.log.receipt(refused), { delivered: 1, parked: 0, skipped: 2 })
  t.match(await shell.run(`skip ${first} --yes`), { ended: 'failure', message: `${first} was skipped before.` })
  t.match(await shell.run(`skip ${waits} --yes`), { ended: 'failure', message: /it waits/ })
})

t.test('export prints one JSON object a line, bodies with their characters as they were stored', async t => {
  const shell = await shellOf(t)
  const { waits, refused } = await fill(shell.log)
  await shell.log.append(newEntry({ body: Buffer.from('no\njson') }))
  const { stdout } = await shell.run('export')
  const rows = stdout.trimEnd().split('\n').map(line => JSON.parse(line))
  t.match(rows, [
    { state: 'waiting', requestId: waits, plant: 'north', records: 1, intact: true, body: { devices: [{ data: { Ep_imp: '325.00' } }] } },
    { state: 'waiting', body: null, bodyBase64: Buffer.from('no\njson').toString('base64') },
    { state: 'parked', requestId: refused, code: 'InvalidParameter', body: { devices: [{ deviceId: 'a' }] } },
    { state: 'parked', code: 'InDoubt' }
  ])
  t.ok(stdout.includes(bodyOf(recordOf('a')).toString()))
})

t.test('verify says that all is well, and exits with 1 and names the push whose bytes the disk has changed', async t => {
  const shell = await shellOf(t)
  const marked = newEntry({ body: bodyOf(recordOf('turned-by-the-disk')) })
  await shell.log.append(newEntry())
  await shell.log.append(marked)
  t.match(await shell.run('verify'), { ended: 'well', stdout: '2 pushes waiting, 0 entries parked.\nEvery push is there, and its bytes are those that were stored.\n' })
  await shell.log.close()
  const path = join(shell.dataDir, 'queue.db')
  const bytes = readFileSync(path)
  bytes.write('TURNED', bytes.lastIndexOf('turned-by-the-disk'))
  writeFileSync(path, bytes)
  const found = await shell.run('verify')
  t.match(found, { ended: 'failure', message: /^The disk lost stored pushes/ })
  t.match(found.stdout, `Lost: plant alpha, device type 1, pushes 2 of the lane; request ids ${marked.requestId}\n`)
  const again = await shell.run('verify')
  t.match(again, { ended: 'well', stdout: /1 record found lost before/ })
  t.match(await shell.json(`show ${marked.requestId}`), { receipt: { waiting: 0, lost: 1 } })
})

t.test('a damaged file is told in one sentence that says what to do', async t => {
  const shell = await shellOf(t)
  for (let n = 0; n < 50; n++) await shell.log.append(newEntry({ body: Buffer.alloc(5000, 65) }))
  await shell.log.close()
  const path = join(shell.dataDir, 'queue.db')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0xaa, 40_000))
  for (const line of ['verify', 'list', 'export']) {
    const { ended, message } = await shell.run(line)
    t.equal(ended, 'failure', line)
    t.match(message, /damaged/)
  }
})

t.test('backup copies the whole queue into a file of its own, and writes over nothing', async t => {
  const shell = await shellOf(t)
  await fill(shell.log)
  const copy = dataDirOf(t)
  const { bytes } = await shell.json(`backup ${copy}/queue.db`)
  t.equal(bytes, statSync(`${copy}/queue.db`).size)
  t.match(await shell.run(`backup ${copy}/queue.db`), { ended: 'failure', message: /there already/ })
  t.equal((await shell.run(`backup ${copy}/no/such/folder`)).ended, 'failure')
  const file = openQueueFile(copy)
  t.teardown(() => { file.close() })
  t.match([file.listLanes().length, file.listParked().length], [1, 2])
})

t.test('where there is no queue every command says so, and makes none', async t => {
  const shell = await shellOf(t)
  const empty = dataDirOf(t)
  const command = queueCommand({ openQueue: () => openQueueFile(empty), now: () => NOW_MS, stdout: { write: () => {} }, stderr: { write: () => {} }, drained: async () => {} })
  await t.rejects(command.parseAsync(['list'], { from: 'user' }), { name: 'CommandFailure', message: /There is no queue here; check DATA_DIR/ })
  t.notOk(existsSync(join(empty, 'queue.db')))
  for (const wrong of ['show', 'nonsense', 'list --nonsense', 'skip']) t.equal((await shell.run(wrong)).ended, 'usage', wrong)
})
