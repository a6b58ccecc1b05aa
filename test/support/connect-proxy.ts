import { createServer as createTlsServer } from 'node:https'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'

/** What it does with a CONNECT. `html`: 200 and a page; `late-html`: 200, and the page once TLS begins. */
export type ProxyManner = 'tunnels' | 'never' | 'hangs-up' | 'html' | 'late-html' | 'no-http' | { readonly statusCode: number }

export interface ConnectProxyOptions {
  /** Where each name that is asked for leads to: a port of this machine. */
  readonly ports: Readonly<Record<string, number>>
  /** Whoever comes without it hears 407. */
  readonly login?: string
  readonly tls?: { readonly cert: string, readonly key: string }
}

export interface ConnectProxy {
  /** Without a login. */
  readonly origin: string
  readonly port: number
  /** The hosts that were asked for, in order. */
  readonly asked: string[]
  /** The first bytes that went through each tunnel. */
  readonly firstBytes: Buffer[]
  manner: ProxyManner
  close: () => Promise<void>
}

const PAGE = '<html>Blocked: Proxy-Authorization was wrong</html>'

/** A proxy on loopback that opens tunnels, or does not. */
export async function startConnectProxy (t: Test, { ports, login, tls }: ConnectProxyOptions): Promise<ConnectProxy> {
  const sockets = new Set<Socket>()
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls)
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => { sockets.delete(socket) })
  }
  server.on('connection', keep)
  server.on('connect', (request, socket: Socket) => {
    keep(socket)
    proxy.asked.push(request.url ?? '')
    const { manner } = proxy
    const page = (head: string): void => { socket.end(`${head}\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\n\r\n${PAGE}`) }
    const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (expected !== undefined && request.headers['proxy-authorization'] !== expected) page('HTTP/1.1 407 Proxy Authentication Required')
    else if (typeof manner === 'object') page(`HTTP/1.1 ${manner.statusCode} No`)
    else if (manner === 'hangs-up') socket.destroy()
    else if (manner === 'html') page('HTTP/1.1 200 OK')
    else if (manner === 'no-http') socket.end('SSH-2.0-OpenSSH_9.6\r\n')
    else if (manner === 'late-html') {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.once('data', () => { socket.end(PAGE) })
    } else if (manner === 'tunnels') tunnel(socket, ports[request.url ?? ''] ?? 1)
  })

  function tunnel (socket: Socket, port: number): void {
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.once('data', bytes => { proxy.firstBytes.push(bytes) })
      socket.pipe(onward).pipe(socket)
    })
    keep(onward)
    for (const [one, other] of [[socket, onward], [onward, socket]] as const) one.once('close', () => { other.destroy() })
  }

  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const proxy: ConnectProxy = {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    asked: [],
    firstBytes: [],
    manner: 'tunnels',
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => { server.close(() => { resolve() }) })
    }
  }
  t.teardown(async () => { await proxy.close() })
  return proxy
}
