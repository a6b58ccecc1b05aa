import type { FastifyInstance } from 'fastify'
import type { Clock } from './clock.js'

export interface CloseInTimeOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Ends what waits for the cloud; its senders are answered then. */
  readonly endAttempts: () => void
}

/** So much before the end what waits for the cloud is ended, so that the answers still go out. */
const ANSWER_MARGIN_MS = 500

/**
 * Closes the plants' port: nothing new is taken, what is under way is finished. Shortly before the time is over what still waits
 * for the cloud ends with an answer that tells the truth; when it is over, whatever is left is cut.
 */
export async function closeInTime (app: FastifyInstance, { clock, timeoutMs, endAttempts }: CloseInTimeOptions): Promise<void> {
  const stops = [
    clock.after(endAfterMs(timeoutMs), endAttempts),
    clock.after(timeoutMs, () => { app.cutConnections() })
  ]
  await app.close()
  for (const stop of stops) stop()
}

/** How long what waits for the cloud may go on. */
export function endAfterMs (timeoutMs: number): number {
  return Math.max(0, timeoutMs - Math.min(ANSWER_MARGIN_MS, timeoutMs / 4))
}
