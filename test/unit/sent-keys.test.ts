import t from 'tap'
import { findSentKey, type SentKey } from '../../src/plugins/sent-keys.js'
import { exchange, parseAnswer } from '../support/raw-socket.js'
import { onePush, startProxy } from '../support/proxy.js'

/** As Node gives them: the first of several Authorization headers, and all of them in the raw ones. */
const find = (parts: { apiKey?: string, bearerToken?: string, authorizations?: string[], pathKey?: string, queryKeys?: string[] }): SentKey | undefined => findSentKey({
  headers: {
    ...(parts.apiKey === undefined ? {} : { 'x-api-key': parts.apiKey }),
    ...(parts.bearerToken === undefined ? {} : { 'x-acs-bearer-token': parts.bearerToken }),
    ...(parts.authorizations?.[0] === undefined ? {} : { authorization: parts.authorizations[0] })
  },
  rawHeaders: (parts.authorizations ?? []).flatMap(value => ['Authorization', value]),
  pathKey: parts.pathKey,
  queryKeys: parts.queryKeys ?? []
})

t.test('a key in the URL counts as one there, whatever header it stands in as well', async t => {
  t.strictSame(find({ apiKey: 'k' }), { key: 'k', inUrl: false })
  t.strictSame(find({ pathKey: 'k' }), { key: 'k', inUrl: true })
  t.strictSame(find({ apiKey: 'k', pathKey: 'k' }), { key: 'k', inUrl: true })
  t.strictSame(find({ authorizations: ['Bearer k'], queryKeys: ['k'] }), { key: 'k', inUrl: true })
})

t.test('every Authorization header counts: the same key is one, two different keys are none', async t => {
  t.strictSame(find({ authorizations: ['Bearer k', 'Bearer k'] }), { key: 'k', inUrl: false })
  t.strictSame(find({ authorizations: ['ACS3-HMAC-SHA256 Signature=00', 'Bearer k'] }), { key: 'k', inUrl: false })
  t.equal(find({ authorizations: ['Bearer k', 'Bearer other'] }), undefined)
})

t.test('X-API-Key does not hide another key beside it', async t => {
  for (const other of [{ authorizations: ['Bearer other'] }, { bearerToken: 'other' }, { pathKey: 'other' }, { queryKeys: ['other'] }]) {
    t.equal(find({ apiKey: 'k', ...other }), undefined, JSON.stringify(other))
  }
  t.strictSame(find({ apiKey: 'k', authorizations: ['ACS3-HMAC-SHA256 Signature=00'] }), { key: 'k', inUrl: false })
  t.equal(find({ apiKey: 'k, other' }), undefined)
  t.strictSame(find({ apiKey: 'k, k' }), { key: 'k', inUrl: false })
  t.equal(find({ apiKey: '' }), undefined)
})

t.test('a key that was not made for URLs is refused there, also when a header carries it too', async t => {
  const proxy = await startProxy(t)
  for (const path of [`/k/${proxy.key}`, `/api/v1/data/increment/push?api_key=${proxy.key}`]) {
    const answer = await proxy.request(path, { method: 'POST', body: JSON.stringify(onePush), headers: { 'x-api-key': proxy.key } })
    t.equal(answer.statusCode, 401)
  }
})

t.test('a second Authorization header with another key is refused', async t => {
  const proxy = await startProxy(t)
  const body = JSON.stringify(onePush)
  const pushWith = async (second: string): Promise<number | undefined> => {
    const request = `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer ${proxy.key}\r\nauthorization: Bearer ${second}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    return parseAnswer(await exchange(proxy.port, [request], () => false))?.statusCode
  }
  t.equal(await pushWith('another'), 401)
  t.equal(await pushWith(proxy.key), 200)
})
