import type { Readable } from 'node:stream'
import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import { GatheredBytes } from './gathered-bytes.js'

export interface CollectBodyOptions {
  readonly clock: Clock
  /** As its Content-Length says; 0: it says nothing. Judged before. */
  readonly expectedBytes: number
  /** How long the body may take, from now. */
  readonly timeoutMs: number
  /** Hears the bytes received so far after each chunk; what it throws ends the reading. */
  readonly onProgress: (receivedBytes: number) => void
}

/**
 * Collects a request body. What is left of a body that is refused is read and thrown away, so that the sender, who may still
 * be writing, gets to read its answer; lingering-close.ts bounds that.
 * @throws {ProxyError} RequestTimeout when it took too long, InvalidRequest when the line broke, and what onProgress throws.
 */
export function collectBody (payload: Readable, { clock, expectedBytes, timeoutMs, onProgress }: CollectBodyOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const gathered = new GatheredBytes(expectedBytes)
    const stopWaiting = clock.after(timeoutMs, () => { refuse(new ProxyError('RequestTimeout')) })

    function refuse (error: unknown): void {
      stopWaiting()
      gathered.clear()
      payload.off('data', take)
      payload.resume()
      reject(error)
    }

    function take (chunk: Buffer): void {
      try {
        onProgress(gathered.length + chunk.length)
        gathered.add(chunk)
      } catch (error) {
        refuse(error)
      }
    }

    payload.on('data', take)
    payload.once('end', () => {
      stopWaiting()
      resolve(gathered.bytes)
    })
    payload.once('error', cause => { refuse(new ProxyError('InvalidRequest', 'The line broke before the body was whole.', { cause })) })
  })
}
