import { NotParked, NotSendable, type QueueFile } from '../queue/queue-file.js'
import { CommandFailure } from './failure.js'
import type { Output } from './print.js'

export interface QueueCommandParts {
  /** Throws StoreError. */
  readonly openQueue: () => QueueFile
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly stdout: Output
  readonly stderr: Output
  /** Resolves when stdout takes more: an export may be larger than the memory. */
  readonly drained: () => Promise<void>
  /** Asks whoever sits at the terminal; absent where nobody does. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined
}

/**
 * Opens the queue for one command and closes it again.
 * @throws {CommandFailure} in place of what the queue and the store refuse in plain sentences
 */
export async function withQueue<Result> ({ openQueue }: Pick<QueueCommandParts, 'openQueue'>, work: (file: QueueFile) => Result | Promise<Result>): Promise<Result> {
  try {
    const file = openQueue()
    try {
      return await work(file)
    } finally {
      file.close()
    }
  } catch (cause) {
    // StoreError by name, since a command does not know the store.
    if (cause instanceof NotParked || cause instanceof NotSendable || (cause instanceof Error && cause.name === 'StoreError')) throw new CommandFailure(cause.message, { cause })
    throw cause
  }
}
