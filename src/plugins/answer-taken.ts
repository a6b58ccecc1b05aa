import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Policy } from '../plants/policy.js'
import type { Sent } from '../queue/send-once.js'

/**
 * What is answered is the same for a push and its repeats, save the request id.
 * @returns the body
 */
export function answerTaken (request: FastifyRequest, reply: FastifyReply, { storedAnswer }: Pick<Policy, 'storedAnswer'>, { delivery, repeatOf }: Sent): string {
  reply.header('x-delivery', delivery.kind)
  if (repeatOf !== undefined) reply.header('x-original-request-id', repeatOf)
  if (delivery.kind === 'stored') {
    const isPlain = storedAnswer === '202'
    if (isPlain) reply.code(202)
    return written(reply, request.id, isPlain ? 'stored' : 'success')
  }
  if (delivery.cloudRequestId !== undefined) reply.header('x-cloud-request-id', delivery.cloudRequestId)
  return written(reply, request.id, 'success')
}

/** By hand, and returned instead of sent: whoever awaits `reply.send()` listens to the whole response. Neither text needs escaping. */
function written (reply: FastifyReply, requestId: string, data: 'success' | 'stored'): string {
  reply.header('content-type', 'application/json; charset=utf-8')
  return `{"requestId":"${requestId}","data":"${data}"}`
}

/** A structured field dictionary (RFC 8941): `number-to-string=22, bom=1`. */
export function tellCounts (reply: FastifyReply, header: string, counts: ReadonlyMap<string, number>, without?: string): void {
  if (counts.size === 0) return
  const told = [...counts].filter(([code]) => code !== without)
  if (told.length > 0) reply.header(header, told.map(([code, count]) => `${code}=${count}`).join(', '))
}
