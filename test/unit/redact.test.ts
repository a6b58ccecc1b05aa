import t from 'tap'
import { redactError, redactOwnText, redactText, registerSecret } from '../../src/redact.js'

// None of these is a real credential; each only has the shape of one.
const KEY_ID = 'LTAI5tExampleExampleAbCd'
const API_KEY = 'ee_k7f3_q8ZtYw2mXv5nRb4cLd9e'
const TOKEN = 'CAIS8wF1q6Ft5B2yfSjIr5eExampleToken=='
const SIGNATURE = '19109450d18cc6df7862d0650b54d9f66f598ee683ce69e88462c4489961e6d8'

const texts: Array<[what: string, text: string, redacted: string]> = [
  ['an AccessKey id', `key ${KEY_ID} is old`, 'key ***AbCd is old'],
  ['an STS key id', 'key STS.NUExampleExample1234, old', 'key ***1234, old'],
  ['a host name that only ends like one', 'HOSTS.example123456', 'HOSTS.example123456'],
  ['an API key, beyond its id', `sent ${API_KEY}.`, 'sent ee_k7f3_***.'],
  ['an API key glued to an escaped line break', `a\\n${API_KEY}`, 'a\\nee_k7f3_***'],
  ['an Authorization header', `authorization: ACS3-HMAC-SHA256 Credential=${KEY_ID},SignedHeaders=host,Signature=${SIGNATURE}\r\nhost: x`, 'authorization: ***\r\nhost: x'],
  ['an Authorization header in JSON', `{"authorization":"Bearer ${API_KEY}","host":"x"}`, '{"authorization":"***","host":"x"}'],
  ['an Authorization header in a JSON text of a JSON text', `"{\\"authorization\\":\\"Bearer ${API_KEY}\\",\\"host\\":\\"x\\"}"`, '"{\\"authorization\\":\\"***\\",\\"host\\":\\"x\\"}"'],
  ['the parts of an Authorization', `Credential=${KEY_ID},SignedHeaders=host,Signature=${SIGNATURE}`, 'Credential=***AbCd,SignedHeaders=host,Signature=***'],
  ['Basic credentials', 'Basic cGxhbnQ6ZWVfazdmM19xOFp0', 'Basic ***'],
  ['words about Basic credentials', 'Basic authentication is read too.', 'Basic authentication is read too.'],
  ['a security token', `x-acs-security-token: ${TOKEN}`, 'x-acs-security-token: ***'],
  ['a security token in JSON', `{"SecurityToken": "${TOKEN}", "a": 1}`, '{"SecurityToken": "***", "a": 1}'],
  ['an AccessKey secret by its name', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET=abc ALIBABA_CLOUD_ACCESS_KEY_ID=Abcdefghijkl', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET=*** ALIBABA_CLOUD_ACCESS_KEY_ID=***ijkl'],
  ['a key in a query', `/x?api_key=${API_KEY}&a=1 and ?api_key=nonsense`, '/x?api_key=ee_k7f3_***&a=1 and ?api_key=***'],
  ['a key in a path', `POST /k/${API_KEY}?a=1, POST /k/mistyped`, 'POST /k/ee_k7f3_***?a=1, POST /k/***'],
  ['a key in a header', `X-API-Key: ${API_KEY}`, 'X-API-Key: ee_k7f3_***'],
  ['a password in a URL', 'via http://user:pa:ss@proxy:3128/x', 'via http://***@proxy:3128/x'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIEvg\n', '-----BEGIN PRIVATE KEY-----***'],
  ['the gateway\'s echo of a string-to-sign', `Specified signature is not matched with our calculation. server string to sign is:GET&%2F&AccessKeyId%3D${KEY_ID}`, 'Specified signature is not matched with our calculation. server string to sign is ***'],
  ['the gateway\'s echo of a canonical request', `server StringToSign is [ACS3\nabc] server CanonicalRequest is [POST\nx-acs-security-token:${TOKEN}] AccessKeyId is [${KEY_ID}]`, 'server StringToSign is ***'],
  ['a short key id', 'AccessKeyId=abcdef', 'AccessKeyId=***'],
  ['a key id in brackets', `AccessKeyId is [${KEY_ID}]`, 'AccessKeyId is [***AbCd]'],
  ['nothing of an ordinary message', 'Specified parameter deviceType is not valid. SignatureNonceUsed, x-acs-signature-nonce: 12', 'Specified parameter deviceType is not valid. SignatureNonceUsed, x-acs-signature-nonce: 12']
]

t.test('redactText masks each kind of secret and keeps the rest', async t => {
  for (const [what, text, redacted] of texts) {
    t.equal(redactText(text), redacted, what)
    t.equal(redactText(redacted), redacted, `${what}, a second time`)
  }
})

t.test('a registered secret never shows, a registered key id shows its last four characters', async t => {
  registerSecret('Sh0rtSecretOfAKey')
  registerSecret('CustomKeyIdWithoutShape', 4)
  t.equal(redactText('a Sh0rtSecretOfAKey$& b CustomKeyIdWithoutShape'), 'a ***$& b ***hape')
  registerSecret('word')
  t.equal(redactText('a word'), 'a word', 'too short to be a secret')
  for (let n = 100; n < 400; n++) registerSecret(`another-secret-${n}`)
  t.equal(redactText('another-secret-399'), '***')
  t.equal(redactText('Sh0rtSecretOfAKey'), 'Sh0rtSecretOfAKey', 'the oldest are forgotten: the list is bounded')
})

/** How long a redaction takes when nothing else uses the processor: of several the shortest. */
function leastMs (text: string): number {
  return Math.min(...Array.from({ length: 12 }, () => {
    const startMs = performance.now()
    redactText(text)
    return performance.now() - startMs
  }))
}

t.test('a text of any kind is redacted in linear time and cut', async t => {
  const hostile = ['LTAI', 'ee_a_', '//', 'authorization:', 'Credential=', 'access_key_id is [', 'token=', 'bearer ', '/k/', 'string to sign ', ' ', '\\"', '-----BEGIN ', '%2f', 'a']
  for (const part of hostile) {
    t.ok(redactText(part.repeat(2_000_000 / part.length)).length <= 8194, `${part} is cut`)
    const [shortMs = 0, longMs = 0] = [1_000, 8_000].map(length => leastMs(part.repeat(length / part.length)))
    // Eight times the text takes eight times as long, or 64 times where a pattern begins anew at each of its characters.
    t.ok(longMs < 24 * shortMs + 0.5, `${part}: ${shortMs} ms, ${longMs} ms`)
  }
  t.equal(redactText(`${'a '.repeat(4090)}token:${'s'.repeat(100)}`).includes('s'), false, 'a secret that the cut goes through goes with it')
})

t.test('a sentence of our own keeps its words and loses secrets and keys', async t => {
  registerSecret('SecretInASentence')
  for (const sentence of ['--access-key-id needs its secret: set SANDBOX_ACCESS_KEY_SECRET or name a file.', '/etc/passwd: This is a file; point DATA_DIR at a directory.']) {
    t.equal(redactOwnText(sentence), sentence)
  }
  t.equal(redactOwnText(`There is no key ${API_KEY}, nor SecretInASentence.`), 'There is no key ee_k7f3_***, nor ***.')
})

t.test('redactError tells type, message, code, frames and causes, and no other property', async t => {
  const cause = Object.assign(new Error(`connect failed for ${KEY_ID}`), { code: 'ECONNREFUSED', request: { headers: { authorization: TOKEN } } })
  const redacted = redactError(Object.assign(new TypeError('it broke', { cause }), { body: 'readings', code: 'not a code\n' }))
  t.match(redacted, { type: 'TypeError', message: 'it broke', cause: { type: 'Error', message: 'connect failed for ***AbCd', code: 'ECONNREFUSED' } })
  t.match(redacted.stack, /^TypeError: it broke\n {4}at /)
  t.equal(redacted.code, undefined)
  t.notMatch(JSON.stringify(redacted), /readings|CAIS|LTAI/)
})

t.test('redactError never quotes what a parser or @alicloud/credentials failed to read', async t => {
  const file = '{"profiles":[{"access_key_secret":"hush-hush-hush"\n    at hush (hush:1:1)'
  const broken = [
    new Error(`parse aliyun cli config from '/home/a/.aliyun/config.json' failed: ${file}`),
    new Error(`unable to get credentials from any of the providers in the chain: a, parse aliyun cli config from 'x' failed: ${file}`),
    new Error(`get sts token failed, json parse failed: x, result: ${file}.`),
    new Error(`error retrieving credentials from credentialsURI result: ${file}.`),
    new Error(`failed to execute external command: ${file}`),
    Object.assign(new Error(file), { stack: `Error: ${file}\n    at x (/app/node_modules/@alicloud/credentials/dist/src/client.js:1:1)` })
  ]
  try { JSON.parse('{"secret":hush') } catch (error) { broken.push(new Error('outer', { cause: error })) }
  for (const error of broken) {
    t.notMatch(JSON.stringify(redactError(error)), /hush/)
    t.match(redactError(error).message, /\w/)
  }
})

t.test('redactError survives whatever is thrown', async t => {
  const circular = new Error('round')
  circular.cause = circular
  t.match(redactError(circular), { message: 'round', cause: { cause: { cause: { cause: { message: 'round' } } } } })
  t.same(redactError(`thrown ${KEY_ID}`), { type: 'string', message: 'thrown ***AbCd' })
  t.equal(redactError({ message: TOKEN }).message, 'Something that is no error was thrown.')
  t.equal(redactError(null).type, 'object')
  t.equal(redactError(Object.defineProperty(new Error('x'), 'message', { get () { throw new Error(TOKEN) } })).type, 'unknown')
  t.equal(redactError(new Proxy(new Error('x'), { get () { throw new Error(TOKEN) } })).type, 'unknown')
  t.equal(redactError(Object.assign(new Error(''), { stack: undefined })).stack, undefined)
})
