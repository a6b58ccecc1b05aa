import { checkPush } from '../../src/contract/check-push.js'
import { encodePush } from '../../src/contract/encode-push.js'
import { ProxyError } from '../../src/errors.js'
import { readJson } from '../../src/intake/json-reader.js'
import { JsonSyntaxError } from '../../src/intake/json-syntax-error.js'
import { isJsonObject, JsonNumber, type JsonValue } from '../../src/intake/json-value.js'
import { readPush } from '../../src/intake/read-push.js'
import { scanPush } from '../../src/intake/scan-push.js'
import { isScanned } from '../../src/intake/take-push.js'
import type { FuzzBody } from './intake-bodies.js'
import type { FuzzPolicy } from './intake-policies.js'

const CODES: ReadonlySet<string> = new Set(['EmptyBody', 'InvalidEncoding', 'InvalidJson', 'InvalidPush', 'PushTooLarge'])
/** Longer would not fit the few kilobytes that a device has for an answer. */
const ANSWER_CHARACTERS_MAX = 16_000
const PROTOTYPES = [Object.prototype, Array.prototype, String.prototype, Number.prototype, Function.prototype]
const namesOfPrototypes = (): string => JSON.stringify(PROTOTYPES.map(prototype => Reflect.ownKeys(prototype).map(String)))
const PROTOTYPES_BEFORE = namesOfPrototypes()

/** What is wrong with how a body was read; undefined: nothing. */
export function judgeIntake ({ bytes, contentType }: FuzzBody, policy: FuzzPolicy): string | undefined {
  const fault = judgeRead(bytes, contentType, policy)
  return namesOfPrototypes() === PROTOTYPES_BEFORE ? fault : 'a prototype was changed'
}

function judgeRead (bytes: Buffer, contentType: string | undefined, policy: FuzzPolicy): string | undefined {
  try {
    const { push, bad, named } = readPush(bytes, policy, { contentType, nowMs: 1_700_000_000_000 })
    if (push.devices.length + bad.length !== named.length) return `${named.length} records became ${push.devices.length} and ${bad.length}`
    for (const { json } of bad) JSON.parse(json)
    if (push.devices.length === 0) return undefined
    const sent = encodePush(push)
    return judgeSent(sent.toString(), bytes) ?? judgeScan(bytes, policy, sent)
  } catch (error) {
    if (!(error instanceof ProxyError)) return `threw ${error instanceof Error ? error.stack : String(error)}`
    const answer = JSON.stringify([error.message, error.faults])
    if (isScanned(policy) && scanPush(bytes) !== undefined) return `the scan takes what the general way refuses: ${error.message}`
    if (!CODES.has(error.code)) return `refused with ${error.code}`
    // Any control character would act on a technician's terminal.
    if (/\p{Cc}/u.test(error.message)) return `a message with a control character: ${answer}`
    return answer.length > ANSWER_CHARACTERS_MAX ? `an answer of ${answer.length} characters` : undefined
  }
}

function judgeScan (bytes: Buffer, policy: FuzzPolicy, sent: Buffer): string | undefined {
  return !isScanned(policy) || scanPush(bytes) === undefined || sent.equals(bytes) ? undefined : `the scan takes what the general way would send as ${sent.toString()}`
}

function judgeSent (sent: string, bytes: Buffer): string | undefined {
  const faults = checkPush(JSON.parse(sent))
  if (faults.length > 0) return `sent what breaks the contract: ${JSON.stringify(faults)} in ${sent}`
  // As it came, in any of its encodings and escapes.
  const mayHoldIt = /\ufffd|\\ufffd|%EF%BF%BD/i.test(bytes.toString('utf8')) || bytes.includes(Buffer.from([0xfd, 0xff])) || bytes.includes(Buffer.from([0xff, 0xfd]))
  return sent.includes('\ufffd') && !mayHoldIt ? `sent a replacement character: ${sent}` : undefined
}

/** What the reader and JSON.parse disagree in, names that stand twice and depth aside; undefined: nothing. */
export function judgeReader (text: string): string | undefined {
  const expected = attempt(() => JSON.stringify(JSON.parse(text)))
  const read = attempt(() => JSON.stringify(plain(readJson(text))))
  if (read.error === undefined) return read.value === expected.value ? undefined : `read ${read.value}, JSON.parse ${expected.value ?? 'refuses'}`
  if (!(read.error instanceof JsonSyntaxError)) return `threw ${String(read.error)}`
  const isOurs = read.error.pointer !== undefined || read.error.message.includes('levels of nesting')
  return expected.value === undefined || isOurs ? undefined : `refused what JSON.parse reads: ${read.error.message}`
}

function attempt<T> (work: () => T): { value?: T, error?: unknown } {
  try {
    return { value: work() }
  } catch (error) {
    return { error }
  }
}

function plain (value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plain)
  // A member called __proto__ is one of its own, as JSON.parse makes it.
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)])) : value
}
