import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectPlainly, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { projectPath } from '../support/project.js'
import { CREDENTIAL, startCloud, startProxy, type TestProxy } from '../support/proxy.js'
import { parseAnswers } from '../support/raw-socket.js'
import { scrapeUntil } from '../support/scrape.js'

const LONG_VALUES = { large: 0, 'very large': 10, huge: 24 }

/** Of some 70 kB, so that it comes in pieces; of 2.6 MB with ten long values a device; of 6 MB, more than the system takes before the other side reads. */
function largePush (name: string, size: keyof typeof LONG_VALUES = 'large'): string {
  const data = size === 'large' ? { Ua: '7' } : Object.fromEntries(Array.from({ length: LONG_VALUES[size] }, (_, n) => [`P${n}`, '7'.repeat(250)]))
  return JSON.stringify({
    deviceType: '1',
    devices: Array.from({ length: 1_000 }, (_, n) => ({ deviceId: `${name}-${n}`, recordTime: '2021-09-08 18:40:00', data }))
  })
}

async function pushAll (proxy: TestProxy, bodies: readonly string[]): Promise<number[]> {
  return await Promise.all(bodies.map(async body => (await proxy.push(body)).statusCode))
}

const namesOf = (round: number): string[] => Array.from({ length: 12 }, (_, n) => `meter-in-no-log-${round}-${n}`)

t.test('large pushes, many at a time and one after the other, arrive as they were sent', async t => {
  const proxy = await startProxy(t)
  for (let round = 0; round < 3; round++) {
    const bodies = namesOf(round).map(name => largePush(name))
    t.strictSame(await pushAll(proxy, bodies), bodies.map(() => 200))
    const arrived = new Set(proxy.cloud.received().slice(-bodies.length).map(({ body }) => String(body)))
    t.ok(bodies.every(body => arrived.has(body)))
  }
})

t.test('large pushes of a plant that stores are delivered as they were sent', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store' }, env: { BODIES_IN_FLIGHT_MAX_BYTES: '100000000' } })
  const all: string[] = []
  for (let round = 0; round < 4; round++) {
    const bodies = namesOf(round).map(name => largePush(name))
    all.push(...bodies)
    t.strictSame(await pushAll(proxy, bodies), bodies.map(() => 202))
  }
  const recordsOf = (body: Buffer | string): unknown[] => JSON.parse(String(body)).devices
  await scrapeUntil(proxy, samples => [...samples].every(([name, value]) => !name.startsWith('queue_waiting_pushes') || value === 0))
  const arrived = new Set(proxy.cloud.received().flatMap(({ body }) => recordsOf(body)).map(record => JSON.stringify(record)))
  t.ok(all.flatMap(recordsOf).every(record => arrived.has(JSON.stringify(record))))
  t.equal(arrived.size, all.length * 1_000)
})

