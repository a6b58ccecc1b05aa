import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { RamCredential } from '../credentials/check-credential.js'
import { readFields } from '../relay/answer-fields.js'
import { attempt } from '../relay/attempt.js'
import { describeFailure, describeTimeout } from '../relay/describe-failure.js'
import { Ending } from '../relay/ending.js'
import type { CloudDispatcher } from '../relay/pool.js'
import { readVerdict, type Failure, type Verdict } from '../relay/verdict.js'
import { acsDate, PUSH_PATH, signPush } from '../signing/sign-request.js'

/**
 * A push without a single record: there is nothing in it that could be stored, whatever becomes of it. Both required fields are
 * there, so that it passes the gateway, where permission is judged, and only the service behind it finds nothing to take.
 */
const EMPTY_PUSH = Buffer.from('{"deviceType":"1","devices":[]}')
const ANSWER_MS_MAX = 8_000

export interface ProbeParts {
  readonly pool: CloudDispatcher
  readonly signedHost: string
  readonly clock: Clock
}

/** What came back, and what it tells of the cloud's clock. */
export interface ProbeAnswer {
  readonly verdict: Verdict
  readonly statusCode: number
  /** It bears the mark of Alibaba Cloud's gateway. */
  readonly isGateways: boolean
  /** A page for people: of a load balancer, a captive portal. */
  readonly isPage: boolean
  /** How far the cloud's clock is ahead of this machine's; undefined without a Date. */
  readonly skewMs: number | undefined
  readonly durationMs: number
}

/**
 * Asks once. Without a credential nothing is signed, and the gateway answers that something is missing.
 * @param skewMs what is added to this machine's time
 */
export async function probe ({ pool, signedHost, clock }: ProbeParts, credential: RamCredential | undefined, skewMs = 0): Promise<ProbeAnswer | Failure> {
  const { headers } = signPush({
    host: signedHost,
    body: EMPTY_PUSH,
    credential: credential ?? { accessKeyId: 'none', accessKeySecret: 'none' },
    date: acsDate(clock.now() + skewMs),
    nonce: randomBytes(16).toString('hex')
  })
  const { authorization, ...unsigned } = headers
  const startedAtMs = clock.monotonicMs()
  const ending = new Ending(clock, ANSWER_MS_MAX, undefined)
  const outcome = await attempt(pool, { path: PUSH_PATH, headers: credential === undefined ? unsigned : headers, body: EMPTY_PUSH }, ending).finally(() => { ending.close() })
  if (!('statusCode' in outcome)) return outcome.cause === undefined ? describeTimeout(outcome.begun) : describeFailure(outcome.cause, outcome.begun)
  const { statusCode, headers: answered, body } = outcome
  const cloudMs = Date.parse(answered.date ?? '')
  return {
    verdict: readVerdict(statusCode, answered, body),
    statusCode,
    isGateways: readFields(answered, body).isGateways,
    isPage: /html/i.test(answered['content-type'] ?? ''),
    skewMs: Number.isNaN(cloudMs) ? undefined : cloudMs - clock.now(),
    durationMs: clock.monotonicMs() - startedAtMs
  }
}
