import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { parseAnswer, type RawAnswer } from '../support/raw-socket.js'
import { onePush, startProxy, type TestProxy } from '../support/proxy.js'
import { projectPath } from '../support/project.js'

const pairs = projectPath('test/support/tls-plants/')
const ca = ['first', 'second'].map(name => readFileSync(join(pairs, `${name}.crt`), 'utf8'))

/** Files of the operator's, holding the first pair. */
function makeFiles (t: Test): { folder: string, certFile: string, keyFile: string, put: (which: 'certFile' | 'keyFile', name: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tls-test-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') }
  // Whole or not at all: half a file is a problem of its own, which would be told as well.
  const put = (which: 'certFile' | 'keyFile', name: string): void => {
    cpSync(join(pairs, `${name}.${which === 'certFile' ? 'crt' : 'key'}`), `${files[which]}.new`)
    renameSync(`${files[which]}.new`, files[which])
  }
  put('certFile', 'first')
  put('keyFile', 'first')
  return { folder, ...files, put }
}

/** A clock whose seconds pass a hundred times as fast for whoever waits with it. */
const hurried = { ...systemClock, after: (delayMs: number, callback: () => void) => systemClock.after(delayMs === 1_000 ? 10 : delayMs, callback) }

async function startTls (t: Test, env: Record<string, string> = {}): Promise<{ proxy: TestProxy, files: ReturnType<typeof makeFiles> }> {
  const files = makeFiles(t)
  const proxy = await startProxy(t, { clock: hurried, env: { TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: files.keyFile, ...env } })
  return { proxy, files }
}

async function open (t: Test, { port }: TestProxy, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'plants.test', ...options })
  t.teardown(() => { socket.destroy() })
  await once(socket, 'secureConnect')
  return socket
}

const nameOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN)