t.test('under TLS on both sides large pushes arrive as they were sent', async t => {
  const file = (name: string): string => projectPath(`test/support/${name}`)
  const cloud = await startSandbox({ accounts: [CREDENTIAL], tls: { cert: readFileSync(file('tls/cloud.crt'), 'utf8'), key: readFileSync(file('tls/cloud.key'), 'utf8') } })
  t.teardown(async () => { await cloud.close() })
  const proxy = await startProxy(t, { cloud, env: { ENERGY_EXPERT_SIGNED_HOST: 'energyexpertexternal.cn-hangzhou.aliyuncs.com', CA_FILE: file('tls/cloud.crt'), TLS_CERT_FILE: file('tls-plants/first.crt'), TLS_KEY_FILE: file('tls-plants/first.key') } })
  const socket = connect({ host: '127.0.0.1', port: proxy.port, rejectUnauthorized: false })
  t.teardown(() => { socket.destroy() })
  let received = ''
  socket.on('data', chunk => { received += chunk.toString('latin1') })
  for (const name of namesOf(0).slice(0, 5)) {
    const body = largePush(name)
    received = ''
    socket.write(`POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    for (let pieces = 0; pieces < 100 && parseAnswers(received).length === 0; pieces++) await once(socket, 'data')
    t.match(parseAnswers(received), [{ statusCode: 200, headers: { 'x-delivery': 'relayed' } }])
    t.ok(String(cloud.received().at(-1)?.body) === body)
  }
})

t.test('whatever the cloud does to large pushes, what arrives is what was sent, and what was answered as relayed has arrived', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud })
  for (const fault of ['hangsUp', 'closesIdle', 'goesStale', 'throttles', 'isDown', 'truncatesBody', 'hangsUpAfterHeaders'] as const) {
    cloud.inject(fault, { times: 5 })
    const bodies = namesOf(0).map(name => largePush(`${name}-${fault}`))
    const before = cloud.received().length
    const codes = await pushAll(proxy, bodies)
    cloud.heal()
    const arrived = new Set(cloud.received().slice(before).map(({ body }) => String(body)))
    t.ok([...arrived].every(body => bodies.includes(body)), `${fault}: nothing else`)
    t.ok(bodies.every((body, n) => codes[n] !== 200 || arrived.has(body)), `${fault}: no success of what is not there`)
  }
})

t.test('a cloud that answers before it has read a push never reads of another one on that connection', async t => {
  const { port, readOn } = await startHastyCloud(t)
  const proxy = await startProxy(t, { env: { ENERGY_EXPERT_ENDPOINT: `http://127.0.0.1:${port}`, BODY_MAX_BYTES: '16000000', RELAY_TIMEOUT_MS: '20000' } })
  const all: string[] = []
  for (let round = 0; round < 2; round++) {
    const bodies = namesOf(round).slice(0, 2).map(name => largePush(name, 'huge'))
    all.push(...bodies)
    t.strictSame(await pushAll(proxy, bodies), bodies.map(() => 200))
  }
  const arrived = (await readOn()).map(text => text.slice(text.indexOf('\r\n\r\n') + 4))
  t.equal(arrived.length, all.length, 'none was written to the end, so each had a connection of its own')
  t.ok(arrived.every(text => all.some(body => body.length > text.length && body.startsWith(text))), 'on each came the beginning of one push')
})

// Its buffer is still read then: given back, it would be filled with the next push, and both would arrive as one.
t.test('a push whose sender breaks the line while the cloud is slow arrives as it was sent, whatever comes after it', async t => {
  const cloud = await startSlowCloud(t)
  const proxy = await startProxy(t, { env: { ENERGY_EXPERT_ENDPOINT: `http://127.0.0.1:${cloud.port}`, RELAY_TIMEOUT_MS: '20000', BODY_MAX_BYTES: '16777216' } })
  const bodies = namesOf(0).slice(0, 4).map(name => largePush(name, 'huge'))
  for (const [n, body] of bodies.entries()) {
    const socket = connectPlainly(proxy.port, '127.0.0.1')
    socket.write(`POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await cloud.begun(n + 1)
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  cloud.read()
  await cloud.whole(bodies.length)
  t.ok(cloud.bodies().every(body => bodies.includes(body)), 'nothing of another push')
  t.equal(new Set(cloud.bodies()).size, bodies.length)
})

/** Reads no more than the beginning of each push until it is told to read; then it answers each with a success. */
async function startSlowCloud (t: Test): Promise<{ port: number, begun: (count: number) => Promise<void>, read: () => void, whole: (count: number) => Promise<void>, bodies: () => string[] }> {
  let begunCount = 0
  const sockets: Socket[] = []
  const wholes: string[] = []
  const progress = new EventEmitter()
  const until = async (isSo: () => boolean): Promise<void> => { for (let events = 0; events < 100_000 && !isSo(); events++) await once(progress, 'more') }
  let isReading = false
  const server = createServer(socket => {
    const pieces: Buffer[] = []
    let bytes = 0
    let wholeBytes = Infinity
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      if (pieces.length === 0) begunCount += 1
      pieces.push(chunk)
      bytes += chunk.length
      if (!isReading) socket.pause()
      if (bytes >= wholeBytes) {
        const text = Buffer.concat(pieces).toString('latin1')
        wholes.push(text.slice(text.indexOf('\r\n\r\n') + 4))
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n{"requestId":"1","data":"success"}')
      } else if (pieces.length === 1) {
        const head = chunk.toString('latin1')
        wholeBytes = head.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/.exec(head)?.[1])
      }
      progress.emit('more')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    begun: async count => { await until(() => begunCount >= count) },
    read: () => {
      isReading = true
      for (const socket of sockets) socket.resume()
    },
    whole: async count => { await until(() => wholes.length >= count) },
    bodies: () => wholes
  }
}

/** Answers with a success as soon as it has read a head; what else comes it reads only at the end. */
async function startHastyCloud (t: Test): Promise<{ port: number, readOn: () => Promise<string[]> }> {
  const connections: Array<{ socket: Socket, pieces: Buffer[] }> = []
  const server = createServer(socket => {
    const pieces: Buffer[] = []
    connections.push({ socket, pieces })
    socket.on('error', () => {})
    socket.on('data', piece => { pieces.push(piece) })
    socket.once('data', () => {
      socket.pause()
      const answer = '{"requestId":"1","data":"success"}'
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const { socket } of connections) socket.destroy()
    server.close()
  })
  const readOn = async (): Promise<string[]> => await Promise.all(connections.map(async ({ socket, pieces }) => {
    const isOver = once(socket, 'close')
    socket.resume()
    await isOver
    return Buffer.concat(pieces).toString('latin1')
  }))
  return { port: (server.address() as AddressInfo).port, readOn }
}
