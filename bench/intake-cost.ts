// What a body may cost beside a clean push of the same size: `npm run bench:intake`. Ends with 1 when one costs more than five times
// as much a byte.
import { ProxyError } from '../src/errors.js'
import { groupBad } from '../src/intake/group-bad.js'
import type { InvalidPolicy } from '../src/intake/keep-good.js'
import { readPush, type IntakePolicy } from '../src/intake/read-push.js'
import { cleanBody, hardBodies, type HardBody } from './intake-bodies.js'
import { hardDialectBodies } from './intake-dialect-bodies.js'

const RATIO_MAX = 5
const ROUNDS = 9
const SIZES_BYTES = [4_000, 400_000, 4_194_304]
const NOW_MS = Date.parse('2021-09-08T18:40:00Z')
const DEFAULT_POLICY: IntakePolicy & InvalidPolicy = { unknownFields: 'reject' }

type Case = Omit<HardBody, 'name'>

function read ({ bytes, policy, contentType, catalog }: Case): string {
  try {
    const { push: { deviceType }, bad } = readPush(bytes, { ...DEFAULT_POLICY, ...policy }, { contentType, nowMs: NOW_MS, catalog })
    groupBad(deviceType, bad)
    return bad.length > 0 ? 'parked' : 'taken'
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return error.code
  }
}

/** Nanoseconds a byte of one round, which takes at least a few milliseconds. */
function timeOf (hard: Case): { nsPerByte: number, result: string } {
  const { bytes } = hard
  let result = ''
  const repeats = Math.max(1, Math.ceil(400_000 / bytes.length))
  const startMs = performance.now()
  for (let repeat = 0; repeat < repeats; repeat++) result = read(hard)
  return { nsPerByte: (performance.now() - startMs) * 1e6 / repeats / bytes.length, result }
}

const median = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN

/** What two bodies cost, by turns, so that whatever else the machine does meets both: the medians of several rounds. */
function compare (clean: Case, hard: Case): { cleanNs: number, hardNs: number, result: string } {
  const times: { clean: number[], hard: number[] } = { clean: [], hard: [] }
  let result = ''
  for (let round = 0; round <= ROUNDS; round++) {
    const cleanRound = timeOf(clean)
    const hardRound = timeOf(hard)
    result = hardRound.result
    // The first round warms up.
    if (round === 0) continue
    times.clean.push(cleanRound.nsPerByte)
    times.hard.push(hardRound.nsPerByte)
  }
  return { cleanNs: median(times.clean), hardNs: median(times.hard), result }
}

let worst = 0
for (const sizeBytes of SIZES_BYTES) {
  // What is dear is dear by the record, and hard bodies have small ones: so has the clean push that they are held against.
  const clean = { bytes: cleanBody(sizeBytes, 1) }
  const full = compare(clean, { bytes: cleanBody(sizeBytes) })
  process.stdout.write(`\nabout ${sizeBytes} bytes: a clean push costs ${full.cleanNs.toFixed(1)} ns a byte with one point a record, ${full.hardNs.toFixed(1)} with 22\n`)
  for (const hard of [...hardBodies(sizeBytes), ...hardDialectBodies(sizeBytes)]) {
    const { cleanNs, hardNs, result } = compare(clean, hard)
    const ratio = hardNs / cleanNs
    worst = Math.max(worst, ratio)
    process.stdout.write(`${ratio.toFixed(2).padStart(6)}  ${hard.name} (${result}, ${hard.bytes.length} bytes)\n`)
  }
}
process.stdout.write(`\nthe dearest costs ${worst.toFixed(2)} times a clean push (bound ${RATIO_MAX})\n`)
process.exitCode = worst > RATIO_MAX ? 1 : 0
