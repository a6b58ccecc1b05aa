import { systemClock } from '../../src/clock.js'
import { acquireServerLock, type ServerLock } from '../../src/store/lock.js'

// A second process for the tests of the server lock. Told {dataDir, waitMs}, it takes the lock or waits for it; told
// 'release', it lets go. It answers each with a word, or with the sentence of the refusal.
let lock: ServerLock | undefined

async function answer (message: { dataDir: string, waitMs: number } | 'release'): Promise<string> {
  if (message === 'release') {
    lock?.release()
    return 'released'
  }
  // Nothing but the wait itself may keep this process alive.
  process.channel?.unref()
  try {
    lock = await acquireServerLock(message.dataDir, { waitMs: message.waitMs, clock: systemClock, pollMs: 20 })
    return 'locked'
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown'
  } finally {
    process.channel?.ref()
  }
}

process.on('message', (message: Parameters<typeof answer>[0]) => {
  answer(message).then(word => process.send?.(word), () => process.exit(1))
})
