import t from 'tap'
import { ProxyError } from '../../src/errors.js'
import { describeCancel, describeFailure, describeTimeout } from '../../src/relay/describe-failure.js'
import { toAnswerError } from '../../src/relay/verdict-to-error.js'
import { type Failure, readVerdict, type Verdict } from '../../src/relay/verdict.js'

const read = (statusCode: number, body: unknown, headers: Record<string, string | string[]> = {}): Verdict =>
  readVerdict(statusCode, headers, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))

/** The failure that an answer means; the test ends when it means delivery. */
function failureOf (statusCode: number, body: unknown, headers: Record<string, string | string[]> = {}): Failure {
  const verdict = read(statusCode, body, headers)
  if (verdict.kind === 'delivered') throw new Error('it means delivery')
  return verdict
}

t.test('200 with data success is delivered, and nothing else is', async t => {
  t.same(read(200, { requestId: 'ID-1', data: 'success' }), { kind: 'delivered', statusCode: 200, cloudRequestId: 'ID-1' })
  t.match(read(200, { RequestId: 'ID-1', Data: 'success' }), { kind: 'delivered' })
  for (const body of [{ data: 'fail' }, { data: true }, { data: 'Success' }, { data: ['success'] }, {}, [], null, 'success', '"success"', '', '<html>']) {
    t.match(failureOf(200, body), { kind: 'maybe-arrived', mayHaveArrived: true, statusCode: 200 }, JSON.stringify(body))
  }
  t.match(failureOf(201, { data: 'success' }), { kind: 'maybe-arrived' })
})

const rows: Array<[statusCode: number, code: string, kind: Failure['kind'], remedy?: Failure['remedy']]> = [
  [400, 'Throttling', 'throttled'],
  [400, 'Throttling.User', 'throttled'],
  [429, 'Throttling.Api', 'throttled'],
  [503, 'ThrottlingWhatever', 'throttled'],
  [200, 'Throttling.User', 'throttled'],
  [500, 'InternalError', 'maybe-arrived'],
  [400, 'InternalError', 'maybe-arrived'],
  [503, 'ServiceUnavailable', 'maybe-arrived'],
  [504, 'ServiceTimeout', 'maybe-arrived'],
  [502, 'NoSuchCode', 'maybe-arrived'],
  [408, 'NoSuchCode', 'maybe-arrived'],
  [429, 'NoSuchCode', 'throttled'],
  [400, 'SignatureNonceUsed', 'maybe-arrived', 'sign-again'],
  [400, 'InvalidTimeStamp.Expired', 'account-fault', 'learn-clock'],
  [400, 'InvalidTimeStamp.Format', 'account-fault', 'learn-clock'],
  [400, 'InvalidTimestamp.Expired', 'account-fault', 'learn-clock'],
  [400, 'IllegalTimestamp', 'account-fault', 'learn-clock'],
  [400, 'InvalidSecurityToken.Expired', 'account-fault', 'refresh-credential'],
  [400, 'InvalidSecurityToken.Malformed', 'account-fault', 'refresh-credential'],
  [400, 'InvalidSecurityToken.MismatchWithAccessKey', 'account-fault', 'refresh-credential'],
  [400, 'MissingSecurityToken', 'account-fault', 'refresh-credential'],
  [404, 'InvalidAccessKeyId.NotFound', 'account-fault'],
  [400, 'InvalidAccessKeyId.Inactive', 'account-fault'],
  [400, 'SignatureDoesNotMatch', 'account-fault'],
  [403, 'SignatureDoesNotMatch', 'account-fault'],
  [400, 'IncompleteSignature', 'account-fault'],
  [403, 'Forbidden.RAM', 'account-fault'],
  [403, 'Forbidden', 'account-fault'],
  [403, 'NoPermission', 'account-fault'],
  [401, 'NoPermission', 'account-fault'],
  [404, 'InvalidProduct.NotFound', 'account-fault'],
  [404, 'InvalidApi.NotFound', 'account-fault'],
  [400, 'InvalidProtocol.NeedSsl', 'account-fault'],
  [400, 'MissingAccessKeyId', 'account-fault'],
  [400, 'InvalidVersion', 'account-fault'],
  [404, 'InvalidAction.NotFound', 'account-fault'],
  [405, 'UnsupportedHTTPMethod', 'account-fault'],
  [400, 'MissingParameter', 'refused'],
  [400, 'MissingDevices', 'refused'],
  [400, 'InvalidParameter', 'refused'],
  [400, 'InvalidParameter.RecordTime', 'refused'],
  [400, 'InvalidDeviceType', 'refused'],
  [404, 'InvalidDeviceId.NotFound', 'refused'],
  [400, 'InvalidRecordTime.Malformed', 'refused'],
  [413, 'NoSuchCode', 'refused'],
  [400, 'InvalidDataSource', 'unknown-refusal'],
  [400, 'Account.Overdue', 'unknown-refusal'],
  [404, 'NoSuchCode', 'unknown-refusal'],
  [302, 'InvalidParameter', 'bad-answer']
]

