import { MessageChannel, type MessagePort } from 'node:worker_threads'

/** What is smaller costs more to free than to leave: 16 kB to 64 kB are allocated in 4 to 8 us each, and in 1 to 3 when they are freed so. */
const FREED_BYTES_MIN = 16_384

const nowhere = closedPort()

/**
 * Frees memory at once, and not when the garbage collector comes: what lies outside of its heap it counts all the same, and collects the whole
 * heap for it; a thread that makes little else it rarely visits. Whatever is transferred to a port that is closed is lost with the message.
 *
 * @param memory Nobody reads it any more: every view of it is empty afterwards. What is small is left alone.
 */
export function freeMemory (memory: readonly ArrayBuffer[]): void {
  const large = memory.filter(({ byteLength }) => byteLength >= FREED_BYTES_MIN)
  if (large.length > 0) nowhere.postMessage(undefined, large)
}

/** Frees a piece, such as comes out of a socket, unless its memory holds anything besides. */
export function freePiece ({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) freeMemory([buffer])
}

function closedPort (): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  port2.close()
  return port1
}
