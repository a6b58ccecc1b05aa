import { MessageChannel } from 'node:worker_threads'

/** What is smaller costs more to give back than it is worth. */
const FREED_BYTES_MIN = 65_536

const { port1: nowhere } = new MessageChannel()
nowhere.close()

/**
 * Frees memory at once that nobody reads any more. A thread that makes little else is rarely visited by its garbage collector, and
 * bodies would lie there until then: what is handed over to a closed port is gone, and every view of it is empty.
 */
export function freeMemory (memory: readonly ArrayBuffer[]): void {
  const large = memory.filter(({ byteLength }) => byteLength >= FREED_BYTES_MIN)
  if (large.length > 0) nowhere.postMessage(undefined, large)
}
