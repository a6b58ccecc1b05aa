import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import helmet from '@fastify/helmet'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { livez } from '../routes/livez.js'
import { metrics as metricsRoute, type MetricsParts } from '../routes/metrics.js'
import { readyz } from '../routes/readyz.js'
import type { Clock } from './clock.js'
import type { AdminConfig } from './config.js'
import type { Health } from './health.js'
import { isLoopback } from './loopback.js'
import { NO_COMPILERS } from './no-compilers.js'
import adminLog from './plugins/admin-log.js'
import adminNotFound from './plugins/admin-not-found.js'
import adminToken from './plugins/admin-token.js'
import errorAnswers, { sendError, toProxyError } from './plugins/error-answers.js'
import { Connections } from './plugins/connections.js'
import hostAllowList from './plugins/host-allow-list.js'
import ignoreBody from './plugins/ignore-body.js'
import { newRequestId } from './request-id.js'

export interface AdminAppParts extends MetricsParts {
  readonly logger: FastifyBaseLogger
  readonly clock: Clock
  readonly health: Health
  readonly admin: AdminConfig
}

/** Probes and scrapers keep a few connections; a flood here must not take the plants' file descriptors. */
const CONNECTIONS_MAX = 256
/** Whoever asks is on this network: what takes longer is no probe. */
const REQUEST_TIMEOUT_MS = 5_000

/**
 * The admin port as a value: opens no port, reads no environment.
 * @throws {Error} when others than this machine could reach it without a token
 */
export async function buildAdminApp ({ logger, clock, health, metrics, admin }: AdminAppParts): Promise<FastifyInstance> {
  const { host, token, allowedHosts } = admin
  if (token === undefined && !isLoopback(host)) throw new Error('ADMIN_TOKEN must be set, since ADMIN_HOST is not loopback.')
  const app = Fastify({
    loggerInstance: logger,
    schemaController: NO_COMPILERS,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newRequestId,
    requestIdHeader: false,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 1_000 },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 30_000,
    // An answer that nobody reads.
    connectionTimeout: 10_000,
    frameworkErrors: (error, request, reply) => { sendError(toProxyError(error), request, reply) }
  })
  boundConnections(app)

  await app.register(errorAnswers)
  await app.register(adminLog, { clock })
  await app.register(adminNotFound)
  // No HSTS: this port speaks plain HTTP, and the name may have another service with TLS.
  await app.register(helmet, { hsts: false, contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } })
  await app.register(hostAllowList, { hosts: [host, ...allowedHosts] })
  await app.register(adminToken, { token })
  await app.register(ignoreBody)
  app.addHook('onRequest', async (_request, reply) => { reply.header('cache-control', 'no-store') })

  await app.register(livez)
  await app.register(readyz, { health })
  await app.register(metricsRoute, { metrics })
  return app
}

/** At the bound the connection that has been idle longest makes room, so that whoever opens many and says nothing shuts out no probe. */
function boundConnections ({ server }: FastifyInstance): void {
  const connections = new Connections({ connectionsMax: CONNECTIONS_MAX, connectionsPerAddressMax: CONNECTIONS_MAX, isShared: () => true, onRefused: () => {} })
  server.prependListener('connection', (socket: Socket) => { connections.add(socket) })
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => { connections.begin(request, response) })
}
