/** Longer texts are cut: a log line is no place for a document. In UTF-16 code units. */
const TEXT_LENGTH_MAX = 8192
const CAUSES_MAX = 4
const FRAMES_MAX = 20
/** Up to five for each of some 25 credentials, and those of the sessions before; the oldest are forgotten, since their keys are out of use. 256 cost a line of the log about 0.1 ms. */
const SECRETS_MAX = 256
/** Shorter values would blank out ordinary words. */
const SECRET_LENGTH_MIN = 8

const MASK = '***'
const secrets = new Map<string, string>()

/**
 * Makes a value that has no shape of its own (an AccessKey secret, a token) known, so that no text carries it on.
 * @param shownAtEnd How many of its last characters may be shown: 4 for an AccessKey id, 0 for everything else.
 */
export function registerSecret (secret: string, shownAtEnd: 0 | 4 = 0): void {
  if (secret.length < SECRET_LENGTH_MIN) return
  // Deleted first, so that a value in use moves to the young end.
  secrets.delete(secret)
  secrets.set(secret, maskAllBut(shownAtEnd, secret))
  for (const oldest of secrets.keys()) {
    if (secrets.size <= SECRETS_MAX) break
    secrets.delete(oldest)
  }
}

const maskAllBut = (shownAtEnd: number, text: string): string => MASK + (shownAtEnd === 0 ? '' : text.slice(-shownAtEnd))
// A text may pass here twice; what is masked stays as it is.
const isMasked = (id: string): boolean => id.startsWith(MASK) && id.length <= MASK.length + 4
const maskId = (id: string): string => isMasked(id) ? id : maskAllBut(id.length > SECRET_LENGTH_MIN ? 4 : 0, id)
// The id of an API key says whose key it is without opening anything.
const maskKey = (key: string): string => `${/^ee_[0-9a-z]{1,24}_/i.exec(key)?.[0] ?? ''}${MASK}`

const API_KEY = /ee_[0-9a-z]{1,24}_[\w-]{8,}/gi

// Between a name and its value, in a header, a query, JSON, or JSON inside a JSON text.
const BETWEEN = '[\\\\"\']{0,4}\\s{0,4}[:=]\\s{0,4}[\\\\"\']{0,4}'

