import type { Failure, Remedy } from './verdict.js'

export interface CodeMeaning {
  readonly kind: Exclude<Failure['kind'], 'unsent' | 'cancelled'>
  readonly remedy?: Remedy
}

// Services behind the gateway differ in the case of codes (InvalidTimeStamp, InvalidTimestamp), so none decides here.
const MEANINGS: ReadonlyArray<readonly [code: RegExp, meaning: CodeMeaning]> = [
  [/^Throttling/i, { kind: 'throttled' }],
  [/^(?:InternalError|ServiceUnavailable|ServiceTimeout)/i, { kind: 'maybe-arrived' }],
  // Every attempt has a nonce of its own, so one that was used means that something on the way sent the request twice.
  [/^SignatureNonceUsed$/i, { kind: 'maybe-arrived', remedy: 'sign-again' }],
  [/^(?:InvalidTimeStamp|IllegalTimestamp)/i, { kind: 'account-fault', remedy: 'learn-clock' }],
  [/^(?:InvalidSecurityToken|MissingSecurityToken)/i, { kind: 'account-fault', remedy: 'refresh-credential' }],
  [/^(?:InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|Forbidden|NoPermission)/i, { kind: 'account-fault' }],
  [/^(?:InvalidProduct\.NotFound|InvalidApi\.NotFound|InvalidProtocol\.NeedSsl)/i, { kind: 'account-fault' }],
  // What the signer sends, not the plant: when it is missing, something on the way took it out.
  [/^Missing(?:AccessKeyId|Signature|Timestamp|Date|Nonce|Version|Action|Authorization)/i, { kind: 'account-fault' }],
  [/^(?:Invalid(?:Action|Version)|UnsupportedHTTPMethod)/i, { kind: 'account-fault' }],
  [/^(?:Missing[A-Z]|InvalidParameter)/i, { kind: 'refused' }],
  [/^Invalid(?:DeviceType|Devices?|DeviceId|SystemId|RecordTime|Data|Body)(?![a-z])/i, { kind: 'refused' }]
]

/** Source: the gateway's documentation, table of refusals. Undefined: the code is not known, the status decides. */
export function meaningOf (code: string): CodeMeaning | undefined {
  return MEANINGS.find(([known]) => known.test(code))?.[1]
}
