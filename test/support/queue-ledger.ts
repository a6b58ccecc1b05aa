import { openQueueFile } from '../../src/queue/queue-file.js'
import { bodyOf } from './queue-bodies.js'

/** What a client was told: request id to lane number. */
export type Ledger = Map<string, number>

/** Notes a line of queue-appender.ts. */
export function note (ledger: Ledger, line: string): void {
  const [word = '', requestId = '', laneSeq] = line.split(' ')
  if (word === 'stored') ledger.set(requestId, Number(laneSeq))
}

/** The pushes that lie on the disk with their bytes. */
export function storedIn (dataDir: string): Set<string> {
  const file = openQueueFile(dataDir)
  try {
    const whole = [...file.exportRows()].filter(({ requestId, body, intact }) => intact && Buffer.from(body).toString() === bodyOf(requestId))
    return new Set(whole.map(({ requestId }) => requestId))
  } finally {
    file.close()
  }
}

/** What was answered as stored and is not there. */
export function missingOf (stored: ReadonlySet<string>, ledger: Ledger): string[] {
  return [...ledger.keys()].filter(requestId => !stored.has(requestId))
}

/** The same numbers for the same seed. */
export function random (seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}
