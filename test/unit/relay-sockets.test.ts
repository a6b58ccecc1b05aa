import { EventEmitter, getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { systemClock } from '../../src/clock.js'
import { attempt } from '../../src/relay/attempt.js'
import { Ending } from '../../src/relay/ending.js'
import { createCloudPool, type CloudPoolOptions } from '../../src/relay/pool.js'
import { type AttemptEvent, createRelay, type Relay, type SendOptions } from '../../src/relay/relay.js'
import { certificate } from '../support/certificate.js'
import { trusting } from '../support/trusting.js'
import { projectUrl } from '../support/project.js'

const CREDENTIAL = { accessKeyId: 'LTAI5tTestKeyIdOfTheSuite', accessKeySecret: 'TestKeySecretOfTheSuite000000' }
const BODY = Buffer.from('{"deviceType":"1"}')
const PUBLIC_HOST = 'energyexpertexternal.cn-hangzhou.aliyuncs.com'
const cert = readFileSync(projectUrl('test/support/tls/cloud.crt'), 'utf8')
const key = readFileSync(projectUrl('test/support/tls/cloud.key'), 'utf8')

const SUCCESS = '{"requestId":"ID-1","data":"success"}'
const answer = (body: string, head = 'HTTP/1.1 200 OK'): string => `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`

interface Upstream {
  port: number
  /** How many requests came whole, and over how many connections. */
  requests: () => number
  connections: () => number
}

/** A server on loopback that hands each whole request to `onRequest`, with its number on its connection and over all. */
async function startUpstream (t: Test, onRequest: (socket: Socket, onConnection: number, overall: number, text: string) => void, server: Server = createServer(), event = 'connection'): Promise<Upstream> {
  let requests = 0
  let connections = 0
  const open = new Set<Socket>()
  server.on(event, (socket: Socket) => {
    connections += 1
    let onThis = 0
    let text = ''
    open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => { open.delete(socket) })
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (!text.endsWith(BODY.toString())) return
      requests += 1
      onThis += 1
      onRequest(socket, onThis, requests, text)
      text = ''
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  // A server that listens on TCP has an address of this form.
  return { port: (server.address() as AddressInfo).port, requests: () => requests, connections: () => connections }
}

interface Started {
  relay: Relay
  events: AttemptEvent[]
  /** Every time that was waited for, deadlines included, in ms. */
  timersMs: number[]
}

/** Which of the two ways to send is looked at. */
let isFast = false

function startRelay (t: Test, options: CloudPoolOptions, random = 0): Started {
  const events: AttemptEvent[] = []
  const timersMs: number[] = []
  const relay = createRelay({
    pool: createCloudPool({ isFast, ...options }),
    credentials: { get: async () => CREDENTIAL, refresh: async () => CREDENTIAL },
    signedHost: options.signedHost,
    clock: {
      ...systemClock,
      after (delayMs, callback) {
        timersMs.push(delayMs)
        return systemClock.after(delayMs, callback)
      }
    },
    random: () => random,
    onAttempt: event => { events.push(event) }
  })
  t.teardown(async () => { await relay.close() })
  return { relay, events, timersMs }
}

const plain = (port: number, more: Partial<CloudPoolOptions> = {}): CloudPoolOptions => ({ endpoint: `http://127.0.0.1:${port}`, signedHost: PUBLIC_HOST, ...more })

/** Both ways to send keep the same promises. */
for (const way of ['undici', 'connections of our own']) {
  t.test(way, async t => {
    isFast = way !== 'undici'

    await t.test('the Host that is sent is the signed one, whatever address is connected to', async t => {
      const seen: string[] = []
      const upstream = await startUpstream(t, (socket, _, __, text) => {
        seen.push(text)
        socket.write(answer(SUCCESS))
      })
      const { relay } = startRelay(t, plain(upstream.port))
      t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
      t.match(seen[0], /^POST \/api\/v1\/data\/increment\/push HTTP\/1\.1\r\nhost: energyexpertexternal\.cn-hangzhou\.aliyuncs\.com\r\n/)
      t.equal(seen[0]?.match(/host:/gi)?.length, 1)
    })

    await t.test('an idle connection that ends as it is used again costs no wait: the push goes over another one at once', async t => {
      for (const reset of [true, false]) {
        const nonces = new Set<string>()
        const upstream = await startUpstream(t, (socket, onConnection, _, text) => {
          nonces.add(/x-acs-signature-nonce: (\w+)/.exec(text)?.[1] ?? '')
          if (onConnection === 1) socket.write(answer(SUCCESS))
          else if (reset) socket.resetAndDestroy()
          else socket.end()
        })
        const { relay, events, timersMs } = startRelay(t, plain(upstream.port, { connectionsMax: 1 }), 1)
        await relay.send(BODY, { timeoutMs: 5000 })
        t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
        t.match(events.map(({ kind }) => kind), ['delivered', 'maybe-arrived', 'delivered'])
        t.same(timersMs, [5000, 5000], 'nothing but the two deadlines')
        t.equal(nonces.size, 3)
      }
    })

    await t.test('a cloud that ends each connection behind its answer, without a word, leaves no push in doubt', async t => {
      for (const reset of [true, false]) {
        const upstream = await startUpstream(t, socket => {
          socket.write(answer(SUCCESS), () => {
            if (reset) socket.resetAndDestroy()
            else socket.end()
          })
        })
        const { relay, events } = startRelay(t, plain(upstream.port, { connectionsMax: 2 }))
        await Promise.all(Array.from({ length: 20 }, async () => await relay.send(BODY, { timeoutMs: 5000 })))
        t.same(events.map(({ kind }) => kind), Array.from({ length: 20 }, () => 'delivered'))
      }
    })

    await t.test('what an idle connection brings unasked is no answer to the next push', async t => {
      let last = new Socket()
      const upstream = await startUpstream(t, (socket, _, overall) => {
        last = socket
        socket.write(answer(`{"requestId":"ID-${overall}","data":"success"}`))
      })
      const { relay } = startRelay(t, plain(upstream.port))
      await relay.send(BODY, { timeoutMs: 5000 })
      // The loop is about to look at its sockets.
      await new Promise(resolve => { setImmediate(resolve) })
      last.write(answer('{"requestId":"ID-STRANGE","data":"success"}'))
      t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered', cloudRequestId: 'ID-2' })
      t.same([upstream.requests(), upstream.connections()], [2, 2])
    })

    await t.test('a new connection that ends without an answer is waited for as usual', async t => {
      const upstream = await startUpstream(t, (socket, _, overall) => {
        if (overall === 1) socket.resetAndDestroy()
        else socket.write(answer(SUCCESS))
      })
      const { relay, timersMs } = startRelay(t, plain(upstream.port), 1)
      t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
      t.same(timersMs, [5000, 200], 'the deadline, and the first backoff at its longest')
    })

    await t.test('where nobody listens nothing was sent, and that is certain', async t => {
      // A clock's timers keep no process alive, and here is nothing else that would.
      const alive = setInterval(() => {}, 1000)
      t.teardown(() => { clearInterval(alive) })
      const upstream = createServer().listen(0, '127.0.0.1')
      await once(upstream, 'listening')
      const { port } = upstream.address() as AddressInfo // It listens on TCP.
      upstream.close()
      const { relay, events } = startRelay(t, plain(port), 0.5)
      const startedMs = performance.now()
      t.match(await relay.send(BODY, { timeoutMs: 1000 }), { kind: 'unsent', mayHaveArrived: false })
      t.ok(performance.now() - startedMs < 2000)
      t.match(events[0], { code: 'ECONNREFUSED', message: /refuses connections/ })
      t.ok(events.length > 1, 'it was tried again')
    })

    await t.test('a cloud that comes back within the deadline gets the push', async t => {
      const upstream = createServer().listen(0, '127.0.0.1')
      await once(upstream, 'listening')
      const { port } = upstream.address() as AddressInfo // It listens on TCP.
      await new Promise(resolve => { upstream.close(resolve) })
      const { relay, events } = startRelay(t, plain(port), 0.5)
      const sending = relay.send(BODY, { timeoutMs: 5000 })
      const server = createServer(socket => { socket.once('data', () => { socket.end(answer(SUCCESS)) }) })
      server.listen(port, '127.0.0.1')
      t.teardown(() => { server.close() })
      t.match(await sending, { kind: 'delivered' }, JSON.stringify(events))
    })

    await t.test('pushes that wait for a connection are never begun after their time, and leave the connection alone', async t => {
      let isHeld = true
      const held: Socket[] = []
      const upstream = await startUpstream(t, socket => {
        if (isHeld) held.push(socket)
        else socket.write(answer(SUCCESS))
      })
      const { relay, events } = startRelay(t, plain(upstream.port, { connectionsMax: 1 }))
      const first = relay.send(BODY, { timeoutMs: 5000 })
      const waiting = await Promise.all(Array.from({ length: 20 }, async () => await relay.send(BODY, { timeoutMs: 60 })))
      t.ok(waiting.every(verdict => verdict.kind === 'unsent' && verdict.timedOut === true && !verdict.mayHaveArrived))
      isHeld = false
      held[0]?.write(answer(SUCCESS))
      t.match(await first, { kind: 'delivered' })
      t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
      t.same([upstream.requests(), upstream.connections(), events.length], [2, 1, 22])
    })

    await t.test('an attempt whose time is over or whose sender is gone closes its connection, and the next push takes another', async t => {
      const held: Socket[] = []
      const upstream = await startUpstream(t, (socket, _, overall) => {
        if (overall % 2 === 1) held.push(socket)
        else socket.write(answer(SUCCESS))
      })
      const { relay } = startRelay(t, plain(upstream.port, { connectionsMax: 1 }))
      const hangUp = new AbortController()
      const givenUp: Array<[options: SendOptions, expected: object]> = [
        [{ timeoutMs: 300 }, { kind: 'maybe-arrived', timedOut: true }],
        [{ timeoutMs: 5000, clientGone: hangUp.signal }, { kind: 'cancelled', mayHaveArrived: true }]
      ]
      for (const [n, [options, expected]] of givenUp.entries()) {
        const sending = relay.send(BODY, options)
        for (let turn = 0; turn < 1e6 && held[n] === undefined; turn++) await new Promise(resolve => { setImmediate(resolve) })
        const closed = once(held[n] ?? new EventEmitter(), 'close', { signal: AbortSignal.timeout(5000) })
        if (n === 1) hangUp.abort()
        t.match(await sending, expected)
        await closed
        t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
      }
      t.same([upstream.requests(), upstream.connections()], [4, 3], 'a delivery leaves its connection to the next')
    })

    await t.test('odd answers are read for what they are', async t => {
      const odd: Array<[what: string, raw: string, kind: string]> = [
        ['early hints before the answer', `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${answer(SUCCESS)}`, 'delivered'],
        ['a chunked answer', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${SUCCESS.length.toString(16)}\r\n${SUCCESS}\r\n0\r\n\r\n`, 'delivered'],
        ['header values in doubles', `HTTP/1.1 400 X\r\nx-acs-retry-after: 1\r\nx-acs-retry-after: 2\r\ndate: a\r\ndate: b\r\ncontent-length: 32\r\n\r\n${'{"Code":"InvalidParameter"}'.padEnd(32)}`, 'refused'],
        ['a header section of 32 kB', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(32_768)}\r\n\r\n`, 'maybe-arrived'],
        ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', 'maybe-arrived'],
        ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', 'maybe-arrived'],
        ['an answer that is cut', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"data":"success"}', 'maybe-arrived'],
        ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}', 'maybe-arrived']
      ]
      for (const [what, raw, kind] of odd) {
        const upstream = await startUpstream(t, socket => { socket.end(raw) })
        // A backoff beyond the deadline: no second attempt.
        const { relay, events } = startRelay(t, plain(upstream.port), 100)
        const verdict = await relay.send(BODY, { timeoutMs: 5000 })
        t.equal(verdict.kind, kind, what)
        t.equal(events.length, 1)
      }
    })

    await t.test('an answer that comes before the body was taken is an answer', async t => {
      const server = createServer(socket => {
        socket.on('error', () => {})
        socket.once('data', () => {
          socket.write(answer('<html>', 'HTTP/1.1 413 Too Large\r\nconnection: close'))
          socket.resume()
        })
      })
      const upstream = await startUpstream(t, () => {}, server)
      const { relay } = startRelay(t, plain(upstream.port), 100)
      t.match(await relay.send(Buffer.alloc(1_000_000, 120), { timeoutMs: 5000 }), { kind: 'refused', statusCode: 413 })
    })

    await t.test('a value that would end its header is refused, and nothing was sent', async t => {
      const upstream = await startUpstream(t, socket => { socket.write(answer(SUCCESS)) })
      const pool = createCloudPool({ isFast, ...plain(upstream.port) })
      t.teardown(async () => { await pool.destroy() })
      const ending = new Ending(systemClock, 5000, undefined)
      const outcome = await attempt(pool, { path: '/', headers: { host: PUBLIC_HOST, 'x-acs-security-token': 'a\r\nb: c' }, body: BODY }, ending)
      ending.close()
      t.match(outcome, { begun: false, cause: { code: 'UND_ERR_INVALID_ARG' } })
      t.equal(upstream.requests(), 0)
    })

    await t.test('a signal that outlives its pushes keeps no listener of them', async t => {
      const upstream = await startUpstream(t, socket => { socket.write(answer(SUCCESS)) })
      const { relay } = startRelay(t, plain(upstream.port))
      const hangUp = new AbortController()
      for (let n = 0; n < 20; n++) await relay.send(BODY, { timeoutMs: 5000, clientGone: hangUp.signal })
      t.equal(getEventListeners(hangUp.signal, 'abort').length, 0)
    })

    await t.test('TLS checks the signed host, wherever the connection goes', async t => {
      const names: unknown[] = []
      const upstream = await startUpstream(t, socket => {
        // Whatever comes here came through the TLS server.
        names.push((socket as TLSSocket).servername)
        socket.write(answer(SUCCESS))
      }, createTlsServer({ cert, key }), 'secureConnection')
      const endpoint = `https://127.0.0.1:${upstream.port}`

      await t.test('a certificate for the signed host whose issuer is trusted is taken', async t => {
        const { relay } = startRelay(t, { endpoint, signedHost: PUBLIC_HOST, wayOut: trusting(cert) })
        t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
        const withPort = startRelay(t, { endpoint, signedHost: `${PUBLIC_HOST}:9988`, wayOut: trusting(cert) })
        t.match(await withPort.relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
        t.same(names, [PUBLIC_HOST, PUBLIC_HOST])
      })

      await t.test('a certificate that nobody trusts is refused at once and nothing is sent, even where Node is told not to care', async t => {
        process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
        t.teardown(() => { delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'] })
        const { relay, events } = startRelay(t, { endpoint, signedHost: PUBLIC_HOST })
        t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'unsent', code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: /not trusted/ })
        t.equal(events.length, 1, 'another attempt would meet the same certificate')
      })

      await t.test('a trusted certificate for another name is refused and nothing is sent', async t => {
        for (const signedHost of ['energyexpertexternal.ap-southeast-1.aliyuncs.com', `127.0.0.1:${upstream.port}`]) {
          const { relay } = startRelay(t, { endpoint, signedHost, wayOut: trusting(cert) })
          t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'unsent', code: 'ERR_TLS_CERT_ALTNAME_INVALID', message: /another name than the signed host/ })
        }
      })

      await t.test('a signed host that is an address is checked too, not the address connected to', async t => {
        // This certificate is for 127.0.0.1, where the connection goes.
        const mapped = await startUpstream(t, socket => { socket.write(answer(SUCCESS)) }, createTlsServer(certificate), 'secureConnection')
        const startWith = (signedHost: string): Relay => startRelay(t, { endpoint: `https://127.0.0.1:${mapped.port}`, signedHost, wayOut: trusting(certificate.cert) }).relay
        t.match(await startWith('10.10.10.100:9988').send(BODY, { timeoutMs: 5000 }), { kind: 'unsent', code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
        t.match(await startWith('127.0.0.1:9988').send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
        t.equal(mapped.requests(), 1)
      })

      await t.test('a side that does not shake hands in time was sent nothing', async t => {
        const mute = await startUpstream(t, () => {})
        const { relay } = startRelay(t, { endpoint: `https://127.0.0.1:${mute.port}`, signedHost: PUBLIC_HOST })
        t.match(await relay.send(BODY, { timeoutMs: 100 }), { kind: 'unsent', timedOut: true, mayHaveArrived: false })
      })

      t.equal(upstream.requests(), 2)
    })
  })
}
