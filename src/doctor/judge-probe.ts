import type { Verdict } from '../relay/verdict.js'
import { fault, type Found, ok, warning } from './report.js'

type Sentences = readonly [message: string, remedy: string]

/** What keeps the gateway from knowing who asks, by its code. Source: the gateway's documentation, table of refusals. */
const REFUSED: ReadonlyArray<readonly [code: RegExp, ...Sentences]> = [
  [/^InvalidAccessKeyId\.Inactive/i, 'The AccessKey is disabled.', 'Enable it in the RAM console, or set another.'],
  [/^InvalidAccessKeyId/i, 'Alibaba Cloud does not know the AccessKey id.', 'It was mistyped or deleted, or is one of another site (China, international): set one that exists.'],
  [/^SignatureDoesNotMatch/i, 'The signature does not match.', 'The AccessKey secret is not that of the id: set both anew. When it is, something on the way changes requests, or ENERGY_EXPERT_SIGNED_HOST is not the Host that arrives.'],
  [/^(?:InvalidTimeStamp|IllegalTimestamp)/i, 'The time of the signature is refused, also after it was corrected.', 'Set the clock of this machine right.'],
  [/^(?:InvalidSecurityToken|MissingSecurityToken)/i, 'The session token is expired, or not that of the AccessKey.', 'Get a new session; with a role, look at its source and at the clock.'],
  [/^(?:IncompleteSignature|Missing(?:AccessKeyId|Signature|Timestamp|Date|Nonce|Version|Action|Authorization))/i, 'The signature did not arrive whole.', 'Something on the way takes headers out: look at the proxies between.'],
  [/^(?:InvalidProduct|InvalidApi|InvalidAction|InvalidVersion|UnsupportedHTTPMethod)/i, 'What answers is a gateway of Alibaba Cloud that does not know this operation under this Host.', 'Check ENERGY_EXPERT_REGION, ENERGY_EXPERT_ENDPOINT and ENERGY_EXPERT_SIGNED_HOST.'],
  [/^InvalidProtocol\.NeedSsl/i, 'The gateway takes https alone.', 'Let ENERGY_EXPERT_ENDPOINT begin with https://.']
]

const isDenied = (code: string | undefined): boolean => /^(?:Forbidden|NoPermission)/i.test(code ?? '')

/** Whether the gateway knows who asks. @returns the verdict where it does: what it says of the permission. */
export function judgeSignature (verdict: Verdict): Found<Verdict> {
  if (verdict.kind === 'delivered') return ok('The signature is accepted.', verdict)
  const { kind, code, message } = verdict
  const told = code ?? 'without a code'
  const [, sentence, remedy] = REFUSED.find(([known]) => known.test(code ?? '')) ?? []
  if (sentence !== undefined && remedy !== undefined) return fault(`${sentence} (${told})`, remedy)
  if (kind === 'throttled') return warning(`The account is throttled (${told}), so nothing can be said of it.`, 'Try again in a minute; look for what else calls with this account.')
  if (kind === 'maybe-arrived' && verdict.statusCode !== 200) return warning(`Energy Expert is unwell (${told}), so nothing can be said of the account.`, 'Try again in a minute.')
  // Nothing was answered, so the words are our own.
  if (verdict.statusCode === undefined) return fault(message, 'Look at the line.')
  if (kind === 'account-fault' && !isDenied(code)) return fault(`The account is refused (${told}).`, 'Ask Alibaba Cloud\'s support with the request id above.')
  return ok('The signature is accepted.', verdict)
}

/**
 * What became of a push without records says whether the credential may push: permission is judged before the parameters.
 * @param verdict of an answer whose signature was accepted
 */
export function judgePermission (verdict: Verdict): Found<never> {
  const code = verdict.kind === 'delivered' ? undefined : verdict.code
  if (isDenied(code)) return fault(`The credential may not call energy:PushDeviceData (${code ?? ''}).`, 'Give its RAM user or role the policy that "ram-policy" prints.')
  if (verdict.kind === 'refused') return ok(`energy:PushDeviceData is allowed; the empty push was refused as it should be (${code ?? 'without a code'}).`)
  if (verdict.statusCode === 200) return warning('The empty push was taken instead of refused: it is allowed, and nothing can have been stored.', 'None is needed; what answers may be a stand-in for Energy Expert.')
  return warning(`The answer to the empty push has a code that is not known (${code ?? 'none'}).`, 'Its account may be overdue, not activated or out of quota: ask Alibaba Cloud\'s support with the request id above.')
}
