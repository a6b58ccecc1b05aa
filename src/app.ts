import { randomUUID } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { openapi } from '../routes/openapi.js'
import { pushDeviceData } from '../routes/push-device-data.js'
import { root } from '../routes/root.js'
import type { Clock } from './clock.js'
import type { Metrics } from './metrics.js'
import type { Registry } from './plants/registry.js'
import authenticate from './plugins/authenticate.js'
import clientGone from './plugins/client-gone.js'
import errorAnswers, { sendError, toProxyError } from './plugins/error-answers.js'
import expectContinue from './plugins/expect-continue.js'
import openapiDocument from './plugins/openapi.js'
import otherMethods from './plugins/other-methods.js'
import rawBody from './plugins/raw-body.js'
import recordMetrics from './plugins/record-metrics.js'
import requestLog from './plugins/request-log.js'
import type { Deliver } from './queue/deliver.js'
import type { Preview } from './relay/preview.js'

export interface AppParts {
  readonly logger: FastifyBaseLogger
  readonly clock: Clock
  /** The proxy's version, which is the contract's. */
  readonly version: string
  readonly registry: Registry
  readonly deliver: Deliver
  readonly preview: Preview
  /** Absent: nothing is counted. */
  readonly metrics?: Metrics
  readonly bodyMaxBytes: number
  readonly bodiesInFlightMaxBytes: number
  readonly trustProxy?: string[] | undefined
  readonly bodyTimeoutMs?: number
  readonly failuresPerMinuteMax?: number
}

/** The plants' port as a value: opens no port, reads no environment. */
export async function buildApp (parts: AppParts): Promise<FastifyInstance> {
  const { logger, clock, version, registry, deliver, preview, metrics, bodyMaxBytes, bodiesInFlightMaxBytes, trustProxy, bodyTimeoutMs = 30_000, failuresPerMinuteMax = 60 } = parts
  const app = Fastify({
    loggerInstance: logger,
    // plugins/request-log.ts writes the lines: Fastify's own carry the URL, which may carry a key.
    logController: new LogController({ disableRequestLogging: true }),
    // The form of the cloud's own ids. A sender's request id is not taken over: it could collide, and it is the sender's text.
    genReqId: () => randomUUID().toUpperCase(),
    requestIdHeader: false,
    trustProxy: trustProxy ?? false,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    exposeHeadRoutes: false,
    // Senders of HTTP/1.0 and a few modems name no Host; nothing here depends on it.
    http: { requireHostHeader: false },
    frameworkErrors: (error, request, reply) => { sendError(toProxyError(error), request, reply) }
  })
  // The contract's check reads the bytes itself; here the schemas stand for the document and the types alone.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)

  await app.register(errorAnswers)
  await app.register(otherMethods)
  await app.register(clientGone)
  await app.register(rateLimit, { global: false })
  await app.register(authenticate, { registry, failuresPerMinuteMax })
  await app.register(rawBody, { clock, bodyMaxBytes, bodiesInFlightMaxBytes, bodyTimeoutMs })
  await app.register(expectContinue)
  await app.register(requestLog)
  if (metrics !== undefined) await app.register(recordMetrics, { metrics })

  await app.register(openapiDocument, { version })
  await app.register(root)
  await app.register(pushDeviceData, { deliver, preview })
  await app.register(openapi)
  return app
}
