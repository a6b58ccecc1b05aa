import type { FastExchange } from './fast-exchange.js'
import { readPlainHead, type PlainHead } from './read-head.js'

/**
 * Sends the plain pushes that came behind one that was under way when the line broke. Nobody will hear of them, but some senders write
 * one push after another, read no answer and close; what came whole is the proxy's, as on the general way.
 *
 * @param bytes From the first byte of a request.
 * @param admit Judges a head; undefined: it is not to be served here.
 */
export function sendLeft (bytes: Buffer, admit: (head: PlainHead) => FastExchange | undefined): void {
  let left = bytes
  while (left.length > 0) {
    const head = readPlainHead(left)
    const exchange = head === undefined ? undefined : admit(head)
    if (head === undefined || exchange === undefined) return
    const body = left.subarray(head.headBytes, head.headBytes + head.bodyBytes)
    exchange.hangUp()
    const isSent = body.length === head.bodyBytes && exchange.send(body, () => {})
    exchange.end(false)
    if (!isSent) return
    left = left.subarray(head.headBytes + head.bodyBytes)
  }
}
