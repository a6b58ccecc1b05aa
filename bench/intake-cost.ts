// What a body may cost beside a clean push of the same size: `npm run bench:intake`. Ends with 1 when one costs more than five times
// as much a byte.
import { ProxyError } from '../src/errors.js'
import { readPush, type IntakePolicy } from '../src/intake/read-push.js'
import { cleanBody, hardBodies } from './intake-bodies.js'

const RATIO_MAX = 5
const ROUNDS = 5
const SIZES_BYTES = [4_000, 400_000, 4_194_304]
const DEFAULT_POLICY: IntakePolicy = { unknownFields: 'reject' }

function read (bytes: Buffer, policy: IntakePolicy, contentType: string | undefined): string {
  try {
    readPush(bytes, policy, { contentType, nowMs: 0 })
    return 'taken'
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return error.code
  }
}

/** Nanoseconds a byte: the median of several rounds, each of at least a few milliseconds. */
function cost (bytes: Buffer, policy: IntakePolicy = DEFAULT_POLICY, contentType?: string): { nsPerByte: number, result: string } {
  const times: number[] = []
  let result = ''
  const repeats = Math.max(1, Math.ceil(400_000 / bytes.length))
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now()
    for (let repeat = 0; repeat < repeats; repeat++) result = read(bytes, policy, contentType)
    // The first round warms up.
    if (round > 0) times.push((performance.now() - startMs) * 1e6 / repeats / bytes.length)
  }
  return { nsPerByte: times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN, result }
}

let worst = 0
for (const sizeBytes of SIZES_BYTES) {
  const clean = cost(cleanBody(sizeBytes))
  process.stdout.write(`\nabout ${sizeBytes} bytes: a clean push costs ${clean.nsPerByte.toFixed(1)} ns a byte (${clean.result})\n`)
  for (const { name, bytes, policy, contentType } of hardBodies(sizeBytes)) {
    const { nsPerByte, result } = cost(bytes, { ...DEFAULT_POLICY, ...policy }, contentType)
    const ratio = nsPerByte / clean.nsPerByte
    worst = Math.max(worst, ratio)
    process.stdout.write(`${ratio.toFixed(2).padStart(6)}  ${name} (${result}, ${bytes.length} bytes)\n`)
  }
}
process.stdout.write(`\nthe dearest costs ${worst.toFixed(2)} times a clean push (bound ${RATIO_MAX})\n`)
process.exitCode = worst > RATIO_MAX ? 1 : 0
