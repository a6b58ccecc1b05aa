import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { canonicalHeaders, canonicalQueryString, canonicalRequest, hashedRequestPayload, signedHeaders } from '../../src/signing/canonical-request.js'
import { acsDate, signPush, signRequest } from '../../src/signing/sign-request.js'
import { authorization, signature, stringToSign } from '../../src/signing/string-to-sign.js'
import { projectUrl } from '../support/project.js'

interface PushCase {
  name: string
  body: string
  contentType: string | null
  sha256: string
  authorization: string
  canonicalRequest: string
}

interface Vectors {
  published: {
    accessKeyId: string
    accessKeySecret: string
    method: string
    path: string
    query: Record<string, string>
    headers: Record<string, string>
    body: string
    canonicalRequest: string
    canonicalRequestSha256: string
    signature: string
  }
  push: { fixed: Record<string, string>, cases: PushCase[] }
}

// The file is committed beside this test and has this shape; every field that is read is compared below.
const { published, push } = JSON.parse(readFileSync(projectUrl('test/vectors/acs3-vectors.json'), 'utf8')) as Vectors
const fixed = (name: string): string => push.fixed[name] ?? ''

t.test('the published example passes stage by stage', async t => {
  t.equal(hashedRequestPayload(published.body), published.headers['x-acs-content-sha256'])
  t.equal(canonicalQueryString(published.query), 'ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai')
  const canonical = canonicalRequest(published, hashedRequestPayload(published.body))
  t.equal(canonical, published.canonicalRequest)
  t.equal(stringToSign(canonical), `ACS3-HMAC-SHA256\n${published.canonicalRequestSha256}`)
  t.equal(signature(stringToSign(canonical), published.accessKeySecret), published.signature)
  t.equal(signRequest(published, published.body, published).headers['authorization'],
    authorization(published.accessKeyId, signedHeaders(published.headers), published.signature))
})

for (const vector of push.cases) {
  const isSts = vector.name.startsWith('sts-')
  const credential = {
    accessKeyId: fixed('accessKeyId'),
    accessKeySecret: fixed('accessKeySecret'),
    ...(isSts ? { securityToken: 'YourSecurityToken' } : undefined)
  }

  t.test(`the push vector ${vector.name} passes stage by stage`, async t => {
    const headers = {
      host: fixed('host'),
      ...(vector.contentType === null ? undefined : { 'content-type': vector.contentType }),
      'x-acs-action': fixed('x-acs-action'),
      'x-acs-version': fixed('x-acs-version'),
      'x-acs-date': fixed('x-acs-date'),
      'x-acs-signature-nonce': fixed('x-acs-signature-nonce')
    }
    const body = Buffer.from(vector.body)
    t.equal(hashedRequestPayload(body), vector.sha256)
    const signed = signRequest({ method: fixed('method'), path: fixed('path'), headers }, body, credential)
    t.equal(signed.canonicalRequest, vector.canonicalRequest)
    t.equal(signed.stringToSign, stringToSign(vector.canonicalRequest))
    t.equal(signed.headers['authorization'], vector.authorization)
  })

  if (vector.contentType === 'application/json; charset=utf-8') {
    t.test(`signPush alone gives the push vector ${vector.name}`, async t => {
      const signed = signPush({
        host: fixed('host'),
        body: Buffer.from(vector.body),
        credential,
        date: acsDate(Date.UTC(2023, 9, 26, 10, 22, 32, 999)),
        nonce: fixed('x-acs-signature-nonce')
      })
      t.equal(signed.canonicalRequest, vector.canonicalRequest)
      t.equal(signed.headers['authorization'], vector.authorization)
      t.equal(signed.headers['x-acs-security-token'], isSts ? 'YourSecurityToken' : undefined)
      t.equal(signed.headers['x-acs-accesskey-id'], isSts ? fixed('accessKeyId') : undefined)
      t.equal(signed.headers['accept'], 'application/json', 'asked for, and not signed')
    })
  }
}

t.test('a query is sorted by code unit and encoded as RFC 3986 says, empty values included', async t => {
  t.equal(canonicalQueryString({}), '')
  t.equal(canonicalQueryString({ b: '', a: ' ~-_.', B: '!\'()*', 名: 'ä/?' }), 'B=%21%27%28%29%2A&a=%20~-_.&b=&%E5%90%8D=%C3%A4%2F%3F')
})

t.test('host, content-type and x-acs-* are signed in lower case, trimmed and sorted by code unit; nothing else is', async t => {
  const headers = { 'X-Acs-Version': ' 2022-09-23\t', Accept: 'x', Host: 'h:1', 'x-acs-action': 'A', 'content-type': 'c', 'content-length': '1', 'user-agent': 'u' }
  t.equal(signedHeaders(headers), 'content-type;host;x-acs-action;x-acs-version')
  t.equal(canonicalHeaders(headers), 'content-type:c\nhost:h:1\nx-acs-action:A\nx-acs-version:2022-09-23\n')
})

t.test('one changed byte of the body, the nonce, the date, the host or the path changes the signature', async t => {
  const base = { host: 'h', body: Buffer.from('{}'), credential: { accessKeyId: 'id', accessKeySecret: 'secret' }, date: '2023-10-26T10:22:32Z', nonce: 'n' }
  const signatures = [base, { ...base, body: Buffer.from('{ }') }, { ...base, nonce: 'm' }, { ...base, date: '2023-10-26T10:22:33Z' }, { ...base, host: 'h:80' }, { ...base, path: '/' }]
    .map(request => signPush(request).headers['authorization'])
  t.equal(new Set(signatures).size, signatures.length)
})

t.test('an empty security token is no token', async t => {
  const signed = signPush({ host: 'h', body: Buffer.from('{}'), credential: { accessKeyId: 'id', accessKeySecret: 's', securityToken: '' }, date: 'd', nonce: 'n' })
  t.notOk('x-acs-security-token' in signed.headers)
})

t.test('a push is signed as any request with its headers would be', async t => {
  const text = fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '.', ':', '/', '+', '='), minLength: 1, maxLength: 40 })
  fc.assert(fc.property(fc.record({ host: text, body: fc.uint8Array(), path: text, date: text, nonce: text, accessKeyId: text, accessKeySecret: text, securityToken: fc.option(text, { nil: '' }) }), ({ accessKeyId, accessKeySecret, securityToken, ...rest }) => {
    const credential = { accessKeyId, accessKeySecret, securityToken }
    const quick = signPush({ ...rest, credential })
    const headers = { host: rest.host, accept: 'application/json', 'content-type': 'application/json; charset=utf-8', 'x-acs-action': 'PushDeviceData', 'x-acs-version': '2022-09-23', 'x-acs-date': rest.date, 'x-acs-signature-nonce': rest.nonce }
    t.strictSame(quick, signRequest({ method: 'POST', path: rest.path, headers }, rest.body, credential))
  }), { numRuns: 50 })
})

t.test('the date is that of the moment, however often it was asked before', async t => {
  t.strictSame([0, 999, 1000, 61_000, 0].map(acsDate), ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '1970-01-01T00:00:01Z', '1970-01-01T00:01:01Z', '1970-01-01T00:00:00Z'])
})
