import pino, { type DestinationStream, type Logger } from 'pino'
import pretty from 'pino-pretty'
import { redactError, redactText } from './redact.js'

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
  }, format === 'text' ? pretty({ destination, colorize: false, singleLine: true }) : destination)
}
