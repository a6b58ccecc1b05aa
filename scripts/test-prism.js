// A second judge of openapi/openapi.json: `npm run test:prism [RECORDING]`. What the suite sent and was answered, recorded with
// RECORD_EXCHANGES=FILE (without one, the suite's part over HTTP is run for it), goes once more through `prism proxy --errors`, which
// must find no answer that breaks the document, nor a request that was answered 200 as it stood. prism comes through npx.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PRISM = '@stoplight/prism-cli@5.14.2'
const START_MS_MAX = 120_000
/** Exchanges that differ in nothing that a document can tell are not all looked at. */
const LIKE_EACH_OTHER_MAX = 3
const at = path => fileURLToPath(new URL(path, import.meta.url))
const contract = JSON.parse(readFileSync(at('../openapi/openapi.json'), 'utf8'))
const push = Object.values(contract.paths)[0].post.requestBody.content['application/json'].examples.small.value

function recordSuite (folder) {
  const file = join(folder, 'exchanges.jsonl')
  const files = ['http', 'clients'].flatMap(name => readdirSync(at(`../test/${name}`)).map(file => `test/${name}/${file}`))
  const ran = spawnSync('npm', ['test', '--', ...files], { cwd: at('..'), stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, RECORD_EXCHANGES: file } })
  if (ran.status !== 0) throw new Error('The suite failed; mend that first.')
  return file
}

/** The exchanges of the document's operations; prism knows no others. */
function readExchanges (file) {
  const counts = new Map()
  return readFileSync(file, 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line)).filter(({ method = '', target = '', request, answer }) => {
    const template = Object.keys(contract.paths).find(path => new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(target.split('?')[0]))
    if (contract.paths[template]?.[method.toLowerCase()] === undefined) return false
    const { code, data } = JSON.parse(answer.body)
    const kind = JSON.stringify([template, answer.statusCode, code, data, Object.keys(answer.headers).sort(), request !== undefined])
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    return counts.get(kind) <= LIKE_EACH_OTHER_MAX
  })
}

/** Answers the n-th exchange's answer to whoever asks with `x-exchange: n`. */
async function startReplay (answers) {
  const server = createServer((request, response) => {
    request.resume()
    const { statusCode, headers, body } = answers[Number(request.headers['x-exchange'])]
    const own = Object.entries(headers).filter(([name]) => !['connection', 'keep-alive', 'content-length', 'date'].includes(name))
    response.writeHead(statusCode, Object.fromEntries(own)).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function findFreePort () {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

async function startPrism (upstreamPort) {
  const port = await findFreePort()
  const prism = spawn('npx', ['-y', '-p', PRISM, 'prism', 'proxy', at('../openapi/openapi.json'), `http://127.0.0.1:${upstreamPort}`, '--errors', '-h', '127.0.0.1', '-p', String(port), '-v', 'error'], { detached: true, stdio: ['ignore', 'ignore', 'inherit'] })
  // npx starts prism as a process of its own: both are ended.
  const stop = () => { try { process.kill(-prism.pid) } catch {} }
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += 200) {
    if (prism.exitCode !== null) break
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)
    if (answers) return { origin: `http://127.0.0.1:${port}`, stop }
    await wait(200)
  }
  stop()
  throw new Error('prism did not start.')
}

/** A request that was taken as it stood goes as it stood; in place of any other goes a right one, since only the answer matters. */
function toRequest ({ method, target, request, answer }, at) {
  const taken = request !== undefined && answer.statusCode === 200 && answer.headers['x-repairs'] === undefined
  const headers = { 'content-type': 'application/json', 'x-api-key': 'any', 'x-exchange': String(at) }
  if (taken && request.headers['x-dry-run'] !== undefined) headers['x-dry-run'] = request.headers['x-dry-run']
  if (method === 'GET') return [target, { method, headers }]
  return [target, { method, headers, body: taken ? request.body : JSON.stringify(push) }]
}

async function judge (prism, exchanges, firstAt = 0) {
  const violations = []
  for (const [at, exchange] of exchanges.entries()) {
    const [target, init] = toRequest(exchange, firstAt + at)
    const answer = await fetch(`${prism.origin}${target}`, init)
    const text = await answer.text()
    if (answer.status !== exchange.answer.statusCode || text !== exchange.answer.body) violations.push(`${exchange.method} ${target.split('?')[0]} ${exchange.answer.statusCode}: ${text.slice(0, 600)}`)
  }
  return violations
}

/** What prism must find: a field that nobody documented, and a missing one. */
function tamper ({ answer, ...rest }) {
  const value = JSON.parse(answer.body)
  return [{ ...value, more: 1 }, { ...value, requestId: undefined }].map(body => ({ ...rest, answer: { ...answer, body: JSON.stringify(body) } }))
}

const folder = mkdtempSync(join(tmpdir(), 'prism-'))
try {
  const exchanges = readExchanges(process.argv[2] ?? recordSuite(folder))
  const delivered = exchanges.find(({ answer }) => answer.statusCode === 200)
  if (delivered === undefined) throw new Error('The recording holds no push that succeeded.')
  const wrong = tamper(delivered)
  const replay = await startReplay([...exchanges, ...wrong].map(({ answer }) => answer))
  const prism = await startPrism(replay.address().port)
  try {
    const violations = await judge(prism, exchanges)
    const found = await judge(prism, wrong, exchanges.length)
    process.stdout.write(`prism looked at ${exchanges.length} exchanges: ${violations.length} violations\n`)
    for (const violation of violations) process.stdout.write(`  ${violation}\n`)
    if (found.length < wrong.length) process.stdout.write('prism did not see an answer that was made wrong on purpose\n')
    if (violations.length > 0 || found.length < wrong.length) process.exitCode = 1
  } finally {
    prism.stop()
    replay.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
