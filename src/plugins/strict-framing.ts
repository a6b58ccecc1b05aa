import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import { ProxyError } from '../errors.js'
import type { Connections } from './connections.js'

export interface StrictFramingOptions {
  readonly connections: Connections
}

/**
 * Where a body ends must mean the same to every server in a row; otherwise one sender writes into another's request. Node's parser
 * lets some forms of Transfer-Encoding pass that others read differently: empty, twice, or from HTTP/1.0, which does not know it.
 */
export default fp<StrictFramingOptions>(async (app, { connections }) => {
  // Not in the hook, which is asked when what came in the same piece behind this request may have begun already.
  app.server.on('request', (request: IncomingMessage) => {
    const connection = isPlain(request) ? undefined : connections.of(request.socket)
    if (connection !== undefined) connection.isEnding = true
  })

  app.addHook('onRequest', ({ raw }, reply, done) => {
    if (isPlain(raw)) return done()
    reply.header('connection', 'close')
    done(new ProxyError('InvalidRequest', 'Transfer-Encoding must be chunked, once, without Content-Length, and in HTTP/1.1.'))
  })
}, { name: 'strict-framing', dependencies: ['error-answers'] })

function isPlain ({ rawHeaders, headers, httpVersion }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] === undefined) return true
  // Node joins what comes twice, and keeps only the first of some names.
  const valuesOf = (name: string): string[] => rawHeaders.filter((_value, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
  const [coding, ...more] = valuesOf('transfer-encoding')
  return coding?.trim().toLowerCase() === 'chunked' && more.length === 0 && valuesOf('content-length').length === 0 && httpVersion !== '1.0'
}
