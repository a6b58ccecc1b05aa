import { connect, type Socket } from 'node:net'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Opens the connection that TLS or HTTP is then spoken over. Rejects with the system's error. */
export type OpenLine = (address: Address, timeoutMs: number) => Promise<Socket>

/** Straight to the address, as the relay's pool does. */
export const openLine: OpenLine = async ({ host, port }, timeoutMs) => await new Promise((resolve, reject) => {
  const socket = connect({ host, port })
  socket.setTimeout(timeoutMs, () => { socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })) })
  socket.once('error', reject)
  socket.once('connect', () => {
    socket.off('error', reject)
    socket.setTimeout(0)
    // Whoever takes it over listens as well; until then its end is no crash.
    socket.on('error', () => {})
    resolve(socket)
  })
})
