import { connect, type Socket } from 'node:net'

interface Address {
  readonly host: string
  readonly port: number
}

/** The connection that TLS or HTTP is then spoken over, straight to the address. Rejects with the system's error. */
export const openLine = async ({ host, port }: Address, timeoutMs: number): Promise<Socket> => await new Promise((resolve, reject) => {
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
