import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { systemClock } from '../clock.js'
import { readConfig } from '../config.js'
import { openCredentialBook } from '../credentials/credential-book.js'
import { openLogDestination } from '../log-destination.js'
import { createLogger } from '../logger.js'
import { startServer } from '../server.js'

/** The proxy, until SIGTERM or SIGINT. */
export async function runServer (): Promise<void> {
  const config = readConfig(process.env)
  const { destination, linesDropped } = openLogDestination(2)
  const logger = createLogger({ level: config.logLevel, format: config.logFormat, destination })
  // The one line of standard output may go to the same full disk.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  const book = openCredentialBook({
    config,
    environment: process.env,
    clock: systemClock,
    onProblem: problem => { logger.warn({ error: problem }, 'Stored or declared RAM credentials need a hand; what was known before stays in use.') }
  })
  const stopListening = endStartOnSignal(logger)
  // At a limit on file sizes the system ends a process that does not listen; the queue then answers that it is full, and heals.
  process.on('SIGXFSZ', () => {})
  const server = await startServer({ config, logger, clock: systemClock, book, linesDropped }).catch((cause: unknown) => {
    stopListening()
    book.close()
    throw cause
  })
  const { endpoint, signedHost, relayTimeoutMs, dataDir } = config
  logger.info({ origin: server.origin, adminOrigin: server.adminOrigin, endpoint: endpoint.origin, signedHost, relayTimeoutMs, dataDir, node: process.version }, 'The proxy listens.')
  process.stdout.write(`energy-expert-proxy listens on ${server.origin}\n`)
  endOnSignal(config.shutdownTimeoutMs, logger, async () => {
    await server.close()
    book.close()
  })
  stopListening()
}

/**
 * Process 1 of a container ignores a signal that nobody listens to, and a start may wait seconds for the lock of the one before.
 * Nothing has been taken by then, so there is nothing to finish.
 * @returns Stops listening.
 */
function endStartOnSignal (logger: Logger): () => void {
  const end = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, 'The start was given up.')
    process.exit(0)
  }
  process.on('SIGTERM', end).on('SIGINT', end)
  return () => { process.off('SIGTERM', end).off('SIGINT', end) }
}

/** Above the time that close() keeps by itself: this one is for a close() that hangs. */
const HANG_MARGIN_MS = 3_000

/** A first signal ends in order, within the time, with exit code 0; a second one at once, with 1. */
export function endOnSignal (timeoutMs: number, logger: Logger, close: () => Promise<void>): void {
  closeWithGrace({ delay: timeoutMs + HANG_MARGIN_MS, logger }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ error: err }, 'The proxy failed and ends.')
    else logger.info({ signal }, 'The proxy shuts down.')
    await close()
  })
}
