import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { catalogTemplate } from '../../src/catalog/template.js'
import { ManualClock } from '../support/manual-clock.js'
import { startProxy, type TestProxy } from '../support/proxy.js'
import { makeWorkplace } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
import { scrapeUntil } from '../support/scrape.js'

t.test('catalog template prints a list that catalog check takes', async t => {
  const { folder, env } = makeWorkplace(t)
  const { stdout, code } = await runHere(['catalog', 'template'], { folder, env })
  t.equal(code, 0)
  t.equal(stdout, catalogTemplate())
  writeFileSync(join(folder, 'list.csv'), stdout)
  const checked = await runHere(['catalog', 'check', 'list.csv', '--json'], { folder, env })
  t.same(JSON.parse(checked.stdout), { points: 22, types: [{ type: '1', points: 22, required: 0, recommended: 0 }] })
  t.match((await runHere(['catalog', 'check', 'list.csv'], { folder, env })).stdout, /TYPE.*POINTS.*\n.*1.*22/)
})

t.test('catalog check names every fault by its line and exits 1', async t => {
  const { folder, env } = makeWorkplace(t)
  writeFileSync(join(folder, 'list.csv'), 'type,point,need\n1,Ua,must\n,Ub,\n')
  const { stderr, code } = await runHere(['catalog', 'check', 'list.csv'], { folder, env })
  t.equal(code, 1)
  t.equal(stderr, 'Line 2: need must be required, recommended, optional or empty.\nLine 3: type must be a code such as 1.\nlist.csv has 2 faults; mend it and check it again.\n')
  t.equal((await runHere(['catalog', 'check', 'none.csv'], { folder, env })).stderr, 'none.csv cannot be read; name a file that holds the list.\n')
})

/** A file is read in real time, however far the clock is set. */
async function timePassesUntil (clock: ManualClock, proxy: TestProxy, words: string): Promise<boolean> {
  for (let round = 0; round < 1000 && !proxy.log.some(line => line.includes(words)); round += 1) {
    await clock.advance(10_000)
    await new Promise(resolve => { setTimeout(resolve, 5) })
  }
  return proxy.log.some(line => line.includes(words))
}

const LIST = 'type,point,need\n1,Ua,required\n1,Ub,\n'
const pushOf = (data: object, deviceType = '1') => ({ deviceType, devices: [{ deviceId: 'm', recordTime: '2021-09-08 18:40:00', data }] })

t.test('a plant set to warn has its pushes sent, told and counted; one set to reject has them refused at their places', async t => {
  const file = join(t.testdir({ 'list.csv': LIST }), 'list.csv')
  const proxy = await startProxy(t, { env: { CATALOG_FILE: file }, policy: { catalog: 'warn' } })
  const clean = await proxy.push(pushOf({ Ua: '1' }))
  t.equal(clean.headers['x-warnings'], undefined)
  const warned = await proxy.push(pushOf({ UB: '1' }))
  t.equal(warned.statusCode, 200)
  t.equal(warned.headers['x-warnings'], 'unknown-point=1, missing-required=1')
  const counted = 'catalog_findings_total{plant="plant-1",kind="unknown-point"}'
  t.equal((await scrapeUntil(proxy, samples => samples.has(counted))).get(counted), 1)

  proxy.registry.setPlant('plant-1', { catalog: 'reject' })
  const refused = await proxy.push(pushOf({ UB: '1' }))
  t.equal(refused.statusCode, 400)
  t.same(refused.json().errors, [
    { path: '/devices/0/data/UB', message: 'is no point that the catalog has for this device type; did you mean Ub?' },
    { path: '/devices/0/data', message: 'lacks the point Ua, which the catalog requires' }
  ])
  const other = await proxy.push(pushOf({ anything: '1' }, '99'))
  t.equal(other.statusCode, 200, 'a type that the list does not have')
  t.equal(other.headers['x-warnings'], 'unknown-type=1')

  proxy.registry.setPlant('plant-1', { catalog: undefined })
  t.equal((await proxy.push(pushOf({ UB: '1' }))).headers['x-warnings'], undefined, 'off by default')
  t.equal(proxy.cloud.received().length, 4, 'all but the refused one')
})

t.test('a new list is in use without a restart, and a bad one changes nothing', async t => {
  const file = join(t.testdir({ 'list.csv': LIST }), 'list.csv')
  const clock = new ManualClock()
  const proxy = await startProxy(t, { clock, env: { CATALOG_FILE: file }, policy: { catalog: 'reject' } })
  const logs = async (words: string) => await timePassesUntil(clock, proxy, words)
  t.equal((await proxy.push(pushOf({ Ua: '1', Uc: '1' }))).statusCode, 400)
  writeFileSync(file, 'type;point;\n')
  t.ok(await logs('The new catalog cannot be used'))
  t.equal((await proxy.push(pushOf({ Ua: '1', Uc: '1' }))).statusCode, 400)
  writeFileSync(file, `${LIST}1,Uc,\n`)
  t.ok(await logs('A new catalog is in use'))
  t.equal((await proxy.push(pushOf({ Ua: '1', Uc: '1' }))).statusCode, 200)
})

t.test('a list that cannot be used stops the start, and explain, with the reason', async t => {
  const { folder, env } = makeWorkplace(t)
  writeFileSync(join(folder, 'list.csv'), 'type,point\n1,\n')
  const failed = await runHere(['serve'], { folder, env: { ...env, CATALOG_FILE: 'list.csv', PORT: '0', ADMIN_PORT: '0' } })
  t.equal(failed.code, 1)
  t.match(failed.stderr, /CATALOG_FILE cannot be used: Line 2: point must be a code such as Ua\. See: catalog check FILE\.\n$/)
  await runHere(['plants', 'add', 'north', '--catalog', 'warn'], { folder, env })
  writeFileSync(join(folder, 'list.csv'), LIST)
  const explained = await runHere(['explain', '--plant', 'north', '-'], { folder, env: { ...env, CATALOG_FILE: 'list.csv' }, input: JSON.stringify(pushOf({ Ub: '1' })) })
  t.match(explained.stdout, /catalog {3}The catalog finds: missing-required \(1\)\./)
  t.match((await runHere(['explain', '--plant', 'north', '-'], { folder, env: { ...env, CATALOG_FILE: 'none.csv' }, input: '{}' })).stderr, /^CATALOG_FILE cannot be read \(ENOENT\)\.\n$/)
})
