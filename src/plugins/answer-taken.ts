import type { FastifyReply } from 'fastify'
import type { Policy } from '../plants/policy.js'
import type { Sent } from '../queue/send-once.js'

/** The answer to a push that was taken, without what every answer has. */
export interface TakenAnswer {
  readonly statusCode: 200 | 202
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const STORED: TakenAnswer['headers'] = Object.freeze({ 'x-delivery': 'stored', 'content-type': 'application/json; charset=utf-8' })

/** What is answered is the same for a push and its repeats, save the request id. Everything in it is ASCII. */
export function answerTaken (requestId: string, { storedAnswer }: Pick<Policy, 'storedAnswer'>, sent: Sent): TakenAnswer {
  const isStored = sent.delivery.kind === 'stored' && storedAnswer === '202'
  // Written by hand: neither text needs escaping.
  return { statusCode: isStored ? 202 : 200, headers: takenHeaders(sent), body: `{"requestId":"${requestId}","data":"${isStored ? 'stored' : 'success'}"}` }
}

function takenHeaders ({ delivery, repeatOf }: Sent): TakenAnswer['headers'] {
  if (delivery.kind === 'stored' && repeatOf === undefined) return STORED
  const headers: Record<string, string> = { 'x-delivery': delivery.kind }
  if (repeatOf !== undefined) headers['x-original-request-id'] = repeatOf
  if (delivery.kind === 'relayed' && delivery.cloudRequestId !== undefined) headers['x-cloud-request-id'] = delivery.cloudRequestId
  headers['content-type'] = 'application/json; charset=utf-8'
  return headers
}

/** @returns the body, to be returned by a route instead of sent: whoever awaits `reply.send()` listens to the whole response. */
export function replyWith (reply: FastifyReply, { statusCode, headers, body }: TakenAnswer): string {
  reply.code(statusCode)
  reply.headers(headers)
  return body
}

/** A structured field dictionary (RFC 8941): `number-to-string=22, bom=1`. */
export function tellCounts (reply: FastifyReply, header: string, counts: ReadonlyMap<string, number>, without?: string): void {
  if (counts.size === 0) return
  const told = [...counts].filter(([code]) => code !== without)
  if (told.length > 0) reply.header(header, told.map(([code, count]) => `${code}=${count}`).join(', '))
}
