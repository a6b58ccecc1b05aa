import type { Readable } from 'node:stream'
import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'

export interface CollectBodyOptions {
  readonly clock: Clock
  /** How long the body may take, from now. */
  readonly timeoutMs: number
  /** Hears the bytes received so far after each chunk; what it throws ends the reading. */
  readonly onProgress: (receivedBytes: number) => void
}

/**
 * Collects a request body. What is left of a body that is refused is read and thrown away, so that the sender, who may still
 * be writing, gets to read its answer.
 * @throws {ProxyError} RequestTimeout when it took too long, InvalidRequest when the line broke, and what onProgress throws.
 */
export function collectBody (payload: Readable, { clock, timeoutMs, onProgress }: CollectBodyOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let receivedBytes = 0
    const stopWaiting = clock.after(timeoutMs, () => { refuse(new ProxyError('RequestTimeout')) })

    function refuse (error: unknown): void {
      stopWaiting()
      chunks.length = 0
      payload.off('data', take)
      payload.resume()
      reject(error)
    }

    function take (chunk: Buffer): void {
      receivedBytes += chunk.length
      chunks.push(chunk)
      try {
        onProgress(receivedBytes)
      } catch (error) {
        refuse(error)
      }
    }

    payload.on('data', take)
    payload.once('end', () => {
      stopWaiting()
      resolve(chunks[0] !== undefined && chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, receivedBytes))
    })
    payload.once('error', cause => { refuse(new ProxyError('InvalidRequest', 'The line broke before the body was whole.', { cause })) })
  })
}
