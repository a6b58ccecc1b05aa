import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@hey-api/openapi-ts'
import openapiTS, { astToString } from 'openapi-typescript'
import t, { type Test } from 'tap'
import { checkAnswer } from '../support/check-answer.js'
import { compileClient } from '../support/compile-client.js'
import { onePush, startProxy } from '../support/proxy.js'
import { projectUrl } from '../support/project.js'

const DOCUMENT = projectUrl('openapi/openapi.json')

/** What the programs below make of an answer. */
interface Outcome {
  status: number
  requestId: string
  data?: string
  code?: string
  places?: string[]
}
interface Client {
  push: (origin: string, key: string, push: object, options: { fetch: typeof fetch, dryRun?: boolean }) => Promise<Outcome>
}

/** The wrong lines are part of the proof: the generated types must know that they are wrong. */
const WRONG_PUSHES = `
// @ts-expect-error a value is a string, never a number
export const numberAsValue: Push = { deviceType: '1', devices: [{ recordTime: '2021-09-08 18:40:00', data: { Ua: 226 } }] }
// @ts-expect-error a record has a time
export const noTime: Push = { deviceType: '1', devices: [{ data: { Ua: '226.0' } }] }
// @ts-expect-error a push has no other fields
export const unknownField: Push = { deviceType: '1', devices: [], more: 1 }
`

const OPENAPI_FETCH_PROGRAM = `
import createClient from 'openapi-fetch'
import type { components, paths } from './schema.js'

type Push = components['schemas']['Push']
${WRONG_PUSHES}
export async function push (baseUrl: string, key: string, body: Push, options: { fetch: typeof fetch, dryRun?: boolean }) {
  const client = createClient<paths>({ baseUrl, fetch: options.fetch, headers: { 'X-API-Key': key } })
  const header = options.dryRun === undefined ? {} : { 'X-Dry-Run': options.dryRun }
  const { data, error, response } = await client.POST('/api/v1/data/increment/push', { body, params: { header } })
  if (error !== undefined) return { status: response.status, requestId: error.requestId, code: error.code, places: error.errors?.map(({ path }) => path) ?? [] }
  const outcome: 'success' | 'stored' | 'dry-run' = data.data
  return { status: response.status, requestId: data.requestId, data: outcome }
}
`

// With nothing but `auth: key`, as a reader of the generator's manual writes it.
const HEY_API_PROGRAM = `
import { createClient } from './client/index.js'
import { pushDeviceData } from './sdk.gen.js'
import type { Push } from './types.gen.js'

${WRONG_PUSHES}
export async function push (baseUrl: string, key: string, body: Push, options: { fetch: typeof fetch, dryRun?: boolean }) {
  const client = createClient({ baseUrl, fetch: options.fetch, auth: key })
  const headers = options.dryRun === undefined ? {} : { 'X-Dry-Run': options.dryRun }
  const { data, error, response } = await pushDeviceData({ client, body, headers })
  if (error !== undefined) return { status: response?.status, requestId: error.requestId, code: error.code, places: error.errors?.map(({ path }) => path) ?? [] }
  const outcome: 'success' | 'stored' | 'dry-run' = data.data
  return { status: response.status, requestId: data.requestId, data: outcome }
}
`

/** Every request of a generated client is looked at for a key in its URL, and every answer is held against the document. */
const checkedFetch: typeof fetch = async (input, init) => {
  const request = new Request(input, init)
  if (request.url.includes('ee_')) throw new Error('the client put the key into the URL')
  const response = await fetch(request)
  checkAnswer({ method: request.method, target: new URL(request.url).pathname, statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.clone().text() })
  return response
}

async function pushInEveryWay (t: Test, { push }: Client): Promise<void> {
  const proxy = await startProxy(t, { env: { BODY_MAX_BYTES: '4096' }, policy: { delivery: 'relay', relayTimeoutMs: 400 } })
  const send = async (body: object = onePush, key = proxy.key, options = {}): Promise<Outcome> => await push(proxy.origin, key, body, { fetch: checkedFetch, ...options })
  const expectError = async (outcome: Promise<Outcome>, status: number, code: string): Promise<Outcome> => {
    const found = await outcome
    t.match(found, { status, code, requestId: /^[0-9A-F-]{36}$/ }, code)
    return found
  }

  t.match(await send(), { status: 200, data: 'success' })
  t.strictSame(proxy.cloud.received()[0]?.push, onePush)
  t.match(await send(onePush, proxy.key, { dryRun: true }), { status: 200, data: 'dry-run' })
  t.equal(proxy.cloud.attempts(), 1)
  proxy.registry.addPlant('plant-2', { delivery: 'store' })
  t.match(await send(onePush, proxy.registry.createKey('plant-2', {}).key), { status: 202, data: 'stored' })

  const record = onePush.devices[0]
  const { places } = await expectError(send({ deviceType: '1', devices: [{ ...record, data: { Ua: '' } }] }), 400, 'InvalidPush')
  t.strictSame(places, ['/devices/0/data/Ua'])
  await expectError(send(onePush, 'not-a-key'), 401, 'InvalidKey')
  await expectError(send(onePush, proxy.registry.createKey('plant-1', { deviceIds: ['another'] }).key), 403, 'Forbidden.Device')
  await expectError(send({ deviceType: '1', devices: [{ ...record, data: { Ua: '1'.repeat(5000) } }] }), 413, 'BodyTooLarge')
  for (let n = 0; n < 60; n++) await proxy.push(onePush, { 'x-api-key': 'not-a-key' })
  await expectError(send(onePush, 'not-a-key'), 429, 'Throttling.Address')

  proxy.cloud.inject('refuses', { code: 'QuotaExceeded.Something', statusCode: 409, times: 1 })
  await expectError(send(), 409, 'QuotaExceeded.Something')
  proxy.cloud.inject('refuses', { code: 'Forbidden.RAM', statusCode: 403, times: 1 })
  await expectError(send(), 502, 'Cloud.AccountFault')
  proxy.cloud.inject('hangsUp')
  await expectError(send(), 504, 'Cloud.MaybeArrived')
  proxy.cloud.inject('throttles', { retryAfterMs: 5000 })
  await expectError(send(), 503, 'Cloud.Throttled')
}

t.test('a client of openapi-typescript and openapi-fetch compiles strictly, pushes, and reads every kind of error', async t => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'schema.ts'), astToString(await openapiTS(DOCUMENT)))
  // The program above is the type.
  await pushInEveryWay(t, await compileClient(folder, OPENAPI_FETCH_PROGRAM) as Client)
})

t.test('a client of @hey-api/openapi-ts compiles strictly, pushes, reads every kind of error, and keeps the key out of the URL', async t => {
  const folder = t.testdir({})
  await createClient({
    input: DOCUMENT.pathname,
    output: { path: folder, clean: false, module: { extension: '.js' } },
    logs: { level: 'silent', file: false },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk']
  })
  await pushInEveryWay(t, await compileClient(folder, HEY_API_PROGRAM) as Client)
})
