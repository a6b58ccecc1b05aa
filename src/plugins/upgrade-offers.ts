import fp from 'fastify-plugin'
import type { Connections } from './connections.js'

export interface UpgradeOffersOptions {
  readonly connections: Connections
}

/**
 * A sender that offers another protocol (Java's HttpClient: `Upgrade: h2c` on a plain POST) is served as HTTP/1.1. Node throws away
 * what came in one piece behind such a request, so its connection ends with the answer: better a new connection than a lost push.
 */
export default fp<UpgradeOffersOptions>(async (app, { connections }) => {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const connection = raw.headers.upgrade === undefined ? undefined : connections.of(raw.socket)
    if (connection !== undefined) connection.isEnding = true
    done()
  })

  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    if (raw.headers.upgrade !== undefined) reply.header('connection', 'close')
    done()
  })
}, { name: 'upgrade-offers', dependencies: ['lingering-close'] })