t.test('each code of the table means what the table says, in both cases of keys', async t => {
  for (const [statusCode, code, kind, remedy] of rows) {
    const expected = { kind, mayHaveArrived: kind === 'maybe-arrived', remedy, statusCode, code, message: 'why', cloudRequestId: 'ID-1' }
    t.match(failureOf(statusCode, { RequestId: 'ID-1', HostId: 'h', Code: code, Message: 'why', Recommend: 'r' }), expected, `${statusCode} ${code}`)
    t.match(failureOf(statusCode, { requestId: 'ID-1', code, message: 'why', accessDeniedDetail: { a: 1 } }), expected, `${statusCode} ${code}, lower camel case`)
  }
})

t.test('an answer without a code means what its status says', async t => {
  const kinds: Array<[statusCode: number, kind: Failure['kind']]> = [[200, 'maybe-arrived'], [204, 'maybe-arrived'], [301, 'bad-answer'], [302, 'bad-answer'], [304, 'bad-answer'], [400, 'bad-answer'], [401, 'bad-answer'], [403, 'bad-answer'], [404, 'bad-answer'], [408, 'maybe-arrived'], [413, 'refused'], [429, 'bad-answer'], [500, 'maybe-arrived'], [502, 'maybe-arrived'], [504, 'maybe-arrived']]
  for (const [statusCode, kind] of kinds) {
    for (const body of ['<html>secret page</html>', '', '[1]', 'null', '{"a":1}', '{"Code":7}', '{"Code":"<b>x</b>"}', '{"Code"', '['.repeat(60_000)]) {
      const failure = failureOf(statusCode, body)
      t.match(failure, { kind, code: undefined }, `${statusCode} ${body.slice(0, 20)}`)
      t.notMatch(failure.message, /secret page/)
    }
    t.match(readVerdict(statusCode, {}, undefined), { kind }, `${statusCode}, too long`)
  }
})

