import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { trustIn } from '../../src/trusted-certificates.js'
import { createConnector, type Connector } from '../../src/way-out/connector.js'
import { certificate } from '../support/certificate.js'

const secureContext = trustIn(certificate.cert)

async function listening (t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets = new Set<Socket>()
  server.on('connection', socket => { sockets.add(socket.on('error', () => {})) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return String(typeof address === 'object' ? address?.port : 0)
}

async function open (t: Test, connect: Connector, options: { port: string, protocol?: string, hostname?: string, host?: string, servername?: string }): Promise<Socket> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    connect({ protocol: 'https:', hostname: '127.0.0.1', ...options }, (...[error, socket]) => { if (error === null) resolve(socket); else reject(error) })
  })
  t.teardown(() => { socket.destroy() })
  return socket
}

const tlsServer = (onName: (name: unknown) => void = () => {}): Server => createTlsServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'], SNICallback: (name, done) => { onName(name); done(null) } }, socket => { socket.on('error', () => {}).resume() })

t.test('who accepts and then says nothing is given up at the time that was set, and not before', async t => {
  const port = await listening(t, createServer())
  const startedMs = performance.now()
  await t.rejects(open(t, createConnector({ timeoutMs: 150, secureContext }), { port }), { code: 'UND_ERR_CONNECT_TIMEOUT' })
  const tookMs = performance.now() - startedMs
  t.ok(tookMs >= 149 && tookMs < 5_000, `${tookMs} ms`)
})

t.test('a connection that is open is not ended when the time for opening it is over', async t => {
  const port = await listening(t, createServer())
  const socket = await open(t, createConnector({ timeoutMs: 50 }), { port, protocol: 'http:' })
  await new Promise(resolve => { setTimeout(resolve, 150) })
  t.notOk(socket.destroyed)
})

t.test('who is not there, and who is not trusted, is told by Node\'s code', async t => {
  const server = createServer()
  const port = await listening(t, server)
  const tlsPort = await listening(t, tlsServer())
  server.close()
  await once(server, 'close')
  await t.rejects(open(t, createConnector({ timeoutMs: 1_000 }), { port, protocol: 'http:' }), { code: 'ECONNREFUSED' })
  await t.rejects(open(t, createConnector({ timeoutMs: 1_000 }), { port: tlsPort }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await t.rejects(open(t, createConnector({ timeoutMs: 1_000, secureContext }), { port: tlsPort, servername: 'other.example' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

t.test('the environment cannot turn off that TLS is verified', async t => {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
  })
  await t.rejects(open(t, createConnector({ timeoutMs: 1_000 }), { port: await listening(t, tlsServer()) }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
})

t.test('SNI has the name that was given, else the host\'s, and none for an address', async t => {
  const names: unknown[] = []
  const port = await listening(t, tlsServer(name => { names.push(name) }))
  const connect = createConnector({ timeoutMs: 1_000, secureContext })
  await open(t, connect, { port, servername: 'localhost', host: 'x.example:8443' })
  await open(t, connect, { port, host: `localhost:${port}` })
  await open(t, connect, { port, host: `127.0.0.1:${port}` })
  t.strictSame(names, ['localhost', 'localhost'])
})

t.test('a TLS session is taken up again for the same name, and for no other', async t => {
  const port = await listening(t, tlsServer())
  const connect = createConnector({ timeoutMs: 1_000, secureContext })
  const isResumed = (socket: Socket): boolean => socket instanceof TLSSocket && socket.isSessionReused()
  const first = await open(t, connect, { port, servername: 'localhost' })
  await once(first.resume(), 'session')
  t.notOk(isResumed(first))
  t.ok(isResumed(await open(t, connect, { port, servername: 'localhost' })))
  t.notOk(isResumed(await open(t, connect, { port, host: '127.0.0.1' })))
})

t.test('who also speaks HTTP/2 is told that HTTP/1.1 is meant', async t => {
  const socket = await open(t, createConnector({ timeoutMs: 1_000, secureContext }), { port: await listening(t, tlsServer()) })
  t.equal(socket instanceof TLSSocket && socket.alpnProtocol, 'http/1.1')
})
