// What durable answers cost a plant: `npm run bench:stored [DIRECTORY]`. The directory should lie on the disk that the
// queue will use. Beside them, in the same run: the same route with the write left out, and the least that any durable
// log can do, 64 bodies written in one piece and one fdatasync, again and again.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProxyReady, ProxySyncs } from './stored-answers-proxy.js'

const ROUNDS = 3
const SPELL_MS = 4_000
const CONNECTIONS = [1, 16, 64]
const CODES = 'dp_imp F eq_imp Ep_imp_1 Ep_imp_2 Ua Ub Ep_imp Uc Ep_imp_3 Ep_imp_4 P Pa Q dp_exp eq_exp COSQ Ia Ib Ic Ep_exp VdisPer'.split(' ')
const BODY = JSON.stringify({ deviceType: '1', devices: [{ deviceId: 'meter-1', recordTime: '2021-09-08 18:40:00', data: Object.fromEntries(CODES.map((code, n) => [code, `${n}.25`])) }] })

interface Spell { readonly perSecond: number, readonly timesMs: number[], readonly commits: number }

const directory = mkdtempSync(join(process.argv[2] ?? '.', 'bench-stored-'))

async function start (mode: string): Promise<{ child: ChildProcess, ready: ProxyReady }> {
  const child = fork(fileURLToPath(new URL('./stored-answers-proxy.js', import.meta.url)), [directory, mode])
  const [ready] = await once(child, 'message')
  return { child, ready }
}

async function commitsOf (child: ChildProcess): Promise<number> {
  child.send('tell')
  const [syncs] = await once(child, 'message')
  return (syncs as ProxySyncs).commits
}

/** One connection that pushes again as soon as it has its answer; gives the times of its answers. */
async function pushAgainAndAgain ({ origin, key }: ProxyReady, untilMs: number): Promise<number[]> {
  const { hostname, port } = new URL(origin)
  const request = `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
  const times: number[] = []
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.setNoDelay(true)
  await new Promise<void>((resolve, reject) => {
    let startMs = performance.now()
    let text = ''
    socket.on('error', reject)
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (!text.endsWith('"data":"stored"}')) {
        if (/^HTTP\/1.1 (?!202)/.test(text)) reject(new Error(text))
        return
      }
      text = ''
      const nowMs = performance.now()
      times.push(nowMs - startMs)
      if (nowMs > untilMs) return resolve()
      startMs = nowMs
      socket.write(request)
    })
    socket.write(request)
  })
  socket.destroy()
  return times
}

async function runSpell ({ child, ready }: Awaited<ReturnType<typeof start>>, connections: number): Promise<Spell> {
  const commitsBefore = await commitsOf(child)
  const startMs = performance.now()
  const times = (await Promise.all(Array.from({ length: connections }, async () => await pushAgainAndAgain(ready, startMs + SPELL_MS)))).flat()
  const elapsedMs = performance.now() - startMs
  return { perSecond: times.length / elapsedMs * 1000, timesMs: times, commits: await commitsOf(child) - commitsBefore }
}

function benchRawLog (): number {
  const file = openSync(join(directory, 'raw.log'), 'w')
  const batch = Buffer.from(BODY.repeat(64))
  const startMs = performance.now()
  let batches = 0
  for (; performance.now() - startMs < SPELL_MS; batches++) {
    writeSync(file, batch)
    fdatasyncSync(file)
  }
  closeSync(file)
  return batches * 64 / (performance.now() - startMs) * 1000
}

const at = (times: readonly number[], share: number): string => (times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? NaN).toFixed(2)
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

const [durable, unwritten] = [await start('durable'), await start('unwritten')]
try {
  await runSpell(durable, 16)
  await runSpell(unwritten, 16)
  const raw: number[] = []
  const ratios = new Map<number, number[]>(CONNECTIONS.map(connections => [connections, []]))
  for (let round = 1; round <= ROUNDS; round++) {
    raw.push(benchRawLog())
    console.log(`raw append, 64 bodies a sync: ${Math.round(raw.at(-1) ?? 0)} a second`)
    for (const connections of CONNECTIONS) {
      const [stored, plain] = [await runSpell(durable, connections), await runSpell(unwritten, connections)]
      for (const [name, { perSecond, timesMs, commits }] of [['stored', stored], ['without the write', plain]] as const) {
        console.log(`${String(connections).padStart(3)} connections, ${name.padEnd(17)} ${String(Math.round(perSecond)).padStart(6)} a second   p50 ${at(timesMs, 0.5).padStart(6)} ms   p99 ${at(timesMs, 0.99).padStart(6)} ms   ${commits} commits`)
      }
      ratios.get(connections)?.push(stored.perSecond / plain.perSecond)
    }
  }
  console.log(`raw append: ${Math.round(median(raw))} a second`)
  for (const [connections, found] of ratios) console.log(`${connections} connections: durable answers at ${(median(found) * 100).toFixed(0)} % of the route without the write (median of ${ROUNDS} rounds)`)
} finally {
  for (const { child } of [durable, unwritten]) child.disconnect()
  await Promise.all([durable, unwritten].map(async ({ child }) => { if (child.exitCode === null) await once(child, 'exit') }))
  rmSync(directory, { recursive: true })
}
