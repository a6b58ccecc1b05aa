import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { buildProgram } from '../../src/commands/program.js'
import { projectUrl } from '../support/project.js'
import { startProxy, type TestProxy } from '../support/proxy.js'
import { exchangeOne } from '../support/raw-socket.js'

const run = promisify(execFile)
const require = createRequire(import.meta.url)

/** The fenced blocks of a sender's page in one language, as a reader copies them. */
function blocksOf (page: string, language: string): string[] {
  const text = readFileSync(projectUrl(`docs/senders/${page}.md`), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , code = '']) => code)
}

/** With the proxy's address and key in the places that a reader fills in. */
const filledIn = (code: string, proxy: TestProxy): string => code.replaceAll('proxy:8080', `127.0.0.1:${proxy.port}`).replaceAll('ee_…', proxy.key)

const dataOf = (proxy: TestProxy): unknown[] => proxy.cloud.received().map(({ body }) => JSON.parse(body).devices.map(({ data }: { data: unknown }) => data))

async function hasTool (t: Test, tool: string): Promise<boolean> {
  const isThere = await run(tool, ['--version']).then(() => true, () => false)
  if (!isThere) t.pass(`${tool} is not on this machine`, { skip: true })
  return isThere
}

for (const page of ['curl', 'node-red', 'python', 'dtu', 'dotnet-vbscript', 'official-sdk']) {
  t.test(`${page}: the commands for the proxy are commands that it has`, async t => {
    const lines = blocksOf(page, 'sh').flatMap(block => block.trim().split('\n'))
    t.ok(lines.length > 0)
    const program = await buildProgram(process)
    for (const line of lines) {
      const [, group = '', name = '', ...rest] = line.match(/"[^"]*"|\S+/g)?.slice(1) ?? []
      const command = program.commands.find(each => each.name() === group)?.commands.find(each => each.name() === name)
      t.ok(command, line)
      for (const flag of rest.filter(word => word.startsWith('--'))) t.ok(command?.options.some(({ long }) => long === flag), `${name} ${flag}`)
    }
  })
}

t.test('curl: every line pushes, or shows what would be sent', async t => {
  if (!await hasTool(t, 'curl')) return
  const proxy = await startProxy(t)
  const cwd = t.testdir()
  const answers: string[] = []
  for (const block of blocksOf('curl', 'bash')) answers.push((await run('bash', ['-c', filledIn(block, proxy)], { cwd })).stdout)
  t.match(answers, [/^HTTP\/1.1 200 OK[\s\S]*"data":"success"/, /"data":"success"/, /"data":"dry-run"/])
  t.same(dataOf(proxy), [[{ Ua: '226.0' }], [{ Ua: '226.1' }]])
})

t.test('Node-RED: the function node makes a push', async t => {
  const proxy = await startProxy(t)
  const [code = ''] = blocksOf('node-red', 'js')
  // What Node-RED does with the text of a function node.
  // eslint-disable-next-line no-new-func
  const functionNode = new Function('msg', filledIn(code, proxy)) as (msg: object) => { url: string, method: 'POST', headers: Record<string, string>, payload: object }
  for (const isString of [false, true]) {
    const { url, method, headers, payload } = functionNode({ payload: { Ua: 226.1, Ep_imp: 325 } })
    const sent = isString ? { ...headers, 'Content-Type': 'text/plain;charset=UTF-8' } : headers
    const answer = await request(url, { method, headers: sent, body: JSON.stringify(payload) })
    t.match(await answer.body.json(), { data: 'success' })
  }
  t.same(dataOf(proxy), [[{ Ua: '226.1', Ep_imp: '325' }], [{ Ua: '226.1', Ep_imp: '325' }]])
})

t.test('Python: the script pushes, and says what the proxy says', async t => {
  if (!await hasTool(t, 'python3')) return
  const proxy = await startProxy(t)
  const [code = ''] = blocksOf('python', 'python')
  t.match((await run('python3', ['-c', filledIn(code, proxy)])).stdout, /'data': 'success'/)
  t.same(dataOf(proxy), [[{ Ua: '226.0', Ep_imp: '325.0' }]])
  await t.rejects(run('python3', ['-c', filledIn(code, proxy).replace(proxy.key, 'not-a-key')]), /RuntimeError: The API key is missing/)
})

for (const [page, count] of [['dtu', 1], ['dotnet-vbscript', 2]] as const) {
  t.test(`${page}: what the sender writes is answered with success`, async t => {
    const proxy = await startProxy(t, { key: { inUrl: true } })
    const blocks = blocksOf(page, 'http')
    t.equal(blocks.length, count)
    for (const block of blocks) {
      const [head = '', body = ''] = filledIn(block, proxy).trimEnd().split('\n\n')
      const answer = await exchangeOne(proxy.port, `${head.replaceAll('\n', '\r\n')}\r\n\r\n${body}`)
      t.equal(answer.statusCode === 100 ? 200 : answer.statusCode, 200)
    }
  })
}

t.test('VBScript and C#: the snippets send what the page replays', async t => {
  const [vb = ''] = blocksOf('dotnet-vbscript', 'vb')
  const [http = ''] = blocksOf('dotnet-vbscript', 'http')
  const body = /^body = "(.*)"$/m.exec(vb)?.[1]?.replaceAll('""', '"')
  t.equal(body, http.trimEnd().split('\n\n')[1])
  for (const [, name = '', value = ''] of vb.matchAll(/SetRequestHeader "([^"]+)", "([^"]+)"/g)) t.match(http.toLowerCase(), `${name}: ${value}`.toLowerCase())
  t.match(vb, /"POST", "http:\/\/proxy:8080\/api\/v1\/data\/increment\/push"/)
  t.match(blocksOf('dotnet-vbscript', 'csharp')[0], /PostAsync\("\/api\/v1\/data\/increment\/push"/)
})

t.test('the official SDK: the configuration pushes', async t => {
  const proxy = await startProxy(t)
  const [code = ''] = blocksOf('official-sdk', 'js')
  const { default: Client, $OpenApiUtil } = require('@alicloud/openapi-core')
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor
  const { data } = await new AsyncFunction('Client', '$OpenApiUtil', `${filledIn(code, proxy)}\nreturn body`)(Client, $OpenApiUtil)
  t.equal(data, 'success')
  t.same(dataOf(proxy), [[{ Ua: '226.0' }]])
})
