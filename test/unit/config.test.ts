import { readFileSync } from 'node:fs'
import t from 'tap'
import { ConfigError, isLoopback, readConfig, SETTINGS } from '../../src/config.js'
import { projectUrl } from '../support/project.js'

t.test('without any setting the public endpoint of cn-hangzhou is connected to and signed', async t => {
  const config = readConfig({})
  t.equal(config.endpoint.origin, 'https://energyexpertexternal.cn-hangzhou.aliyuncs.com')
  t.equal(config.signedHost, 'energyexpertexternal.cn-hangzhou.aliyuncs.com')
  t.equal(config.port, 8080)
})

t.test('the host that is signed follows the endpoint only where the endpoint is the service itself', async t => {
  const signedHost = (env: Record<string, string>): string => readConfig(env).signedHost
  t.equal(signedHost({ ENERGY_EXPERT_REGION: 'ap-southeast-1' }), 'energyexpertexternal.ap-southeast-1.aliyuncs.com')
  t.equal(signedHost({ ENERGY_EXPERT_ENDPOINT: 'https://energyexpertexternal-vpc.cn-hangzhou.aliyuncs.com' }), 'energyexpertexternal-vpc.cn-hangzhou.aliyuncs.com')
  t.equal(signedHost({ ENERGY_EXPERT_ENDPOINT: 'https://notaliyuncs.com' }), 'energyexpertexternal.cn-hangzhou.aliyuncs.com')
  t.equal(signedHost({ ENERGY_EXPERT_ENDPOINT: 'https://10.10.10.100:9988', ENERGY_EXPERT_REGION: 'ap-southeast-1' }), 'energyexpertexternal.ap-southeast-1.aliyuncs.com')
  t.equal(signedHost({ ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:9988' }), '127.0.0.1:9988')
  t.equal(signedHost({ ENERGY_EXPERT_ENDPOINT: 'https://10.10.10.100', ENERGY_EXPERT_SIGNED_HOST: 'own.example' }), 'own.example')
})

t.test('plain http goes to this machine alone, unless it is allowed by name', async t => {
  t.throws(() => readConfig({ ENERGY_EXPERT_ENDPOINT: 'http://10.0.0.1' }), /ENERGY_EXPERT_ENDPOINT must be https/)
  t.equal(readConfig({ ENERGY_EXPERT_ENDPOINT: 'http://10.0.0.1', ENERGY_EXPERT_ALLOW_HTTP: 'true' }).endpoint.hostname, '10.0.0.1')
})

t.test('one message names every bad setting and no value', async t => {
  const env = { PORT: 'secret-1', LOG_LEVEL: 'secret-2', TRUST_PROXY: '10.0.0.0/8,secret-3', BODY_MAX_BYTES: '-1', ENERGY_EXPERT_ENDPOINT: 'https://h/secret-4' }
  try {
    readConfig(env)
    t.fail('it was accepted')
  } catch (error) {
    t.ok(error instanceof ConfigError)
    const message = error instanceof Error ? error.message : ''
    for (const name of Object.keys(env)) t.match(message, new RegExp(`${name} must be `))
    t.notMatch(message, /secret/)
  }
})

t.test('a host to sign that no request could carry stops the start by its name', async t => {
  for (const host of ['a:b:c', '[::', 'foo:99999', 'a/b', 'user@a']) t.throws(() => readConfig({ ENERGY_EXPERT_SIGNED_HOST: host }), /ENERGY_EXPERT_SIGNED_HOST must be/, host)
  for (const host of ['own.example', 'own.example:8443', 'own.example:443', '[::1]:8443', '10.0.0.1']) t.equal(readConfig({ ENERGY_EXPERT_SIGNED_HOST: host }).signedHost, host)
  t.throws(() => readConfig({ ENERGY_EXPERT_ENDPOINT: 'https://h/#x' }), /ENERGY_EXPERT_ENDPOINT must be/)
})

t.test('an unknown region needs an endpoint of its own', async t => {
  t.throws(() => readConfig({ ENERGY_EXPERT_REGION: 'cn-hangzou' }), /ENERGY_EXPERT_REGION must be one of/)
  t.doesNotThrow(() => readConfig({ ENERGY_EXPERT_REGION: 'cn-private', ENERGY_EXPERT_ENDPOINT: 'https://10.0.0.1' }))
})

t.test('an admin port that others can reach needs a token, and the message says which setting', async t => {
  for (const host of ['0.0.0.0', '::', '10.0.0.7', 'proxy.example']) t.throws(() => readConfig({ ADMIN_HOST: host }), /ADMIN_TOKEN must be set/, host)
  t.throws(() => readConfig({ ADMIN_HOST: '0.0.0.0', ADMIN_TOKEN: '', PORT: 'x' }), /PORT must be .*ADMIN_TOKEN must be set/, 'beside other faults, an empty one being none')
  t.throws(() => readConfig({ ADMIN_HOST: '0.0.0.0', ADMIN_TOKEN: 'with a blank' }), /^The settings are wrong: ADMIN_TOKEN must be visible ASCII characters without blanks\.$/)
  for (const host of ['localhost', '127.0.0.1', '::1']) t.equal(readConfig({ ADMIN_HOST: host }).admin.token, undefined, host)
  t.equal(readConfig({ ADMIN_HOST: '0.0.0.0', ADMIN_TOKEN: 'of-the-operator' }).admin.token, 'of-the-operator')
})

t.test('a certificate without its key, or a key without its certificate, is refused by both names', async t => {
  t.throws(() => readConfig({ TLS_CERT_FILE: 'a.crt' }), /TLS_CERT_FILE and TLS_KEY_FILE must be set together/)
  t.throws(() => readConfig({ TLS_KEY_FILE: 'a.key', TLS_CERT_FILE: '' }), /TLS_CERT_FILE and TLS_KEY_FILE must be set together/)
  t.throws(() => readConfig({ TLS_MIN_VERSION: 'SSLv3' }), /TLS_MIN_VERSION must be one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3/)
  t.strictSame(readConfig({ TLS_CERT_FILE: 'a.crt', TLS_KEY_FILE: 'a.key' }).tls, { certFile: 'a.crt', keyFile: 'a.key', minVersion: 'TLSv1.2' })
  t.equal(readConfig({}).tls, undefined)
})

t.test('loopback is what stays on this machine', async t => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) t.ok(isLoopback(host), host)
  for (const host of ['10.0.0.1', '0.0.0.0', 'localhost.example', '127.0.0.1.example', '::2']) t.notOk(isLoopback(host), host)
})

t.test('the README\'s table of settings is the one that the code reads', async t => {
  const readme = readFileSync(projectUrl('README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \|/gm)].map(([, name, fallback]) => [name, fallback?.replaceAll('`', '').trim()])
  t.strictSame(Object.fromEntries(rows), Object.fromEntries(Object.entries(SETTINGS).map(([name, row]) => [name, row.default ?? 'none'])))
})
