import t from 'tap'
import { refuseLeaksOf } from '../support/refuse-leaks.js'

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