t.test('a page without the gateway\'s mark means what its status says, whatever it writes in the places of code, message and time', async t => {
  const headers = { 'retry-after': '60' }
  const kinds: Array<[statusCode: number, code: string, kind: Failure['kind']]> = [
    [429, 'Throttling.User', 'bad-answer'], [400, 'Throttling', 'bad-answer'], [400, 'InvalidParameter', 'bad-answer'], [404, 'NoSuchCode', 'bad-answer'],
    [403, 'Forbidden', 'bad-answer'], [400, 'InvalidTimeStamp.Expired', 'bad-answer'], [503, 'Throttling', 'maybe-arrived'], [200, 'Throttling', 'maybe-arrived']
  ]
  for (const [statusCode, code, kind] of kinds) {
    const foreign = { kind, code: undefined, retryAfterMs: undefined, remedy: undefined, message: /^(?!.*their words)/ }
    for (const page of [{ code, message: 'their words' }, { Code: code, Message: 'their words', RequestId: '<b>' }]) t.match(failureOf(statusCode, page, headers), foreign, `${statusCode} ${code}`)
    const marks = [[{ code, requestId: 'ID-1' }, {}], [{ Code: code }, { 'x-acs-request-id': 'ID-1' }], [{ Code: code }, { 'x-acs-retry-after': '60000' }]] as const
    for (const [page, mark] of marks) t.match(failureOf(statusCode, page, { ...headers, ...mark }), { code, retryAfterMs: 60_000 }, `${statusCode} ${code} of the gateway`)
  }
  t.match(failureOf(429, '<html>', { 'x-acs-request-id': 'ID-1' }), { kind: 'throttled', cloudRequestId: 'ID-1' })
  t.equal(failureOf(302, '', { 'x-acs-retry-after': '60000' }).retryAfterMs, undefined, 'a redirect is no answer of the gateway')
})

t.test('x-acs-retry-after in milliseconds goes before Retry-After in seconds; neither silences the account for days', async t => {
  const retryAfterMs = (headers: Record<string, string | string[]>): number | undefined => failureOf(400, { Code: 'Throttling', RequestId: 'ID-1' }, headers).retryAfterMs
  t.equal(retryAfterMs({ 'x-acs-retry-after': '1500', 'retry-after': '9' }), 1500)
  t.equal(retryAfterMs({ 'retry-after': '9' }), 9000)
  t.equal(retryAfterMs({ 'x-acs-retry-after': ['20', '30'] }), 20)
  t.equal(retryAfterMs({ 'x-acs-retry-after': '999999999999' }), 300_000)
  for (const nonsense of ['0', '-5', '1e9', 'soon', '', 'Wed, 21 Oct 2026 07:28:00 GMT']) {
    t.equal(retryAfterMs({ 'x-acs-retry-after': nonsense, 'retry-after': nonsense }), undefined, nonsense)
  }
})

t.test('what the cloud says is redacted, bounded and plain before anyone reads it', async t => {
  const echo = 'Specified signature is not matched with our calculation. server string to sign is:ACS3\nabc LTAI5tExampleExample'
  t.equal(failureOf(400, { Code: 'SignatureDoesNotMatch', RequestId: 'ID-1', Message: echo }).message, 'Specified signature is not matched with our calculation. server string to sign is ***')
  t.equal(failureOf(400, { Code: 'InvalidParameter', RequestId: 'ID-1', Message: 'a\r\nb\u001b[31m\u202ec\u0000' }).message, 'a b [31m c')
  t.equal(failureOf(400, { Code: 'InvalidParameter', RequestId: 'ID-1', Message: 'word '.repeat(1000) }).message.length, 500)
  t.equal(failureOf(400, { Code: 'InvalidParameter', RequestId: 'ID-1', Message: { a: 1 } }).message, 'Energy Expert refused the push.')
  t.equal(failureOf(400, { Code: 'X', RequestId: 'a\r\nset-cookie: b' }).cloudRequestId, undefined)
  t.equal(failureOf(400, { Code: 'X' }, { 'x-acs-request-id': 'ID-2' }).cloudRequestId, 'ID-2')
})

