import { join } from 'node:path'
import { once } from 'node:events'
import { TLSSocket } from 'node:tls'
import t from 'tap'
import { systemClock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import { clientOf } from '../../src/credentials/client-of.js'
import { toCredentialProblem } from '../../src/credentials/credential-problem.js'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { redactText } from '../../src/redact.js'
import { connectToCloud } from '../../src/relay/connect-to-cloud.js'
import { describeFailure } from '../../src/relay/describe-failure.js'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { trustIn } from '../../src/trusted-certificates.js'
import { createWayOut, type WayOut } from '../../src/way-out/way-out.js'
import { certificate } from '../support/certificate.js'
import { startConnectProxy, type ProxyManner } from '../support/connect-proxy.js'
import { CREDENTIAL } from '../support/proxy.js'
import { startTokenService } from '../support/token-service.js'

const NAME = 'energyexpertexternal.cn-hangzhou.aliyuncs.com'
const LOGIN = 'site%20a:Pass%3AwordOfTheSuite@'
const trusted = trustIn(certificate.cert)
const wayOf = (env: Record<string, string>): WayOut => createWayOut({ ...readConfig(env).wayOut, trusted: () => trusted })

t.test('NO_PROXY names hosts with what is below them, suffixes, ports, addresses and CIDRs; loopback never has a proxy', async t => {
  const cases: Array<[string, string[], string[]]> = [
    ['plant.example', ['https://plant.example', 'https://a.b.Plant.example:8443'], ['https://otherplant.example', 'https://plant.example.org']],
    ['.plant.example, *.two.example', ['https://a.plant.example', 'https://a.two.example'], ['https://plant.example', 'https://two.example']],
    ['plant.example:8443', ['https://plant.example:8443'], ['https://plant.example']],
    ['plant.example:443 x.example', ['https://plant.example', 'https://x.example'], ['https://plant.example:8443']],
    ['10.0.0.0/8,192.0.2.7,2001:db8::/32,[2001:db9::1]:8443', ['https://10.1.2.3', 'https://192.0.2.7:99', 'https://[2001:db8::5]', 'https://[2001:db9::1]:8443'], ['https://11.0.0.1', 'https://192.0.2.8', 'https://[2001:db9::1]', 'https://10.example']],
    ['*', ['https://anything.example', 'https://192.0.2.1'], []],
    ['', ['https://127.0.0.1', 'https://localhost:8443', 'https://[::1]'], ['https://plant.example']]
  ]
  for (const [given, direct, through] of cases) {
    const way = wayOf({ HTTPS_PROXY: 'http://192.0.2.99:3128', NO_PROXY: given })
    for (const place of direct) t.equal(way.goesThroughProxy(new URL(place)), false, `${given}: ${place}`)
    for (const place of through) t.equal(way.goesThroughProxy(new URL(place)), true, `${given}: ${place}`)
  }
})

t.test('each scheme has its own proxy, in upper case or, where that is not set, in lower case', async t => {
  const through = (env: Record<string, string>): boolean[] => ['https://a.example', 'http://a.example'].map(place => wayOf(env).goesThroughProxy(new URL(place)))
  t.same(through({ HTTPS_PROXY: 'http://p:1' }), [true, false])
  t.same(through({ HTTP_PROXY: 'p:3128' }), [false, true])
  t.same(through({ https_proxy: 'http://p:1', http_proxy: 'http://p:1', no_proxy: 'a.example' }), [false, false])
  t.same(through({ HTTPS_PROXY: '', https_proxy: 'http://p:1' }), [true, false])
  t.equal(readConfig({ HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' }).wayOut.httpsProxy?.url.hostname, 'upper')
})

t.test('a proxy or an exception that cannot be read stops the start by its name, and quotes nothing', async t => {
  for (const bad of ['socks5://p:1', 'http://', 'http://p/path', 'http://u:%zz@p:1', 'http://p:99999', '://hidden']) t.throws(() => readConfig({ HTTPS_PROXY: bad }), /^(?!.*(?:zz|hidden)).*HTTPS_PROXY must be the address of a proxy/, bad)
  for (const bad of ['a b/c', '10.0.0.0/33', '10.0.0.0/8:80', 'a.example:0', 'a.example:99999', 'http://a.example', '10.*', '<local>', '1.2.3', '::1/129']) t.throws(() => readConfig({ NO_PROXY: bad }), /NO_PROXY must be host names/, bad)
})

t.test('the login goes to the proxy alone, and no text carries it on', async t => {
  const cloud = await startSandbox({ accounts: [CREDENTIAL], tls: certificate })
  t.teardown(async () => { await cloud.close() })
  const proxy = await startConnectProxy(t, { ports: { [`${NAME}:443`]: cloud.port }, login: 'site a:Pass:wordOfTheSuite' })
  const wayOut = wayOf({ HTTPS_PROXY: `http://${LOGIN}127.0.0.1:${proxy.port}` })
  const socket = await connectToCloud({ endpoint: `https://${NAME}`, signedHost: NAME, wayOut })
  t.ok(socket instanceof TLSSocket && socket.authorized)
  socket.destroy()
  await once(socket, 'close')
  t.equal(proxy.firstBytes[0]?.[0], 0x16, 'a TLS handshake, with nothing of HTTP before it')
  const text = 'Pass:wordOfTheSuite Pass%3AwordOfTheSuite c2l0ZSBhOlBhc3M6d29yZE9mVGhlU3VpdGU='
  t.equal(redactText(text), '*** *** ***')
})

t.test('an https:// proxy is verified, and one that is not trusted is told so', async t => {
  const cloud = await startSandbox({ accounts: [CREDENTIAL], tls: certificate })
  t.teardown(async () => { await cloud.close() })
  const proxy = await startConnectProxy(t, { ports: { [`${NAME}:443`]: cloud.port }, tls: certificate })
  const settings = { HTTPS_PROXY: proxy.origin }
  const socket = await connectToCloud({ endpoint: `https://${NAME}`, signedHost: NAME, wayOut: wayOf(settings) })
  t.ok(socket instanceof TLSSocket && socket.authorized)
  socket.destroy()
  await t.rejects(connectToCloud({ endpoint: `https://${NAME}`, signedHost: NAME, wayOut: createWayOut(readConfig(settings).wayOut) }), { code: 'PROXY_UNTRUSTED' })
})

t.test('through a tunnel the certificate must be the signed host\'s and trusted, as without one', async t => {
  const cloud = await startSandbox({ accounts: [CREDENTIAL], tls: certificate })
  t.teardown(async () => { await cloud.close() })
  const proxy = await startConnectProxy(t, { ports: { 'mapped.example:9988': cloud.port } })
  const settings = { HTTPS_PROXY: proxy.origin }
  const tryWith = async (signedHost: string, wayOut: WayOut): Promise<string> => {
    const connecting = connectToCloud({ endpoint: 'https://mapped.example:9988', signedHost, wayOut })
    return await connecting.then(socket => { socket.destroy(); return 'connected' }, (error: unknown) => describeFailure(error, false).message)
  }
  t.equal(await tryWith(NAME, wayOf(settings)), 'connected')
  t.match(await tryWith('other.example', wayOf(settings)), /for another name than the signed host/)
  t.match(await tryWith(NAME, createWayOut(readConfig(settings).wayOut)), /is not trusted/)
})

const CASES: ReadonlyArray<readonly [manner: ProxyManner | 'closed', code: string]> = [
  [{ statusCode: 407 }, 'PROXY_LOGIN'], [{ statusCode: 403 }, 'PROXY_REFUSED'], [{ statusCode: 502 }, 'PROXY_REFUSED'], ['hangs-up', 'PROXY_UNREACHABLE'], ['html', 'PROXY_BAD_ANSWER'],
  ['late-html', 'PROXY_BAD_ANSWER'], ['no-http', 'PROXY_BAD_ANSWER'], ['never', 'PROXY_TIMEOUT'], ['closed', 'PROXY_UNREACHABLE']
]

t.test('whatever a proxy does instead of opening a tunnel has words of its own, and nothing was sent', async t => {
  for (const [manner, code] of CASES) {
    const proxy = await startConnectProxy(t, { ports: {} })
    if (manner === 'closed') await proxy.close()
    else proxy.manner = manner
    const failure = await connectToCloud({ endpoint: `https://${NAME}`, signedHost: NAME, wayOut: wayOf({ HTTPS_PROXY: proxy.origin }), connectTimeoutMs: 300 }).then(() => undefined, (error: unknown) => describeFailure(error, false))
    t.match(failure, { kind: 'unsent', mayHaveArrived: false, code, message: /prox/ }, JSON.stringify(manner))
  }
})

t.test('what issues credentials is asked through the proxy as well, and told in its words when it does not let it', async t => {
  const key = { accessKeyId: 'LTAI5tMayAskOfTheSuite', accessKeySecret: 'SecretThatMayAskOfTheSuite' }
  const service = await startTokenService(t, { keys: [key], oidcToken: 'tokenOfTheSuite', tls: certificate })
  const proxy = await startConnectProxy(t, { ports: { [`${NAME}:443`]: service.port } })
  const oidcTokenFile = join(t.testdir({ token: 'tokenOfTheSuite' }), 'token')
  const roleArn = 'acs:ram::123456789012:role/pushes'
  const specs: CredentialSpec[] = [
    { kind: 'ram-role', ...key, roleArn, stsEndpoint: NAME },
    { kind: 'oidc-role', roleArn, oidcProviderArn: 'acs:ram::123456789012:oidc-provider/site', oidcTokenFile, stsEndpoint: NAME },
    { kind: 'uri', uri: `https://${NAME}/uri` }
  ]
  for (const spec of specs) {
    const ask = async (): Promise<unknown> => await clientOf(spec, { clock: systemClock, allowHttp: false, wayOut: wayOf({ HTTPS_PROXY: proxy.origin }) }).getCredential()
    proxy.manner = 'tunnels'
    t.match(await ask(), { securityToken: /^IssuedToken/ }, spec.kind)
    for (const [manner, code] of CASES.slice(0, 4)) {
      if (manner !== 'closed') proxy.manner = manner
      await t.rejects(ask(), { name: 'CredentialProblem', kind: code }, `${spec.kind} ${JSON.stringify(manner)}`)
    }
  }
  t.equal(proxy.asked.length, specs.length * 5)
  t.match(toCredentialProblem(Object.assign(new Error('x'), { code: 'PROXY_TIMEOUT' })).message, /opens no connection in time/)
})

t.test('a credentials URI of this machine is asked without the proxy', async t => {
  const service = await startTokenService(t)
  const wayOut = wayOf({ HTTP_PROXY: 'http://127.0.0.1:9' })
  t.match(await clientOf({ kind: 'uri', uri: service.uri }, { clock: systemClock, allowHttp: false, wayOut }).getCredential(), { securityToken: /^IssuedToken/ })
})

t.test('CA_FILE must hold certificates, each of them whole', async t => {
  t.throws(() => trustIn('nothing'), /^CA_FILE holds no certificate in PEM\.$/)
  t.throws(() => trustIn(`${certificate.cert}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`), /^CA_FILE holds a certificate that cannot be read\.$/)
  t.throws(() => trustIn(certificate.key), /holds no certificate/)
  t.doesNotThrow(() => trustIn(`# the site's own\n${certificate.cert}`))
})
