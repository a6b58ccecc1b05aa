import pino, { type DestinationStream } from 'pino'

export interface LogDestination {
  readonly destination: DestinationStream
  /** Lines that could not be written, and never will be. */
  readonly linesDropped: () => number
}

/** What is kept for a disk that is full now; it is written with the next line once there is room. */
const KEPT_BYTES_MAX = 65_536

/**
 * An open file for the log. A full disk, or a reader that has gone, costs lines and nothing else: the proxy goes on.
 */
export function openLogDestination (fileDescriptor: number): LogDestination {
  let dropped = 0
  const destination = pino.destination({ dest: fileDescriptor, sync: true, maxLength: KEPT_BYTES_MAX })
  // pino's own listener ends all writing, uncounted, when a reader has gone, and throws whatever else is wrong at the process.
  destination.removeAllListeners('error').on('error', () => {})
  destination.on('drop', () => { dropped += 1 })
  return { destination, linesDropped: () => dropped }
}