async function pushOver (socket: TLSSocket, { key }: TestProxy): Promise<RawAnswer> {
  const body = JSON.stringify(onePush)
  socket.write(`POST /api/v1/data/increment/push HTTP/1.1\r\nHost: plants.test\r\nX-API-Key: ${key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  let received = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += String(chunk)
    const answer = parseAnswer(received)
    if (answer !== undefined) return answer
  }
  throw new Error(`no whole answer: ${received}`)
}

/** Opens connections until one is shown the certificate of that name. */
async function seesCertificate (t: Test, proxy: TestProxy, name: string): Promise<boolean> {
  for (let round = 0; round < 200; round += 1) {
    const socket = await open(t, proxy)
    const seen = nameOf(socket)
    socket.destroy()
    if (seen === name) return true
  }
  return false
}

t.test('a push over TLS is answered as one over HTTP, and plain HTTP on that port is not', async t => {
  const { proxy } = await startTls(t)
  t.match(proxy.origin, /^https:/)
  const socket = await open(t, proxy)
  t.equal(socket.getProtocol(), 'TLSv1.3')
  t.match(await pushOver(socket, proxy), { statusCode: 200, headers: { 'x-delivery': 'relayed' } })
  t.match(await pushOver(socket, proxy), { statusCode: 200 }, 'the connection is kept')
  const plain = connectTcp(proxy.port, '127.0.0.1')
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  plain.resume().on('error', () => {})
  await once(plain, 'close')
  t.match(await pushOver(await open(t, proxy), proxy), { statusCode: 200 }, 'and harms nobody')
  const metrics = await (await fetch(`${proxy.adminOrigin}/metrics`)).text()
  t.match(metrics, /^energy_expert_proxy_tls_certificate_expiry_timestamp_seconds 4102444799$/m)
  t.match(metrics, /^energy_expert_proxy_connections_refused_total\{reason="tls"\} 1$/m)
})

t.test('a new pair is what new connections see, while an open connection lives on', async t => {
  const { proxy, files } = await startTls(t)
  const old = await open(t, proxy)
  t.equal(nameOf(old), 'first')
  files.put('certFile', 'second')
  files.put('keyFile', 'second')
  t.ok(await seesCertificate(t, proxy, 'second'))
  t.match(await pushOver(old, proxy), { statusCode: 200 })
  t.match(await pushOver(await open(t, proxy), proxy), { statusCode: 200 })
})

t.test('two files that are not replaced at the same moment are right at the next look', async t => {
  const { proxy, files } = await startTls(t)
  files.put('certFile', 'second')
  await logged(proxy, 'The new certificate cannot be used')
  t.equal(nameOf(await open(t, proxy)), 'first', 'half a pair changes nothing')
  t.match(await pushOver(await open(t, proxy), proxy), { statusCode: 200 })
  files.put('keyFile', 'second')
  t.ok(await seesCertificate(t, proxy, 'second'))
  t.equal(proxy.log.filter(line => line.includes('cannot be used')).length, 1, 'a problem that lasts is told once')
})

t.test('a pair behind a symbolic link that is swapped, as mounted secrets are, is found', async t => {
  const files = makeFiles(t)
  for (const name of ['first', 'second']) {
    cpSync(join(pairs, `${name}.crt`), join(files.folder, name, 'tls.crt'), { recursive: true })
    cpSync(join(pairs, `${name}.key`), join(files.folder, name, 'tls.key'), { recursive: true })
  }
  symlinkSync('first', join(files.folder, 'now'))
  const proxy = await startProxy(t, { clock: hurried, env: { TLS_CERT_FILE: join(files.folder, 'now', 'tls.crt'), TLS_KEY_FILE: join(files.folder, 'now', 'tls.key') } })
  symlinkSync('second', join(files.folder, 'next'))
  renameSync(join(files.folder, 'next'), join(files.folder, 'now'))
  t.ok(await seesCertificate(t, proxy, 'second'))
})

t.test('a broken new pair of any kind keeps the old one in use, and the log names the file and quotes nothing', async t => {
  const { proxy, files } = await startTls(t)
  const broken: Array<[text: string, said: RegExp]> = [
    ['', /TLS_CERT_FILE holds no certificate/],
    ['-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n', /TLS_CERT_FILE holds no certificate/],
    [readFileSync(join(pairs, 'second.key'), 'utf8'), /TLS_CERT_FILE holds no certificate/],
    [ca[1] + 'tail', /TLS_KEY_FILE is not the key of the certificate/]
  ]
  for (const [text, said] of broken) {
    const from = proxy.log.length
    writeFileSync(files.certFile, text)
    const line = await logged(proxy, 'cannot be used', from).catch(() => '')
    // The second and third say the same as the first, which is told once.
    if (line !== '') t.match(line, said)
    t.equal(nameOf(await open(t, proxy)), 'first')
  }
  rmSync(files.keyFile)
  t.match(await logged(proxy, 'TLS_KEY_FILE cannot be read (ENOENT)'), /"level":50/)
  t.match(await pushOver(await open(t, proxy), proxy), { statusCode: 200 })
  t.notMatch(proxy.log.join(''), /BEGIN|c2VjcmV0/)
  files.put('certFile', 'second')
  files.put('keyFile', 'second')
  t.ok(await seesCertificate(t, proxy, 'second'), 'and the next good pair is taken')
})

t.test('a start with a pair that cannot be used is refused in a sentence that names the setting', async t => {
  const files = makeFiles(t)
  const start = async (env: Record<string, string>): Promise<unknown> => await startProxy(t, { env: { TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: files.keyFile, ...env } })
  await t.rejects(start({ TLS_CERT_FILE: join(files.folder, 'none') }), { message: 'TLS_CERT_FILE cannot be read (ENOENT).' })
  await t.rejects(start({ TLS_KEY_FILE: files.folder }), { message: 'TLS_KEY_FILE cannot be read (EISDIR).' })
  await t.rejects(start({ TLS_KEY_FILE: files.certFile }), { message: 'TLS_KEY_FILE holds no private key in PEM.' })
  await t.rejects(start({ TLS_KEY_FILE: join(pairs, 'second.key') }), { message: /TLS_KEY_FILE is not the key of the certificate/ })
  await t.resolves(start({}))
})

t.test('a sender is served from the oldest version that the operator allows, and not below', async t => {
  const speaks = async (proxy: TestProxy, version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string> => {
    // A client needs the same security level as the server for what signs with MD5 and SHA-1.
    const socket = await open(t, proxy, { minVersion: version, maxVersion: version, ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0` })
    t.equal((await pushOver(socket, proxy)).statusCode, 200)
    return String(socket.getProtocol())
  }
  const byDefault = (await startTls(t)).proxy
  for (const version of ['TLSv1', 'TLSv1.1'] as const) await t.rejects(speaks(byDefault, version), { code: /ERR_SSL/ }, version)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) t.equal(await speaks(byDefault, version), version)
  const old = (await startTls(t, { TLS_MIN_VERSION: 'TLSv1' })).proxy
  for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const) t.equal(await speaks(old, version), version)
  t.equal((await open(t, old)).getProtocol(), 'TLSv1.3', 'newer senders still speak the newest')
  const middle = (await startTls(t, { TLS_MIN_VERSION: 'TLSv1.1' })).proxy
  await t.rejects(speaks(middle, 'TLSv1'))
  t.equal(await speaks(middle, 'TLSv1.1'), 'TLSv1.1')
  const strict = (await startTls(t, { TLS_MIN_VERSION: 'TLSv1.3' })).proxy
  await t.rejects(speaks(strict, 'TLSv1.2'))
})

t.test('the oldest version stays allowed after a new pair', async t => {
  const { proxy, files } = await startTls(t, { TLS_MIN_VERSION: 'TLSv1' })
  files.put('keyFile', 'second')
  files.put('certFile', 'second')
  t.ok(await seesCertificate(t, proxy, 'second'))
  const socket = await open(t, proxy, { maxVersion: 'TLSv1', minVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' })
  t.equal(socket.getCipher().name, 'AES128-SHA', 'which is what Windows 7 offers without its updates')
})

/** The first line of the log, from a place on, that holds a text. */
async function logged (proxy: TestProxy, text: string, from = 0): Promise<string> {
  for (let round = 0; round < 200; round += 1) {
    const line = proxy.log.slice(from).find(line => line.includes(text))
    if (line !== undefined) return line
    await fetch(`${proxy.adminOrigin}/livez`)
  }
  throw new Error(`no such line: ${text}`)
}
