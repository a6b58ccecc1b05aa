import { parentPort, workerData } from 'node:worker_threads'
import { judgeIntake, judgeReader } from './intake-judge.js'
import { makeBody } from './intake-bodies.js'
import { FUZZ_POLICIES } from './intake-policies.js'
import { Random } from './random.js'

/** What the thread tells about a case. */
export interface IntakeProgress {
  readonly number: number
  readonly accepted?: number
  readonly fault?: string
  readonly body?: string
}

const { seed, from } = workerData as { seed: number, from: number }
/** Often enough that a case that hangs is known by its number, give or take so many. */
const TOLD_EVERY = 200

function runCase (number: number): IntakeProgress {
  const random = new Random(seed * 1_000_003 + number)
  const body = makeBody(random)
  const [name, policy] = random.pick(FUZZ_POLICIES)
  const text = body.bytes.toString()
  const fault = judgeReader(text) ?? judgeIntake(body, policy)
  return fault === undefined ? { number } : { number, fault: `${fault} (policy ${name}, ${body.contentType ?? 'no content type'})`, body: JSON.stringify(body.bytes.toString('latin1')).slice(0, 4_000) }
}

for (let number = from; ; number++) {
  const progress = runCase(number)
  if (number % TOLD_EVERY === 0 || progress.fault !== undefined) parentPort?.postMessage(progress)
}
