import { readFileSync } from 'node:fs'
import t from 'tap'
import { CATALOGUE } from '../../src/errors.js'
import { readVersion } from '../../src/version.js'
import { judgeAnswer } from '../support/check-answer.js'
import { startProxy } from '../support/proxy.js'
import { projectUrl } from '../support/project.js'

const committed = readFileSync(projectUrl('openapi/openapi.json'), 'utf8')
const PUSH_PATH = '/api/v1/data/increment/push'

t.test('the committed document is the one that the proxy serves, to anybody', async t => {
  const proxy = await startProxy(t)
  const answer = await proxy.request('/openapi.json')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.text)))
  t.equal(`${JSON.stringify(answer.json(), null, 2)}\n`, committed, 'when this fails: npm run openapi')
})

t.test('the document is of a version that generators read, has a version of its own, and says how to authenticate', async t => {
  const document = JSON.parse(committed)
  t.equal(document.openapi, '3.0.3')
  t.equal(document.info.version, readVersion())
  t.strictSame(Object.keys(document.paths), [PUSH_PATH, '/k/{key}', '/api/v1/receipts/{requestId}'])
  t.equal(document.paths[PUSH_PATH].post.operationId, 'pushDeviceData')
  t.strictSame(document.paths[PUSH_PATH].post.security.flatMap(Object.keys), ['apiKey', 'bearer', 'basic', 'acsBearerToken'], 'never in the URL unasked')
  t.strictSame(Object.keys(document.components.securitySchemes), ['apiKey', 'bearer', 'basic', 'acsBearerToken'])
})

t.test('every error of the plants\' port is listed, and has an example where a push can meet it', async t => {
  const { paths, components } = JSON.parse(committed)
  const listed: string[] = components.schemas.ErrorAnswer.properties.code['x-extensible-enum']
  t.strictSame(Object.keys(CATALOGUE).filter(code => !listed.includes(code)), ['InvalidToken', 'MisdirectedRequest'], 'but for those of the admin port')
  const ofPushes = Object.entries(CATALOGUE).filter(([code]) => listed.includes(code) && code !== 'NotFound' && code !== 'MethodNotAllowed')
  for (const [code, { statusCode, message }] of ofPushes) {
    const name = paths[PUSH_PATH].post.responses[statusCode].$ref.split('/').at(-1)
    const { description, content } = components.responses[name]
    t.match(description, `\`${code}\`: ${message}`)
    t.equal(content['application/json'].examples[code].value.message, message)
  }
})

t.test('an answer that is not in the document fails the suite', async t => {
  const body = { requestId: 'A', code: 'InvalidKey', message: 'A sentence.' }
  const answerTo = (method: string, target: string, statusCode: number, value: object, headers: Record<string, string> = {}): void => {
    const text = JSON.stringify(value)
    judgeAnswer({ method, target, statusCode, body: text, headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': String(text.length), 'x-request-id': 'A', ...headers } })
  }
  t.doesNotThrow(() => { answerTo('POST', PUSH_PATH, 401, body) })
  t.doesNotThrow(() => { answerTo('POST', PUSH_PATH, 200, { requestId: 'A', data: 'success' }, { 'x-delivery': 'relayed' }) })
  t.doesNotThrow(() => { answerTo('POST', PUSH_PATH, 418, { ...body, code: 'OfTheCloud' }) }, 'a refusal of Energy Expert\'s own')
  t.throws(() => { answerTo('POST', PUSH_PATH, 201, { requestId: 'A', data: 'success' }) }, /not documented/, 'a status')
  t.throws(() => { answerTo('POST', PUSH_PATH, 200, { requestId: 'A', data: 'success', more: 1 }) }, /breaks its schema/, 'a field')
  t.throws(() => { answerTo('POST', PUSH_PATH, 200, { requestId: 'A' }) }, /breaks its schema/, 'a missing field')
  t.throws(() => { answerTo('POST', PUSH_PATH, 401, body, { 'retry-after': '1' }) }, /undocumented headers/, 'a header')
  t.throws(() => { answerTo('POST', PUSH_PATH, 400, body) }, /not documented with this status/, 'a code at the wrong status')
  t.throws(() => { answerTo('POST', PUSH_PATH, 503, { ...body, code: 'OfTheCloud' }) }, /not documented with this status/, 'a foreign code that blames us')
  t.throws(() => { answerTo('POST', PUSH_PATH, 401, { ...body, requestId: 'B' }) }, /request ids/, 'two request ids')
  t.throws(() => { answerTo('POST', PUSH_PATH, 401, body, { 'content-type': 'text/html' }) }, /not JSON/)
  t.throws(() => { answerTo('POST', PUSH_PATH, 401, body, { 'content-length': '5' }) }, /Content-Length/)
  t.throws(() => { answerTo('POST', PUSH_PATH, 401, body, { 'transfer-encoding': 'chunked' }) }, /chunked/)
  t.throws(() => { answerTo('GET', '/elsewhere', 200, { requestId: 'A', data: 'success' }) }, /src\/errors.ts/, 'a success at an unknown path')
})
