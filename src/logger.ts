import { createRequire } from 'node:module'
import pino, { type DestinationStream, type Logger } from 'pino'
import type * as Pretty from 'pino-pretty'
import { redactError, redactText } from './redact.js'

const require = createRequire(import.meta.url)

export interface LoggerOptions {
  readonly level: string
  readonly format: 'json' | 'text'
  readonly destination: DestinationStream
}

/** The log of the whole proxy. Errors and messages pass the one redactor, whatever package they came from. */
export function createLogger ({ level, format, destination }: LoggerOptions): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: redactError, error: redactError },
    hooks: {
      logMethod (args, method) {
        // pino types the arguments of a log call as one tuple; only its texts are replaced.
        method.apply(this, args.map(arg => typeof arg === 'string' ? redactText(arg) : arg) as Parameters<typeof method>)
      }
    }
  }, format === 'text' ? asText(destination) : destination)
}

/** Not pino-pretty's stream: one line that cannot be written ends that for good. */
function asText (destination: DestinationStream): DestinationStream {
  // Loaded only for who reads the log as text: it takes a twentieth of the start.
  const { prettyFactory } = require('pino-pretty') as typeof Pretty
  const toText = prettyFactory({ colorize: false, singleLine: true })
  return { write: line => { destination.write(toText(line)) } }
}
