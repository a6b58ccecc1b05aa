import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A port that nobody uses now: nginx takes no port of the system's choice. */
export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

export async function untilOpen (port: number): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const isOpen = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => { resolve(true) }).on('error', () => { resolve(false) })
      socket.on('connect', () => { socket.destroy() })
    })
    if (isOpen) return
    await new Promise(resolve => { setTimeout(resolve, 25) })
  }
  throw new Error(`Nothing listens on port ${port}.`)
}
