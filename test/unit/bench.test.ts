import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bodiesOf } from '../../bench/bodies.js'
import { writeSection } from '../../bench/markdown.js'
import { percentile } from '../../bench/numbers.js'
import { loadOnSchedule } from '../../bench/open-load.js'

const STILL_MS = 600

t.test('a peer that stands still makes every push late that was due meanwhile, though only one was sent', async t => {
  let answered = 0
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      // Behind the sender's start, which counts for nothing.
      if (++answered === 150) setTimeout(() => { response.end('{}') }, STILL_MS)
      else response.end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo // It listens on a port.
  const { timesMs, failures } = await loadOnSchedule({ url: `http://127.0.0.1:${port}/`, keys: ['k'] }, { bodies: bodiesOf(1), connections: 1, perSecond: 200, seconds: 2 })
  t.equal(failures, 0)
  t.equal(timesMs.length, 400)
  // Of 120 pushes that were due in that time, those of its first half waited for the second half of it and longer.
  const late = timesMs.filter(timeMs => timeMs >= STILL_MS / 2).length
  t.ok(late >= 55, String(late))
})

t.test('an answer that is no success, and one that never comes, is a failure', async t => {
  let asked = 0
  const server = createServer((request, response) => {
    if (++asked === 3) request.socket.destroy()
    else response.writeHead(503).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo // It listens on a port.
  const { failures } = await loadOnSchedule({ url: `http://127.0.0.1:${port}/`, keys: ['k'] }, { bodies: ['{}'], connections: 1, perSecond: 20, seconds: 1, patienceMs: 100 })
  t.equal(failures, 30)
})

t.test('results replace what stands between their comments, and nothing else of the page', async t => {
  const path = join(t.testdir(), 'page.md')
  writeFileSync(path, 'a\n<!-- results of keys -->\nold\n<!-- end of results of keys -->\nz\n')
  writeSection(path, 'keys', '| new |')
  t.equal(readFileSync(path, 'utf8'), 'a\n<!-- results of keys -->\n| new |\n<!-- end of results of keys -->\nz\n')
  t.throws(() => { writeSection(path, 'peers', '') }, /has no two comments/)
})

t.test('a percentile is a value that was measured, and a body is no other one of its load', async t => {
  t.equal(percentile(Array.from({ length: 100 }, (_, n) => n + 1), 0.99), 99)
  t.equal(percentile([7], 0.5), 7)
  t.equal(new Set(bodiesOf(1)).size, 1000)
  t.strictSame(bodiesOf(100).map(body => JSON.parse(body).devices.length), Array.from({ length: 10 }, () => 100))
})
