import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { csharpSample, curlSample, javaSample, nodeSample, powershellSample, pythonSample, type SampleRequest } from '../../src/plugins/docs-snippets.js'
import { startProxy, type TestProxy } from '../support/proxy.js'

const run = promisify(execFile)

/** Everything that some language would take for something else: quotes of every kind, what a shell expands, what is not ASCII. */
const NASTY = '电表 \'a\' "b" \\u0041 \\ $HOME `date` ‘c’ %PATH% {0} 😀 !!'
const push = { deviceType: '1', devices: [{ deviceId: NASTY, recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0' } }] }

const sampleFor = (proxy: TestProxy): SampleRequest => ({
  method: 'POST',
  url: `${proxy.origin}/api/v1/data/increment/push`,
  headers: [['X-API-Key', proxy.key], ['Content-Type', 'application/json']],
  // As the page's editor has it: over several lines.
  body: JSON.stringify(push, null, 2)
})

/** Runs a sample with its language's own tool; the cloud must have received a push that succeeds to the last character. */
async function pushWith (t: Test, tool: string, write: (sample: SampleRequest) => string, toArguments: (code: string) => string[], expected = 'success'): Promise<void> {
  if (!await run(tool, ['--version']).then(() => true, () => false)) {
    t.pass(`${tool} is not on this machine`, { skip: true })
    return
  }
  const proxy = await startProxy(t)
  const { stdout } = await run(tool, toArguments(write(sampleFor(proxy))))
  t.match(stdout, expected)
  if (expected === 'success') t.strictSame(proxy.cloud.received()[0]?.push, push)
}

t.test('the curl sample pushes as it stands', async t => {
  // Without curl, bash would name the missing command: the tool that is asked for is curl itself.
  const hasCurl = await run('curl', ['--version']).then(() => true, () => false)
  await pushWith(t, hasCurl ? 'bash' : 'curl', curlSample, code => ['-c', code])
})
t.test('the Python sample pushes as it stands, and shows an error with its body', async t => {
  await pushWith(t, 'python3', pythonSample, code => ['-c', code])
  // urllib throws errors, so their body needs code of its own.
  await pushWith(t, 'python3', sample => pythonSample({ ...sample, headers: [['X-API-Key', 'not-a-key']] }), code => ['-c', code], 'InvalidKey')
})
t.test('the Node.js sample pushes as it stands', async t => { await pushWith(t, process.execPath, nodeSample, code => ['--input-type=module', '-e', code]) })
/** What a header may hold of it, and a URL that is percent-encoded as swagger-ui does it, which leaves the quote alone. */
const NASTY_HEADER = 'a \'b\' "c" \\ \\u0041 $HOME $(date) `date` %PATH% {0} !! # ; --'
const NASTY_URL = '/a\'b$HOME?c=%22(d)!*&e=%60'
/** Over several lines, with what an editor shows as one: a control character, Unicode's own end of line. */
const NASTY_BODY = `${NASTY}\r\n\t\u0001\u007f\u2028 @file $(date) \${1+1}\n`
const nastySample = (origin: string, body: string): SampleRequest => ({ method: body === '' ? 'GET' : 'POST', url: `${origin}${NASTY_URL}`, headers: [['X-API-Key', NASTY_HEADER]], body })

/** Runs code in each language that this machine has; how many there are. */
async function runSamples (t: Test, sample: SampleRequest): Promise<number> {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'Push.java'), javaSample(sample))
  const runs: ReadonlyArray<readonly [tool: string, command: string, args: string[]]> = [
    ['curl', 'bash', ['-c', curlSample(sample)]],
    ['python3', 'python3', ['-c', pythonSample(sample)]],
    [process.execPath, process.execPath, ['--input-type=module', '-e', nodeSample(sample)]],
    // Both samples are made alike; each run of Java takes seconds.
    ...(sample.body === '' ? [] : [['java', 'java', [join(folder, 'Push.java')]] satisfies [string, string, string[]]])
  ]
  let ran = 0
  for (const [tool, command, args] of runs) {
    if (!await run(tool, ['--version']).then(() => true, () => false)) continue
    t.match((await run(command, args)).stdout, '200', tool)
    ran++
  }
  return ran
}

for (const body of ['', NASTY_BODY]) {
  t.test(`a sample ${body === '' ? 'without a body sends none' : 'with a body sends it'}, and nothing in a value breaks out of its quotes`, async t => {
    const received: object[] = []
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      received.push({ method: request.method, url: request.url, key: request.headers['x-api-key'], body: Buffer.concat(chunks).toString() })
      response.end()
    }).listen(0, '127.0.0.1')
    t.teardown(() => { server.close() })
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const sample = nastySample(`http://127.0.0.1:${port}`, body)
    const ran = await runSamples(t, sample)
    t.ok(ran > 0)
    t.strictSame(received, Array(ran).fill({ method: sample.method, url: NASTY_URL, key: NASTY_HEADER, body }))
  })

  t.test(`the C# and PowerShell samples ${body === '' ? 'without a body name none' : 'carry the body'}, and hold every value in quotes`, async t => {
    const sample = nastySample('http://127.0.0.1:1', body)
    const values = [sample.url, NASTY_HEADER, ...(body === '' ? [] : [body])]
    // A C# literal with these escapes is a JSON text.
    const csharp = /"(?:[^"\\\n]|\\.)*"/g
    const ofCsharp = [...csharpSample(sample).matchAll(csharp)].map(([text]) => text)
    for (const value of values) t.ok(ofCsharp.some(text => !text.includes('{(int)') && JSON.parse(text) === value))
    const powershell = /'(?:[^'‘’‚‛]|''|‘‘|’’|‚‚|‛‛)*'/g
    const ofPowershell = [...powershellSample(sample).matchAll(powershell)].map(([text]) => text.slice(1, -1).replace(/(['‘’‚‛])\1/g, '$1'))
    for (const value of values) t.ok(ofPowershell.includes(value))
    for (const rest of [csharpSample(sample).replace(csharp, ''), powershellSample(sample).replace(powershell, '')]) {
      t.notMatch(rest, /HOME|date|[\u007f-\uffff]/)
      t.equal(/body|request\.content/i.test(rest), body !== '')
    }
  })
}
