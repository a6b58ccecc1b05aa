import t from 'tap'
import { watchCloud } from '../../src/cloud-watch.js'
import { watchEventLoop } from '../../src/event-loop-watch.js'
import type { CredentialSource } from '../../src/credentials/credential-source.js'
import { checkCredentials, checkEventLoop, checkPlants } from '../../src/health-checks.js'
import { type Finding, createHealth } from '../../src/health.js'
import { CredentialProblem } from '../../src/credentials/credential-problem.js'
import { ProxyError } from '../../src/errors.js'
import { ManualClock } from '../support/manual-clock.js'

t.test('without a complaint the proxy is ready, and details are told all the same', async t => {
  const health = createHealth({ clock: new ManualClock() })
  t.strictSame(await health.report(), { ready: true, reasons: [], details: {} })
  health.add('store', () => ({ detail: { plants: 3 } }))
  health.add('quiet', async () => ({}))
  t.strictSame(await health.report(), { ready: true, reasons: [], details: { store: { plants: 3 } } })
})

t.test('every reason is told by the name of its check', async t => {
  const health = createHealth({ clock: new ManualClock() })
  health.add('a', () => ({ reason: 'A.' }))
  health.add('b', async () => ({ reason: 'B.', detail: { n: 1 } }))
  t.strictSame(await health.report(), { ready: false, reasons: [{ check: 'a', message: 'A.' }, { check: 'b', message: 'B.' }], details: { b: { n: 1 } } })
  health.add('a', () => ({}))
  health.add('b', () => ({}))
  t.equal((await health.report()).ready, true, 'a check of the same name takes the place of the earlier')
})

t.test('a check that throws, at once or later, is a reason that quotes nothing, and is told to the log once', async t => {
  const problems: unknown[] = []
  const health = createHealth({ clock: new ManualClock(), onProblem: (check, problem) => { problems.push([check, problem]) } })
  health.add('at-once', () => { throw new Error('secret-1') })
  health.add('later', async () => { throw new Error('secret-2') })
  for (let round = 1; round <= 2; round += 1) {
    const report = await health.report()
    t.equal(report.reasons.length, 2)
    t.notMatch(JSON.stringify(report), /secret/)
    t.equal(problems.length, 2, `round ${round}`)
  }
  health.add('later', async () => ({}))
  await health.report()
  health.add('later', async () => { throw new Error('again') })
  await health.report()
  t.equal(problems.length, 3, 'a problem that comes back is told again')
})

t.test('a check that hangs is a reason after its time, is not asked twice, and is well again once it answers', async t => {
  const clock = new ManualClock()
  const health = createHealth({ clock, checkTimeoutMs: 500 })
  let asked = 0
  let answer = (): void => {}
  health.add('slow', async () => {
    asked += 1
    await new Promise<void>(resolve => { answer = resolve })
    return {}
  })
  const reports = [health.report(), health.report()]
  await clock.advance(500)
  for (const report of await Promise.all(reports)) t.strictSame(report.reasons, [{ check: 'slow', message: 'There was no answer within 500 ms.' }])
  const third = health.report()
  t.equal(asked, 1)
  answer()
  t.equal((await third).ready, true)
  t.equal(clock.waiting, 0, 'no timer is left behind')
})

t.test('a proxy that shuts down is not ready, whatever its checks say', async t => {
  const health = createHealth({ clock: new ManualClock() })
  health.beginShutdown()
  t.strictSame(await health.report(), { ready: false, reasons: [{ check: 'process', message: 'The proxy is shutting down.' }], details: {} })
})

t.test('a store of plants that cannot be read is a reason, and the log learns the cause', async t => {
  const problems: unknown[] = []
  const failing = { listPlants: () => { throw new Error('disk I/O error') } }
  const check = checkPlants(failing, problem => { problems.push(problem) })
  for (let round = 1; round <= 2; round += 1) t.match(await check(), { reason: /plants' store cannot be read/ })
  t.equal(problems.length, 1, 'once, however often a probe comes by')
  t.strictSame(await checkPlants({ listPlants: () => [] }, () => {})(), { detail: { plants: 0 } })
})

const sourceThat = (get: CredentialSource['get']): CredentialSource => ({ get, refresh: get })

async function judgeCredentials (sources: Record<string, CredentialSource>, clock = new ManualClock()): Promise<Finding> {
  const sourceOf = (name: string): CredentialSource => {
    const source = sources[name]
    if (source === undefined) throw new ProxyError('Credentials.Unknown')
    return source
  }
  const finding = checkCredentials({ names: () => ['north', 'south'], sourceOf, clock })()
  await clock.advance(1_000)
  if (clock.waiting > 0) throw new Error('a timer is left behind')
  return await finding
}

const valid = sourceThat(async () => ({ accessKeyId: 'id-to-hide', accessKeySecret: 's', expiresAtMs: 0 }))
const broken = sourceThat(async () => { throw new ProxyError('Credentials.Unavailable', undefined, { cause: new CredentialProblem('broken-file') }) })

t.test('without any credential the reason names each and says what is at fault', async t => {
  const { reason } = await judgeCredentials({ north: broken })
  t.match(reason, /^north: .*~\/\.aliyun\/config\.json.* south: There is no credential of that name/)
  const failing = sourceThat(async () => { throw new Error('the whole file, secrets included') })
  t.notMatch(JSON.stringify(await judgeCredentials({ north: failing, south: failing })), /secrets/)
})

t.test('one of several credentials that fails, is unknown or hangs is told, and does not shut out the plants of the others', async t => {
  const valid1970 = 'valid until 1970-01-01T00:00:00.000Z'
  t.match(await judgeCredentials({ north: valid, south: broken }), { reason: undefined, detail: { north: valid1970, south: /config\.json/ } })
  t.match(await judgeCredentials({ north: valid }), { reason: undefined, detail: { north: valid1970, south: /no credential of that name/ } })
  const hangs = sourceThat(async () => await new Promise(() => {}))
  t.match(await judgeCredentials({ north: valid, south: hangs }), { reason: undefined, detail: { north: valid1970, south: /does not answer in time/ } })
})

t.test('a cloud that is down is told with its age and is no reason', async t => {
  const clock = new ManualClock()
  const cloud = watchCloud(clock)
  t.strictSame(cloud.find(), { detail: { lastVerdict: 'none' } })
  cloud.note({ kind: 'delivered' })
  await clock.advance(60_000)
  cloud.note({ kind: 'unsent' })
  await clock.advance(5_000)
  t.strictSame(cloud.find(), { detail: { lastVerdict: 'unsent', ageSeconds: 5, deliveredAgeSeconds: 65 } })
})

/** Its timers come as late as it is told, as those of a loop that is held up. */
class LateClock extends ManualClock {
  lateMs = 0

  override after (delayMs: number, callback: () => void): () => void {
    return super.after(delayMs + this.lateMs, callback)
  }
}

t.test('a loop that is held up most of ten seconds is a reason, and a short hold-up is none', async t => {
  const clock = new LateClock()
  const eventLoop = watchEventLoop(clock)
  await clock.advance(10_000)
  t.strictSame(await checkEventLoop(eventLoop)(), { detail: { blockedShare: 0 } })
  clock.lateMs = 2_000
  await clock.advance(2_500)
  t.notOk(eventLoop.isStuck)
  await clock.advance(8_000)
  t.match(await checkEventLoop(eventLoop)(), { reason: /held up most of the time/ })
  clock.lateMs = 0
  await clock.advance(15_000)
  t.notOk(eventLoop.isStuck, 'it is forgotten when it is over')
  eventLoop.close()
  t.equal(clock.waiting, 0)
})
