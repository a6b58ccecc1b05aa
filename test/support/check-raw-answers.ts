import { checkAnswer } from './check-answer.js'

interface RequestLine { readonly method: string | undefined, readonly target: string | undefined }
interface ReceivedAnswer { readonly statusCode: number, readonly headers: Readonly<Record<string, string>>, readonly body: string }

const plantsPorts = new Set<number>()

/** From now on every answer that a raw socket gets from this port is held against the contract. */
export function checkAnswersOf (port: number): void {
  plantsPorts.add(port)
}

/**
 * Holds what came back over one connection against the contract, answer by answer, as long as it is known to which request each
 * belongs; behind a request that cannot be read any documented answer is right.
 */
export function checkRawAnswers (port: number, sent: string, answers: readonly ReceivedAnswer[]): void {
  if (!plantsPorts.has(port)) return
  const requests = readRequests(sent)
  for (const [at, { statusCode, headers, body }] of answers.entries()) {
    const { method, target } = requests[at] ?? { method: undefined, target: undefined }
    checkAnswer({ method, target, statusCode, headers, body })
  }
}

/** The request lines of what was sent, as far as they can be told; the first that cannot ends the list. */
function readRequests (sent: string): RequestLine[] {
  const requests: RequestLine[] = []
  let rest = sent
  while (rest !== '') {
    const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/.exec(rest) ?? []
    if (method === undefined) break
    requests.push({ method, target })
    const headEnd = rest.indexOf('\r\n\r\n')
    const head = rest.slice(0, headEnd)
    const lengths = [...head.matchAll(/\r\ncontent-length: *(\d+)(?=\r\n|$)/gi)]
    if (headEnd === -1 || lengths.length > 1 || /\r\ntransfer-encoding:/i.test(head)) break
    rest = rest.slice(headEnd + 4 + Number(lengths[0]?.[1] ?? 0))
  }
  return requests
}
