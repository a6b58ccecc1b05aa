import { type Answer, errorPageAnswer, Refusal, refusalAnswer, successAnswer } from './answers.js'
import { checkPush } from './check-push.js'
import type { FaultName, InjectedFault, TakenFaults } from './faults.js'
import type { Nonces } from './nonces.js'
import type { Received } from './received.js'
import { mismatchMessage, type SandboxAccount, type VerifiedRequest, verifyRequest } from './verify-request.js'
import { BODY_BYTES_MAX, onlyValue, type WholeRequest } from './whole-request.js'

export const PUSH_PATH = '/api/v1/data/increment/push'
/** Where `redirects` leads. It answers a success that means nothing, so a client that follows is fooled and shows it. */
export const REDIRECTED_PATH = '/redirected'

/** Faults that keep the sender from learning that its push arrived. */
const LEAVES_IN_DOUBT: ReadonlySet<FaultName> = new Set([
  'neverAnswers', 'hangsUp', 'hangsUpAfterHeaders', 'truncatesBody', 'answersTooMuch', 'saysTwoHundredButNotSuccess'
])

export interface Judge {
  readonly accounts: readonly SandboxAccount[]
  readonly signedHosts: readonly string[]
  readonly nonces: Nonces
  readonly received: Received
  /** Without skew, milliseconds since the epoch. */
  readonly now: () => number
  readonly onReceived: ((push: ReturnType<Received['list']>[number]) => void) | undefined
}

/**
 * What the sandbox answers to a push. What stands in front of the gateway (an error page, a redirect) answers whatever
 * was asked; all other faults meet only a request that would have been taken, so a bad signature is always told.
 */
export function judgePush (request: WholeRequest, requestId: string, taken: TakenFaults, judge: Judge): Answer {
  const { fault } = taken
  if (fault?.fault === 'isAnErrorPage') return errorPageAnswer(fault.statusCode ?? 502)
  if (fault?.fault === 'redirects') return { statusCode: fault.statusCode ?? 302, headers: { location: REDIRECTED_PATH }, body: '' }
  try {
    checkRequest(request)
    const verified = verifyRequest(request, { ...judge, nowMs: judge.now() + taken.skewMs })
    refuseOnCommand(verified, fault)
    const push = checkPush(request.body)
    const received = {
      requestId,
      receivedAt: new Date(judge.now()).toISOString(),
      accessKeyId: verified.account.accessKeyId,
      verified: true,
      answered: fault === undefined || !LEAVES_IN_DOUBT.has(fault.fault),
      headers: Object.fromEntries([...request.headers].map(([name, values]) => [name, values.join(', ')])),
      body: request.body.toString('utf8'),
      push
    } as const
    judge.received.add(received)
    judge.onReceived?.(received)
    return successAnswer(requestId, fault?.fault === 'saysTwoHundredButNotSuccess' ? 'fail' : 'success')
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal
    return refusalAnswer(refusal, requestId, onlyValue(request.headers, 'host') ?? '')
  }
}

function checkRequest (request: WholeRequest): void {
  if (request.method !== 'POST') throw new Refusal('UnsupportedHTTPMethod', 'This http method is not supported.')
  if (request.tooLarge) throw new Refusal('RequestEntityTooLarge', `The body is larger than ${BODY_BYTES_MAX} bytes.`)
}

const DOWN_CODES: Readonly<Record<number, string>> = { 503: 'ServiceUnavailable', 504: 'ServiceTimeout' }

/** Throws the refusal that was asked for: of this account, or of any push for now. */
function refuseOnCommand (verified: VerifiedRequest, fault: InjectedFault | undefined): void {
  const { refusedWith } = verified.account
  if (refusedWith !== undefined) throw new Refusal(refusedWith, `The sandbox refuses this account with ${refusedWith}.`)
  if (fault === undefined) return
  const { code, statusCode } = fault
  switch (fault.fault) {
    case 'throttles':
      throw new Refusal(code ?? 'Throttling.User', 'Request was denied due to user flow control.', { ...fault, statusCode: statusCode ?? 400 })
    case 'refusesSignature':
      throw new Refusal('SignatureDoesNotMatch', mismatchMessage(verified), fault)
    case 'refuses':
      throw new Refusal(code ?? 'InvalidParameter', 'The sandbox was told to refuse this request.', fault)
    case 'isDown':
      throw new Refusal(code ?? DOWN_CODES[statusCode ?? 500] ?? 'InternalError', 'The request processing has failed due to some unknown error.', { ...fault, statusCode: statusCode ?? 500 })
  }
}
