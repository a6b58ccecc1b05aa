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
  app.addHook('onRequest', async ({ raw }) => {
    const connection = raw.headers.upgrade === undefined ? undefined : connections.of(raw.socket)
    if (connection !== undefined) connection.isEnding = true
  })

  app.addHook('onSend', async ({ raw }, reply) => {
    if (raw.headers.upgrade !== undefined) reply.header('connection', 'close')
  })
}, { name: 'upgrade-offers', dependencies: ['lingering-close'] })
