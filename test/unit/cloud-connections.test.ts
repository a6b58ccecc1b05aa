import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { attempt, type Outcome } from '../../src/relay/attempt.js'
import { CloudConnections } from '../../src/relay/cloud-connections.js'
import { Ending } from '../../src/relay/ending.js'
import type { CloudDispatcher } from '../../src/relay/pool.js'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'

async function send (pool: Pick<CloudDispatcher, 'dispatch'>, timeoutMs: number): Promise<Outcome> {
  const ending = new Ending(systemClock, timeoutMs, undefined)
  const outcome = await attempt(pool, { path: '/', headers: {}, body: Buffer.from('{}') }, ending)
  ending.close()
  return outcome
}

/** A cloud that answers, and the way to it. */
async function startCloud (t: Test): Promise<() => Promise<Socket>> {
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    socket.on('error', () => {}).on('data', () => { socket.write(ANSWER) })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo // It listens on TCP.
  return async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
}

t.test('a push whose time is over before there is a connection is let go of, and does not stand in the way of others', async t => {
  const connectToCloud = await startCloud(t)
  const open: Array<() => void> = []
  const connections = new CloudConnections({
    connect: async () => {
      await new Promise<void>(resolve => { open.push(resolve) })
      return await connectToCloud()
    },
    connectionsMax: 3,
    keepAliveMs: 1_000
  })
  t.teardown(() => connections.destroy())
  const late = await Promise.all(Array.from({ length: 200 }, async () => await send(connections, 20)))
  t.ok(late.every(outcome => 'begun' in outcome && !outcome.begun))
  t.equal(connections.waitingCount, 0)
  t.equal(open.length, 3)
  const inTime = Promise.all(Array.from({ length: 5 }, async () => await send(connections, 5_000)))
  for (const go of open) go()
  t.ok((await inTime).every(outcome => 'statusCode' in outcome && outcome.statusCode === 200))
})

t.test('connections that failed are those of the pushes that went first', async t => {
  const connectToCloud = await startCloud(t)
  const fails: Array<(error: Error) => void> = []
  const connections = new CloudConnections({
    connect: async () => fails.length > 1 ? await connectToCloud() : await new Promise((_resolve, reject) => { fails.push(reject) }),
    connectionsMax: 10,
    keepAliveMs: 1_000
  })
  t.teardown(() => connections.destroy())
  await Promise.all([send(connections, 20), send(connections, 20)])
  const later = send(connections, 5_000)
  for (const fail of fails) fail(new Error('no way'))
  t.match(await later, { statusCode: 200 })
})

t.test('a connection that ended before it could be used takes no place, and the push was not begun', async t => {
  const connectToCloud = await startCloud(t)
  let made = 0
  const connections = new CloudConnections({
    connect: async () => {
      const socket = await connectToCloud()
      made += 1
      if (made === 1) {
        socket.destroy()
        await once(socket, 'close')
      }
      return socket
    },
    connectionsMax: 1,
    keepAliveMs: 1_000
  })
  t.teardown(() => connections.destroy())
  t.match(await send(connections, 2_000), { begun: false, stale: false, cause: { code: 'UND_ERR_SOCKET' } })
  t.match(await send(connections, 2_000), { statusCode: 200 })
})