/** No pattern nests repetitions or can begin twice in one run of characters, so each takes linear time on any text. */
const RULES: ReadonlyArray<readonly [pattern: RegExp, replacement: string | ((...match: string[]) => string)]> = [
  // The gateway's SignatureDoesNotMatch repeats what it signed, key id and token included: nothing after that is kept.
  [/((?:string[\s_-]?to[\s_-]?sign|canonical[\s_-]?request)["']?\s{0,3}(?:is\b|[:=[]))[\s\S]*/i, `$1 ${MASK}`],
  [/(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[\s\S]*/, `$1${MASK}`],
  [new RegExp(`(authorization${BETWEEN})[^"'\\\\\\r\\n]+`, 'gi'), `$1${MASK}`],
  [/\b(bearer|basic)\s{1,4}(?=[a-z+/=._~-]{0,64}\d)[\w+/=.~-]{8,}/gi, `$1 ${MASK}`],
  [/((?:access[_-]?key[_-]?id|credential)[\\"']{0,4}\s{0,4}(?:[:=]|is \[)\s{0,4}[\\"']{0,4})([^\s"'\\,;&}\]]+)/gi, (_, name = '', id = '') => name + maskId(id)],
  [new RegExp(`((?:secret|token|password|passwd|signature|api[_-]?key|access[_-]?key)${BETWEEN})([^\\s"'\\\\,;&}#]+)`, 'gi'), (_, name = '', value = '') => name + maskKey(value)],
  [/(\/k\/)([^/?#\s"'\\]+)/g, (_, path = '', key = '') => path + maskKey(key)],
  [/\/\/[^/@\s]+@/g, `//${MASK}@`],
  [API_KEY, maskKey],
  [/(?:LTAI|(?<![0-9A-Za-z])(?:STS|TMP)\.)[0-9A-Za-z]{5,}/g, id => maskAllBut(4, id ?? '')]
]

/**
 * Masks what must not be read in a log, an answer or an error: AccessKey ids beyond their last four characters, secrets,
 * tokens, signatures, API keys beyond their id, passwords in URLs, and the gateway's echo of a string-to-sign.
 */
export function redactText (text: string): string {
  let redacted = maskRegistered(cut(text))
  for (const [pattern, replacement] of RULES) {
    redacted = typeof replacement === 'string' ? redacted.replace(pattern, replacement) : redacted.replace(pattern, replacement)
  }
  return redacted
}

function maskRegistered (text: string): string {
  let redacted = text
  for (const [secret, masked] of secrets) redacted = redacted.replaceAll(secret, () => masked)
  return redacted
}

// The cut may go through a secret, whose first half no rule would know: so the word that was cut goes with it.
function cut (text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text
  const kept = text.slice(0, TEXT_LENGTH_MAX)
  const lastBreak = kept.search(/\s\S*$/)
  return `${kept.slice(0, Math.max(lastBreak, 0))} …`
}

/**
 * For sentences of our own, which may speak of a secret or a password without holding one: masks registered secrets and API
 * keys alone, so that what they say to do stays readable.
 */
export function redactOwnText (text: string): string {
  return maskRegistered(cut(text)).replace(API_KEY, maskKey)
}

export interface RedactedError {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: RedactedError
}

/**
 * What a log may know of anything that was thrown. Other properties never pass: errors of HTTP clients carry whole
 * requests, those of @alicloud/credentials whole configuration files (in their messages, so these are replaced).
 */
export function redactError (error: unknown): RedactedError {
  try {
    return describe(error, CAUSES_MAX)
  } catch {
    // A getter or a proxy that throws; a logger must not.
    return { type: 'unknown', message: 'Something that cannot be read was thrown.' }
  }
}

function describe (error: unknown, causesMax: number): RedactedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: typeof error === 'string' ? redactText(error) : 'Something that is no error was thrown.' }
  }
  const type = redactText(String(error.name)).slice(0, 100)
  const message = fixedSentence(error) ?? redactText(error.message)
  const code = 'code' in error ? String(error.code) : ''
  const frames = framesOf(error)
  return {
    type,
    message,
    ...(/^[\w.-]{1,64}$/.test(code) ? { code: redactText(code) } : undefined),
    ...(frames === '' ? undefined : { stack: `${type}: ${message}\n${frames}` }),
    ...(error.cause === undefined || causesMax === 0 ? undefined : { cause: describe(error.cause, causesMax - 1) })
  }
}

/** Kinds of messages that quote what they failed to read, and what is said instead. */
const FIXED_SENTENCES: ReadonlyArray<readonly [known: RegExp, sentence: string]> = [
  [/aliyun cli config|credentials file|get profile with/, 'A file with RAM credentials could not be read.'],
  [/(?:get|refresh) .{0,20}token .{0,20}(?:failed|err|status)|to refresh OAuth token|credentialsURI|external command/, 'A service that issues RAM credentials failed.'],
  [/unable to get credentials/, 'No source of RAM credentials answered.']
]

function fixedSentence ({ name, message, stack }: Error): string | undefined {
  if (name === 'SyntaxError') return 'A text could not be parsed.'
  const known = FIXED_SENTENCES.find(([pattern]) => pattern.test(message))?.[1]
  return known ?? (/node_modules[\\/]@alicloud[\\/]credentials/.test(String(stack)) ? 'A source of RAM credentials failed.' : undefined)
}

// A stack begins with the message, which may have lines of its own that look like frames.
function framesOf ({ stack, message }: Error): string {
  if (typeof stack !== 'string') return ''
  const afterMessage = stack.slice(Math.max(stack.indexOf(message), 0) + message.length, TEXT_LENGTH_MAX + message.length)
  const frames = afterMessage.split('\n').filter(line => /^ {4}at \S/.test(line))
  return redactText(frames.slice(0, FRAMES_MAX).join('\n'))
}
