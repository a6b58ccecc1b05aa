import type { FastifyInstance } from 'fastify'

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** The settings that say so, to be named when it does not work. */
  readonly settings: { readonly host: string, readonly port: string }
}

const REASONS: Readonly<Record<string, (settings: ListenOptions['settings']) => string>> = {
  EADDRINUSE: ({ port }) => `another program uses it; end that program or set ${port}`,
  EACCES: ({ port }) => `this user may not; set ${port} to 1024 or more`,
  EADDRNOTAVAIL: ({ host }) => `this machine has no such address; set ${host}`,
  ENOTFOUND: ({ host }) => `there is no such name; set ${host}`
}

/** Its message is a plain sentence; `code` is the system's. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string

  constructor ({ host, port, settings }: ListenOptions, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    super(`The proxy cannot listen on ${host}, port ${port}: ${REASONS[code]?.(settings) ?? code}.`, { cause })
    this.code = code
  }
}

/**
 * Opens the port of an app.
 * @returns Where it answers, as an origin that works on this machine.
 * @throws {ListenError}
 */
export async function listen (app: FastifyInstance, options: ListenOptions): Promise<string> {
  const { host, port } = options
  try {
    // Told `localhost`, Fastify opens a second server for ::1 that none of the plugins hears of: neither bounds nor limits would hold there.
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, listenTextResolver: () => 'listening' })
  } catch (cause) {
    throw new ListenError(options, cause)
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new ListenError(options, new Error('no address'))
  const own = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address.address] ?? address.address
  return `${isTls(app) ? 'https' : 'http'}://${own.includes(':') ? `[${own}]` : own}:${address.port}`
}

/** By what it can do: only a TLS server can be given another certificate. */
function isTls ({ server }: FastifyInstance): boolean {
  return 'setSecureContext' in server
}
