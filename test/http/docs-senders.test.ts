import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { blocksOf } from '../support/page.js'
import { startProxy, type TestProxy } from '../support/proxy.js'
import { exchangeOne, type RawAnswer } from '../support/raw-socket.js'
import { makeWorkplace } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

/** The words of a command line, quoted or not. */
const wordsOf = (line: string): string[] => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')

/** A plant as the page's commands make it, and the mapping that its first block is, under the name that the command gives it. */
async function startAsToldBy (t: Test, page: string): Promise<{ proxy: TestProxy, key: string }> {
  const { folder, env } = makeWorkplace(t)
  const mapping = blocksOf(page).find(({ kind }) => kind.startsWith('yaml'))?.text ?? ''
  const [add = '', create = ''] = blocksOf(page).filter(({ kind }) => kind === 'sh').flatMap(({ text }) => text.split('\n')).map(line => line.replace(/^npx energy-expert-proxy /, ''))
  const words = wordsOf(add)
  const [, , plant = ''] = words
  writeFileSync(join(folder, words[words.indexOf('--mapping') + 1] ?? ''), `${mapping}\n`)
  for (const line of [add, create]) {
    const { code, stderr } = await runHere(wordsOf(line), { folder, env })
    t.equal(code, 0, `${line}: ${stderr}`)
  }
  const { set } = JSON.parse((await runHere(['plants', 'show', plant, '--json'], { folder, env })).stdout)
  t.equal(set.mapping, `${mapping}\n`, 'it is stored as it was written')
  const proxy = await startProxy(t, { policy: set, key: { inUrl: create.includes('--in-url') } })
  return { proxy, key: proxy.key }
}

/** Sends a request as it stands on a page, over a raw socket. */
async function send ({ proxy, key }: { proxy: TestProxy, key: string }, request: string): Promise<RawAnswer> {
  const [head = '', ...rest] = request.split('\n\n')
  const body = rest.join('\n\n')
  const lines = [...head.replaceAll('ee_…', key).split('\n'), `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
  return await exchangeOne(proxy.port, `${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** The bodies that the cloud has received, once it has as many. */
async function receivedBy (proxy: TestProxy, count: number): Promise<string[]> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs && proxy.cloud.received().length < count;) await new Promise(resolve => { setTimeout(resolve, 10) })
  return proxy.cloud.received().map(({ body }) => body)
}

for (const page of ['docs/senders/kepware.md', 'docs/senders/ignition.md', 'docs/senders/csv.md']) {
  t.test(`${page}: its commands make the plant, its requests are answered as it says, and the cloud gets what it shows`, async t => {
    const started = await startAsToldBy(t, page)
    const blocks = blocksOf(page)
    const requests = blocks.flatMap(({ kind }, at) => kind === 'http' ? [at] : [])
    t.equal(requests.length, 2)
    const [right = 0, wrong = 0] = requests
    const answer = await send(started, blocks[right]?.text ?? '')
    t.match(answer, { statusCode: 200 }, answer.body)
    t.equal(JSON.parse(answer.body).data, 'success')
    if (page.endsWith('kepware.md')) for (const repair of [/\bbad-quality=1\b/, /\bboolean-to-string=1\b/]) t.match(answer.headers['x-repairs'], repair)
    t.strictSame(await receivedBy(started.proxy, 1), [blocks[right + 1]?.text])
    const refusal = await send(started, blocks[wrong]?.text ?? '')
    t.equal(refusal.statusCode, 400)
    const { requestId, ...told } = JSON.parse(refusal.body)
    t.strictSame({ requestId: '…', ...told }, JSON.parse(blocks[wrong + 1]?.text ?? ''))
    t.equal(started.proxy.cloud.received().length, 1)
  })
}
