import { createRequire } from 'node:module'
import t from 'tap'
import { onePush, startProxy, type TestProxy } from '../support/proxy.js'

// The SDK is CommonJS and its types want an older compiler; it is used here as a program that exists, by its documented calls.
const require = createRequire(import.meta.url)
const { default: Client, $OpenApiUtil } = require('@alicloud/openapi-core')

async function pushWithSdk (proxy: TestProxy, bearerToken: string, body: unknown): Promise<any> {
  const client = new Client(new $OpenApiUtil.Config({ bearerToken, endpoint: `127.0.0.1:${proxy.port}`, protocol: 'HTTP' }))
  const params = new $OpenApiUtil.Params({
    action: 'PushDeviceData',
    version: '2022-09-23',
    protocol: 'HTTP',
    pathname: '/api/v1/data/increment/push',
    method: 'POST',
    authType: 'AK',
    style: 'ROA',
    reqBodyType: 'json',
    bodyType: 'json'
  })
  return await client.callApi(params, new $OpenApiUtil.OpenApiRequest({ body }), {})
}

t.test('the official SDK with a Bearer credential pushes through the proxy unchanged', async t => {
  const proxy = await startProxy(t)
  const { body, statusCode } = await pushWithSdk(proxy, proxy.key, onePush)
  t.equal(statusCode, 200)
  t.equal(body.data, 'success')
  t.strictSame(proxy.cloud.received()[0]?.push, onePush)
})

t.test('the official SDK reads our errors as its own', async t => {
  const proxy = await startProxy(t)
  await t.rejects(pushWithSdk(proxy, 'not-a-key', onePush), { code: 'InvalidKey', message: /API key/ })
  await t.rejects(pushWithSdk(proxy, proxy.key, { deviceType: '1', devices: [] }), { code: 'InvalidPush', message: /devices/ })
})
