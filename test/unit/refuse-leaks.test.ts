import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { refuseLeaksOf, refuseSecretShapes, refuseSecretsOnDisk } from '../support/refuse-leaks.js'

const KEY = `ee_0123abcd_${'0123456789abcdefghjkmnpqrstvwx'}`
const env = { ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'hush-hush', ADMIN_TOKEN: '', PORT: '0' }
const silent = { args: ['serve'], env, stdout: 'The proxy listens on port 0.', stderr: '' }

t.test('what a command says is searched for its secrets, for whole keys and for the push', async t => {
  refuseLeaksOf(silent)
  for (const leak of [{ stderr: 'a hush-hush b' }, { stdout: 'hush-hush' }, { stderr: KEY }, { stdout: KEY }, { stderr: 'meter-in-no-log' }]) {
    t.throws(() => { refuseLeaksOf({ ...silent, ...leak }) }, /holds what it must not/, JSON.stringify(leak))
  }
  for (const args of [['keys', 'create', 'north'], ['keys', 'rotate', 'abc'], ['demo']]) {
    refuseLeaksOf({ ...silent, args, stdout: KEY })
    t.throws(() => { refuseLeaksOf({ ...silent, args, stderr: KEY }) }, /holds what it must not/)
  }
})

const LEAKS = [
  'Authorization: ACS3-HMAC-SHA256 Credential=***uite,SignedHeaders=host,Signature=0123456789abcdef0123456789abcdef',
  'ACS3-HMAC-SHA256\n0123456789abcdef', '{"message":"ACS3-HMAC-SHA256\\n0123456789abcdef"}',
  'the key LTAI5tSomeKeyId000001 was refused', '{"id":"STS.NUabcdefgh"}',
  '"x-acs-security-token":"CAISabcdefghijkl"', 'SecurityToken=CAISabcdefghijkl', 'IssuedTokenOfTheSuite0x', 'STS.IssuedByTheSuite',
  'proxy-authorization: Basic c2l0ZTpQYXNzd29yZA==', 'https://site:password@proxy.example:3128'
]

t.test('whatever the suite produced is searched for signatures, strings to sign, key ids, tokens and logins, whoever\'s they are', async t => {
  for (const leak of LEAKS) t.throws(() => { refuseSecretShapes(leak, 'a text') }, /^a text holds|a text holds/, leak)
  const silentTexts = ['Credential=***,SignedHeaders=host,Signature=***', '***0001', 'http://proxy.example:3128', '"x-acs-security-token":"***"', 'x-acs-signature-nonce', 'Basic authentication', 'https://127.0.0.1:8443/a@b']
  for (const text of silentTexts) t.doesNotThrow(() => { refuseSecretShapes(text, 'a text') }, text)
})

t.test('what lies on disk is searched too, and so every export and backup of it', async t => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'queue.db'), Buffer.from([0, 1, 2, 255]))
  t.doesNotThrow(() => { refuseSecretsOnDisk(folder) })
  for (const leak of LEAKS.slice(0, 5).concat('IssuedTokenOfTheSuite')) {
    writeFileSync(join(folder, 'queue.db-wal'), `\0\u00ff${leak}\0`)
    t.throws(() => { refuseSecretsOnDisk(folder) }, /queue\.db-wal holds/, leak)
  }
})

t.test('a command that repeats the password of a proxy is caught', async t => {
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY']) t.throws(() => { refuseLeaksOf({ ...silent, env: { [name]: 'http://site:hush-hush-out@p:1' }, stderr: 'hush-hush-out' }) }, /holds what it must not/, name)
})
