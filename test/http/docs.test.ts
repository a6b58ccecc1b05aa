import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { docsScript } from '../../src/plugins/docs-script.js'
import { csharpSample, curlSample, javaSample, nodeSample, powershellSample, pythonSample, type SampleRequest } from '../../src/plugins/docs-snippets.js'
import { projectPath } from '../support/project.js'
import { startProxy } from '../support/proxy.js'
import { parseAnswer, type RawAnswer } from '../support/raw-socket.js'
import { makeWorkplace, startCommand } from '../support/run-command.js'
import { scrape } from '../support/scrape.js'

t.test('the docs page comes from files of its own, asks no other address, and keeps no key', async t => {
  const proxy = await startProxy(t)
  const page = await proxy.request('/docs')
  t.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /default-src 'none'; script-src 'self';/)
  t.notMatch(policy, /https?:|unsafe-eval/)
  t.notMatch(page.text, /https?:\/\//)
  const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => String(match[1]))
  t.equal(files.length, 4)
  for (const file of files) {
    const answer = await proxy.request(file)
    t.equal(answer.statusCode, 200, file)
    t.ok(Number(answer.headers['content-length']) > 100, 'whole, with its length')
  }
  t.match((await proxy.request('/docs/page.js')).text, '"persistAuthorization": false')
})

t.test('what is no file of the docs page is a 404 and no fault of ours, and nothing else can be read', async t => {
  const proxy = await startProxy(t)
  for (const path of ['%00', '%2e%2e/package.json', '..%2f..%2fpackage.json', '%5c..%5c', 'static/', 'index.js', '%ff', `${'a'.repeat(3000)}`]) {
    t.equal((await proxy.request(`/docs/${path}`)).statusCode, 404, path.slice(0, 30))
  }
  t.equal((await proxy.request('/docs', { method: 'POST' })).statusCode, 405)
  t.equal((await proxy.request('/docs/swagger-ui.css', { headers: { range: 'bytes=999999999-', 'if-match': 'x' } })).statusCode, 200)
  t.notOk(proxy.log.some(line => line.includes('"level":50')))
})

/** Asks over TLS for a page. Paused from the beginning: a sender's kernel takes far more for one that has read something. */
async function askForPage (t: Test, port: number, path: string): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }).on('error', () => {}).pause()
  t.teardown(() => { socket.destroy() })
  await once(socket, 'secureConnect')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: p\r\n\r\n`)
  // Kept open: it is then that the memory of an encrypted answer stays.
  return socket
}

async function readPage (socket: TLSSocket): Promise<RawAnswer | undefined> {
  let received = ''
  socket.on('data', chunk => {
    received += String(chunk.toString('latin1'))
    if (parseAnswer(received) !== undefined) socket.destroy()
  })
  socket.resume()
  await once(socket, 'close')
  return parseAnswer(received)
}

t.test('under TLS those who ask for the largest page and do not read it cost a fraction of it; who reads gets all of it', async t => {
  const { folder, env } = makeWorkplace(t)
  const pair = (ending: string): string => projectPath(`test/support/tls-plants/first.${ending}`)
  const program = startCommand(t, ['serve'], { folder, env: { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:1', TLS_CERT_FILE: pair('crt'), TLS_KEY_FILE: pair('key') } })
  const [, port] = await program.says(/listens on https:\/\/127\.0\.0\.1:(\d+)/)
  const [, adminOrigin = ''] = /"adminOrigin":"([^"]+)"/.exec(program.stderr()) ?? []
  const memoryBytes = async (): Promise<number> => (await scrape({ adminOrigin })).get('process_resident_memory_bytes') ?? NaN
  const path = '/docs/swagger-ui-bundle.js'
  const whole = readFileSync(new URL('static/swagger-ui-bundle.js', import.meta.resolve('@fastify/swagger-ui')))
  await readPage(await askForPage(t, Number(port), path))
  const beforeBytes = await memoryBytes()
  const sockets: TLSSocket[] = []
  for (let n = 0; n < 100; n++) sockets.push(await askForPage(t, Number(port), path))
  const last = await readPage(await askForPage(t, Number(port), path))
  t.ok(whole.equals(Buffer.from(last?.body ?? '', 'latin1')), 'what was asked before this one is being answered')
  const grownBytes = await memoryBytes() - beforeBytes
  t.ok(grownBytes < 100 * whole.length / 3, `${grownBytes}`)

  const [first] = sockets
  if (first === undefined) return
  const { headers, body = '' } = await readPage(first) ?? {}
  t.equal(headers?.['content-length'], String(whole.length))
  t.equal(headers?.['transfer-encoding'], undefined)
  t.ok(whole.equals(Buffer.from(body, 'latin1')), 'also for who reads late')
  t.notMatch(program.stderr(), /prematurely|"level":50/)
})

t.test('the page\'s script stands alone and hands swagger-ui the samples that are tested here', async t => {
  let config: any
  const SwaggerUIBundle = Object.assign((given: unknown) => { config = given }, { presets: { apis: [] } })
  runInNewContext(docsScript(), { SwaggerUIBundle })
  t.equal(config.validatorUrl, null)
  const { fn } = config.plugins[0]()
  const sample: SampleRequest = { method: 'POST', url: 'http://127.0.0.1:1/k/x', headers: [['X-API-Key', 'ee_x']], body: '"b" \'a\' $HOME' }
  const uiRequest = new Map<string, unknown>(Object.entries({ ...sample, headers: new Map([['accept', '*/*'], ...sample.headers]) }))
  const expected = { curl: curlSample, powershell: powershellSample, python: pythonSample, node: nodeSample, java: javaSample, csharp: csharpSample }
  t.strictSame(Object.keys(config.requestSnippets.generators), Object.keys(expected))
  for (const [language, write] of Object.entries(expected)) {
    t.equal(fn[`requestSnippetGenerator_${language}`](uiRequest), write(sample), language)
  }
})
