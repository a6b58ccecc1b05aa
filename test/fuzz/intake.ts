// Fuzzes the reader and the intake: `npm run fuzz -- [minutes] [seed]`. Ends with 1 at the first crash, hang, changed
// prototype, push that breaks the contract, or text on which the reader and JSON.parse disagree.
import { Worker } from 'node:worker_threads'
import type { IntakeProgress } from './intake-worker.js'

const minutes = Number(process.argv[2] ?? 10)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
/** No body of the fuzz costs a millisecond; so long without a word is a hang. */
const SILENCE_MAX_MS = 20_000
const GROWTH_MAX_BYTES = 300_000_000

const startMs = performance.now()
const worker = new Worker(new URL('./intake-worker.js', import.meta.url), { workerData: { seed, from: 0 } })
let number = 0
let heardMs = startMs
let baseBytes: number | undefined

function fail (why: unknown): never {
  process.stderr.write(`fuzz failed, seed ${seed}: ${String(why)}\n`)
  process.exit(1)
}

worker.on('message', (progress: IntakeProgress) => {
  number = progress.number
  heardMs = performance.now()
  if (progress.fault !== undefined) fail(`case ${number}: ${progress.fault}\nbody (latin1) ${progress.body ?? ''}`)
})
worker.on('error', error => { fail(`after case ${number}: ${error.stack ?? error.message}`) })

process.stdout.write(`fuzz seed ${seed}, ${minutes} minutes\n`)
const watch = setInterval(() => {
  const nowMs = performance.now()
  if (nowMs - heardMs > SILENCE_MAX_MS) fail(`no word for ${SILENCE_MAX_MS / 1000} s after case ${number}`)
  // After the first second everything is compiled and warm.
  baseBytes ??= process.memoryUsage.rss()
  const grownBytes = process.memoryUsage.rss() - baseBytes
  if (grownBytes > GROWTH_MAX_BYTES) fail(`grew by ${grownBytes} bytes until case ${number}`)
  if (nowMs - startMs < minutes * 60_000) return
  clearInterval(watch)
  process.stdout.write(`fuzz passed: seed ${seed}, ${number} cases in ${minutes} minutes\n`)
  worker.terminate().catch(fail)
}, 1_000)