t.test('a failure before the request was begun is unsent, one after that may have arrived, whatever its code', async t => {
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ECONNRESET', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'EPROTO', 'UND_ERR_DESTROYED']) {
    t.match(describeFailure(Object.assign(new Error('secret'), { code }), false), { kind: 'unsent', mayHaveArrived: false, code, message: /^(?!.*secret)/ })
    t.match(describeFailure(Object.assign(new Error('secret'), { code }), true), { kind: 'maybe-arrived', mayHaveArrived: true, code })
  }
  for (const odd of [undefined, null, 'text', 7, {}, { code: {} }, { code: 'not a code' }]) t.match(describeFailure(odd, false), { kind: 'unsent', code: undefined })
  t.match(describeFailure({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, false).message, /another name than the signed host/)
  t.match(describeFailure({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, false), { message: /not trusted/, remedy: 'tell-operator' })
  t.match(describeFailure({ code: 'CERT_NOT_YET_VALID' }, false).message, /clock/)
})

t.test('each failure has its row in the table of answers, and says only what is true', async t => {
  const failure = (kind: Failure['kind'], more: Partial<Failure> = {}): ProxyError => toAnswerError({ kind, mayHaveArrived: false, message: 'the cloud\'s words', ...more })
  t.match(failure('refused', { statusCode: 400, code: 'InvalidParameter', cloudRequestId: 'ID-1' }), { statusCode: 400, message: 'the cloud\'s words', refusal: { statusCode: 400, code: 'InvalidParameter', requestId: 'ID-1' } })
  t.match(failure('unknown-refusal', { statusCode: 404, code: 'NoSuchCode' }), { code: 'Cloud.Refused', statusCode: 404, refusal: { code: 'NoSuchCode' } })
  t.match(failure('refused', { statusCode: 200, code: 'InvalidParameter' }), { statusCode: 400, refusal: { statusCode: 400 } })
  t.match(failure('refused', { statusCode: 413 }), { statusCode: 413, refusal: { code: 'Cloud.Refused' } })
  t.match(failure('throttled'), { code: 'Cloud.Throttled', statusCode: 503, retryAfterMs: 1000 })
  t.match(failure('throttled', { retryAfterMs: 2500 }), { retryAfterMs: 2500 })
  t.match(failure('unsent', { timedOut: true }), { code: 'Cloud.Unreachable', statusCode: 503, retryAfterMs: 1000 })
  t.match(failure('bad-answer'), { code: 'Cloud.BadAnswer', statusCode: 502 })
  t.match(failure('maybe-arrived', { mayHaveArrived: true }), { code: 'Cloud.MaybeArrived', statusCode: 504, message: /may have arrived/ })
  t.match(failure('maybe-arrived', { mayHaveArrived: true, timedOut: true }), { code: 'Cloud.Timeout', statusCode: 504 })
  t.match(toAnswerError(describeCancel(true)), { code: 'Cloud.MaybeArrived' })
  t.match(toAnswerError(describeCancel(false)), { code: 'Cloud.Unreachable', message: /hung up/ })
  t.match(toAnswerError(describeTimeout(true)), { code: 'Cloud.Timeout' })
})

t.test('of an account fault a plant learns the code, the log the request id too, and nobody the message', async t => {
  const error = toAnswerError(failureOf(403, { requestId: 'ID-1', code: 'Forbidden.RAM', message: 'User not authorized: acs:ram::1234:user/relay' }))
  t.match(error, { code: 'Cloud.AccountFault', statusCode: 502, message: 'Energy Expert refuses the operator\'s account (Forbidden.RAM); the push is not at fault. Tell the operator.' })
  t.equal(String(error.cause), 'Error: The answer was 403 Forbidden.RAM, with the request id ID-1.')
})

t.test('an answer after an attempt in doubt says that the earlier one may have arrived', async t => {
  const earlier = { mayHaveArrived: true, message: 'why' } as const
  const doubt = / An earlier attempt may have arrived\.$/
  t.match(toAnswerError({ kind: 'account-fault', code: 'Forbidden', ...earlier }), { statusCode: 502, message: doubt })
  t.match(toAnswerError({ kind: 'bad-answer', ...earlier }), { statusCode: 502, message: doubt })
  for (const kind of ['refused', 'unknown-refusal'] as const) {
    t.match(toAnswerError({ kind, statusCode: 400, code: 'X', ...earlier }), { statusCode: 400, message: 'why An earlier attempt may have arrived.' })
    t.equal(toAnswerError({ kind, statusCode: 400, code: 'X', message: 'why', mayHaveArrived: false }).message, 'why')
  }
})
