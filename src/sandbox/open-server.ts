import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'

export interface OpenServer {
  readonly port: number
  /** Destroys every socket; resolves when the port is free. */
  readonly close: () => Promise<void>
}

interface Address {
  readonly host: string
  readonly port: number
  readonly tls: { readonly cert: string, readonly key: string } | undefined
}

/** Listens for HTTP, or for HTTPS with a certificate. Rejects with the system's error when the address cannot be had. */
export async function openServer ({ host, port, tls }: Address, listener: RequestListener): Promise<OpenServer> {
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  // Kept by hand: closeAllConnections misses sockets that are still shaking hands.
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => { sockets.delete(socket) })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: async () => {
      await new Promise<void>(resolve => {
        server.close(() => { resolve() })
        for (const socket of sockets) socket.destroy()
      })
    }
  }
}
