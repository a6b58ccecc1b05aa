import { connect } from 'node:net'
import type { Random } from './random.js'

export type Ending = 'answered' | 'left-alone' | 'half-closed' | 'hung-up'

export interface Conversed {
  readonly received: string
  /** We ended it ourselves before everything could have come. */
  readonly wasCutShort: boolean
  /** The proxy neither ended it nor answered within its time. */
  readonly hung: boolean
}

/** Above the sum of the target's timeouts, on a machine that is busy. */
const HANG_MS = 15_000
/** So long without a byte means that nothing more comes; only then is what came judged as whole. */
export const QUIET_MS = 60

/** Sends the pieces over a new connection and ends it in one of the ways that senders have. */
export async function converse (port: number, pieces: readonly string[], ending: Ending, random: Random, quietMs = QUIET_MS): Promise<Conversed> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let received = ''
  let wasQuiet = false
  const cutAt = ending === 'hung-up' ? random.below(pieces.length + 1) : Infinity
  return await new Promise(resolve => {
    let quiet: NodeJS.Timeout | undefined
    const hang = setTimeout(() => { finish(true) }, HANG_MS)

    function finish (hung: boolean): void {
      clearTimeout(hang)
      clearTimeout(quiet)
      socket.destroy()
      // What the proxy ended by itself is whole; a reset may have taken the last answer with it.
      resolve({ received, wasCutShort: ending === 'hung-up' || wasReset || (ending === 'answered' && wasQuiet), hung })
    }

    function waitForQuiet (): void {
      if (ending !== 'answered') return
      clearTimeout(quiet)
      quiet = setTimeout(() => { wasQuiet = true; finish(false) }, quietMs)
    }

    let wasReset = false
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      waitForQuiet()
    })
    socket.on('error', () => { wasReset = true })
    socket.once('close', () => { finish(false) })

    let at = 0
    function sendNext (): void {
      if (socket.destroyed) return
      if (at >= cutAt) {
        if (random.chance(0.5)) socket.resetAndDestroy()
        else socket.destroy()
        return
      }
      const piece = pieces[at++]
      if (piece === undefined) {
        if (ending === 'half-closed') socket.end()
        waitForQuiet()
        return
      }
      socket.write(Buffer.from(piece, 'latin1'), () => { if (random.chance(0.5)) setImmediate(sendNext); else setTimeout(sendNext, random.below(4)) })
    }
    socket.once('connect', sendNext)
  })
}
