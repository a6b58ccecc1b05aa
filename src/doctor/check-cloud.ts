import type { Clock } from '../clock.js'
import type { RamCredential } from '../credentials/check-credential.js'
import type { CloudDispatcher } from '../relay/pool.js'
import type { Place } from './check-line.js'
import type { CheckedCredential } from './check-credentials.js'
import { judgePermission, judgeSignature } from './judge-probe.js'
import { probe, type ProbeAnswer, type ProbeParts } from './probe.js'
import { fault, type Found, ok, type Report, warning } from './report.js'

export interface CloudParts {
  /** Where the cloud was found to be reachable. */
  readonly line: Place | undefined
  readonly credential: CheckedCredential
  readonly clock: Clock
  readonly openPool: (place: Place) => CloudDispatcher
}

const SKEW_MS_MIN = 30_000
/** Beyond it the token service refuses, or a session is thought valid when it is not. */
const SKEW_MS_MAX_OF_ISSUED = 300_000

/** Who answers, by which clock, and what it makes of the credential. No reading is ever sent. */
export async function checkCloud (report: Report, { line, credential: { credential, isTemporary }, clock, openPool }: CloudParts): Promise<void> {
  const pool = line === undefined ? undefined : openPool(line)
  const asker = pool === undefined || line === undefined ? undefined : { pool, signedHost: line.signedHost, clock }
  try {
    const answer = await report.check('answer', { tls: asker }, async given => await ask(given.tls, credential))
    await report.check('clock', { answer }, given => judgeClock(given.answer.skewMs, isTemporary))
    const verdict = await report.check('signature', { credential, answer, tls: asker }, async given => judgeSignature(await againInTime(given.tls, given.credential, given.answer)))
    await report.check('permission', { signature: verdict }, given => judgePermission(given.signature))
  } finally {
    await pool?.destroy()
  }
}

async function ask (parts: ProbeParts, credential: RamCredential | undefined): Promise<Found<ProbeAnswer>> {
  const answer = await probe(parts, credential)
  if (!('isGateways' in answer)) return fault(answer.message, 'Look at the line, and at what stands between this machine and the endpoint.')
  const { verdict, statusCode, isGateways, isPage, durationMs } = answer
  if (verdict.kind === 'bad-answer' || !isGateways || isPage) {
    return fault(`What answered was not Energy Expert (status ${statusCode}, ${isPage ? 'a page in HTML' : 'without the gateway\'s mark'}).`, 'Check ENERGY_EXPERT_ENDPOINT; a captive page, a load balancer or a proxy on the way may answer in its place.')
  }
  return ok(`The gateway of Energy Expert answered after ${Math.round(durationMs)} ms, request id ${verdict.cloudRequestId ?? 'none'}.`, answer)
}

function judgeClock (skewMs: number | undefined, isTemporary: boolean): Found<never> {
  if (skewMs === undefined) return warning('The answer has no Date to compare the clock with.', 'Compare the clock of this machine with another.')
  // The header counts whole seconds, and its way takes time.
  if (Math.abs(skewMs) < SKEW_MS_MIN) return ok('The clock of this machine agrees with the cloud\'s.')
  const sentence = `The clock of this machine is ${describeSpan(Math.abs(skewMs))} ${skewMs > 0 ? 'behind' : 'ahead of'} the cloud's.`
  if (isTemporary && Math.abs(skewMs) >= SKEW_MS_MAX_OF_ISSUED) return fault(sentence, 'Set it right, and keep it so with a time service: temporary credentials are asked for and judged by it.')
  return warning(sentence, 'Set it right: signatures are corrected by the proxy, record times and expiries are not.')
}

/** In the largest unit of which it has two. */
function describeSpan (ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** The relay would learn the time and sign again, and so does this. */
async function againInTime (parts: ProbeParts, credential: RamCredential, answer: ProbeAnswer): Promise<ProbeAnswer['verdict']> {
  const remedy = answer.verdict.kind === 'delivered' ? undefined : answer.verdict.remedy
  if (remedy !== 'learn-clock' && remedy !== 'sign-again') return answer.verdict
  const second = await probe(parts, credential, answer.skewMs)
  return 'isGateways' in second ? second.verdict : second
}
