import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { request } from 'undici'
import { makeWorkplace, startCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

const PUSHES = 9
/** Nine of them, read, need three times as much; one at a time needs half. */
const HEAP_MB = 128

/** Numbers, so that it must be read and written anew: 2.9 MB. */
const BODY = JSON.stringify({
  deviceType: 'a_type_of_devices_with_a_long_name',
  devices: Array.from({ length: 10_000 }, (_, device) => ({
    deviceId: `d${device}`,
    recordTime: '2026-01-01 10:00:00',
    data: Object.fromEntries(Array.from({ length: 22 }, (_, point) => [`p${point}`, 1 + point / 10]))
  }))
})

t.test('what was read of bodies is let go while a cloud takes its time', { timeout: 60_000 }, async t => {
  const { folder, env } = makeWorkplace(t)
  let receivedBytes = 0
  const cloud = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', bytes => {
      receivedBytes += bytes.length
      // Every value is a text there, in quotes.
      if (receivedBytes > PUSHES * BODY.length) cloud.emit('all came')
    })
  })
  t.teardown(() => cloud.close())
  const allCame = once(cloud, 'all came')
  cloud.listen(0, '127.0.0.1')
  await once(cloud, 'listening')
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`, ALIBABA_CLOUD_ACCESS_KEY_ID: 'sandbox-key-id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'sandbox-key-secret' }
  await runHere(['plants', 'add', 'north', '--delivery', 'relay'], { folder, env: settings })
  const { key } = JSON.parse((await runHere(['keys', 'create', 'north', '--json'], { folder, env: settings })).stdout)
  const proxy = startCommand(t, ['serve'], { folder, env: settings, flags: [`--max-old-space-size=${HEAP_MB}`] })
  const [, origin = ''] = await proxy.says(/listens on (\S+)/)
  const ended = once(proxy.child, 'close').then(() => 'ended')
  for (let each = 0; each < PUSHES; each++) {
    request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: BODY }).catch(() => {})
  }
  t.not(await Promise.race([ended, allCame]), 'ended', proxy.stderr().slice(-2000))
  const alive = await request(`${origin}/`)
  await alive.body.dump()
  t.equal(alive.statusCode, 200)
  proxy.child.kill('SIGKILL')
  await ended
})
