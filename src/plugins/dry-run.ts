import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.js'
import type { Step } from '../intake/arrival.js'
import type { TakenPush } from '../intake/take-push.js'
import type { Preview } from '../relay/preview.js'
import { tellCounts } from './answer-taken.js'

/** Throws ProxyError InvalidRequest. */
export function isDryRun ({ headers }: FastifyRequest): boolean {
  const value = String(headers['x-dry-run'] ?? 'false').trim().toLowerCase()
  // Whoever writes "1" or "yes" means a trial: to send the push would be the worst reading of it.
  if (value !== 'true' && value !== 'false') throw new ProxyError('InvalidRequest', 'The header X-Dry-Run takes true or false; nothing was sent.')
  return value === 'true'
}

/** Whoever tries a body sees how far it came, where it is refused as well. */
export function tellingSteps <Taken> (steps: readonly Step[], take: () => Taken): Taken {
  try {
    return take()
  } catch (error) {
    if (steps.length === 0 || !(error instanceof ProxyError)) throw error
    const { code, message, faults } = error
    throw new ProxyError(code, message, { cause: error, steps, ...(faults === undefined ? undefined : { faults }) })
  }
}

/** So many of them are told, as of the faults of an error. */
const TOLD_RECORDS_MAX = 20

/** What would be sent, and what would be parked. */
export async function showDryRun (request: FastifyRequest, reply: FastifyReply, { read, repairs, bad }: TakenPush, steps: readonly Step[], previewed: ReturnType<Preview> | undefined): Promise<unknown> {
  tellCounts(reply, 'x-repairs', repairs)
  const parked = bad.slice(0, TOLD_RECORDS_MAX).map(({ code, faults }) => ({ code, errors: faults }))
  if (bad.length > 0) reply.header('x-parked-records', bad.length)
  return await reply.send({
    requestId: request.id,
    data: 'dry-run',
    // Without a good record nothing would be sent.
    ...(previewed === undefined ? undefined : { push: read?.push }),
    repairs: Object.fromEntries(repairs),
    steps,
    ...(bad.length === 0 ? undefined : { parked }),
    ...(previewed === undefined ? undefined : { request: previewed })
  })
}
