import t from 'tap'
import { request } from 'undici'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { openCredentialShell, SECRETS } from '../support/credential-shell.js'
import { onePush } from '../support/proxy.js'
import { startCommand } from '../support/run-command.js'

const [OLD_ID, NEW_ID] = ['LTAI5tTakenOver0001', 'LTAI5tTakenOver0002']

t.test('a server that runs signs with a credential from the second on in which it is rotated', async t => {
  const received: string[] = []
  const cloud = await startSandbox({
    accounts: [{ accessKeyId: OLD_ID, accessKeySecret: SECRETS.first }, { accessKeyId: NEW_ID, accessKeySecret: SECRETS.second }],
    onReceived: ({ accessKeyId }) => { received.push(accessKeyId) }
  })
  t.teardown(async () => { await cloud.close() })
  const { folder, env, run } = openCredentialShell(t)
  Object.assign(env, { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: cloud.origin })
  await run('credentials init-key')
  const proxy = startCommand(t, ['serve'], { folder, env })
  const [, origin = ''] = await proxy.says(/listens on (\S+)/)
  await run(`credentials add north --kind access-key --access-key-id ${OLD_ID} --secret-stdin`, SECRETS.first)
  await run('plants add north --credential north --delivery relay')
  const { key } = JSON.parse((await run('keys create north --json')).stdout)
  const push = async (): Promise<number> => {
    const { statusCode, body } = await request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(onePush) })
    await body.dump()
    return statusCode
  }
  for (let tries = 0; tries < 100 && received.length === 0; tries++) {
    await push()
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
  t.equal(received.at(-1), OLD_ID)
  await run(`credentials rotate north --access-key-id ${NEW_ID} --secret-stdin`, SECRETS.second)
  const rotatedAt = performance.now()
  while (received.at(-1) !== NEW_ID && performance.now() - rotatedAt < 10_000) {
    t.equal(await push(), 200)
    await new Promise(resolve => { setTimeout(resolve, 20) })
  }
  t.ok(performance.now() - rotatedAt < 1_500, `${Math.round(performance.now() - rotatedAt)} ms`)
  t.equal(received.at(-1), NEW_ID)
})
