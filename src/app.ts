import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { openapi } from '../routes/openapi.js'
import { pushDeviceData } from '../routes/push-device-data.js'
import { receipts } from '../routes/receipts.js'
import { root } from '../routes/root.js'
import type { Catalog } from './catalog/catalog.js'
import type { Clock } from './clock.js'
import fastPath from './fast-path/fast-path.js'
import { createFront } from './front.js'
import { FRONT_DEFAULTS, httpServerOptions, requestTimeoutMs, type FrontOptions } from './front-options.js'
import type { Metrics } from './metrics.js'
import { NO_COMPILERS } from './no-compilers.js'
import { createPointsLimit } from './plants/points-limit.js'
import type { Registry } from './plants/registry.js'
import addressFailures from './plugins/address-failures.js'
import authenticate from './plugins/authenticate.js'
import { BodyBudget } from './plugins/body-budget.js'
import type { ClientErrors } from './plugins/client-errors.js'
import clientGone from './plugins/client-gone.js'
import { docsPage } from './plugins/docs-page.js'
import errorAnswers, { sendError, toProxyError } from './plugins/error-answers.js'
import expectContinue from './plugins/expect-continue.js'
import openapiDocument from './plugins/openapi.js'
import lingeringClose from './plugins/lingering-close.js'
import otherMethods from './plugins/other-methods.js'
import { pageLimit } from './plugins/page-limit.js'
import plantLimits from './plugins/plant-limits.js'
import { RateWindows } from './plugins/rate-windows.js'
import { createRateStore } from './plugins/rate-store.js'
import rawBody from './plugins/raw-body.js'
import recordMetrics from './plugins/record-metrics.js'
import requestLog from './plugins/request-log.js'
import shuttingDown from './plugins/shutting-down.js'
import strictFraming from './plugins/strict-framing.js'
import trackConnections from './plugins/track-connections.js'
import upgradeOffers from './plugins/upgrade-offers.js'
import whenClosed from './plugins/when-closed.js'
import type { Deliver } from './queue/deliver.js'
import type { SendOnce } from './queue/send-once.js'
import type { Receipts } from './queue/with-receipts.js'
import type { Preview } from './relay/preview.js'
import { newRequestId } from './request-id.js'
import { readTarget } from './request-target.js'
import type { TlsServerOptions } from './tls-options.js'

export interface AppParts {
  readonly logger: FastifyBaseLogger
  readonly clock: Clock
  /** The proxy's version, which is the contract's. */
  readonly version: string
  readonly registry: Registry
  readonly deliver: Deliver
  readonly sendOnce: SendOnce
  readonly preview: Preview
  readonly receipts: Receipts
  /** The operator's list of types and points; absent: there is none. */
  readonly catalog?: () => Catalog | undefined
  /** Whether bodies that can be proven clean in one pass are sent as they came; default yes. */
  readonly takesFastPath?: boolean
  /** Absent: plain HTTP. */
  readonly tls?: TlsServerOptions | undefined
  /** Absent: nothing is counted. */
  readonly metrics?: Metrics
  /** Milliseconds since the epoch as the cloud of a credential counts them; default: the machine's. */
  readonly cloudNow?: ((credential: string) => number) | undefined
  readonly bodyMaxBytes: number
  readonly bodiesInFlightMaxBytes: number
  readonly trustProxy?: string[] | undefined
  /** What differs from the bounds of front-options.ts. */
  readonly front?: Partial<FrontOptions>
}

/** The plants' port as a value: opens no port, reads no environment. */
export async function buildApp (parts: AppParts): Promise<FastifyInstance> {
  const { logger, clock, version, registry, deliver, sendOnce, preview, tls, metrics, bodyMaxBytes, bodiesInFlightMaxBytes, trustProxy = [] } = parts
  const front = { ...FRONT_DEFAULTS, ...parts.front }
  const { bodyTimeoutMs, failuresPerMinuteMax, throttledDelayMs, lingerTimeoutMs } = front
  const { connections, clientErrors, isShared, lingerMaxBytes } = createFront({
    clock, logger, options: front, trustProxy, bodyMaxBytes, onRefusedConnection: reason => { metrics?.front.refuseConnection(reason) }
  })
  const app = openApp(logger, trustProxy, front, clientErrors, tls)
  const takesFastPath = parts.takesFastPath ?? true
  const takePoints = createPointsLimit(clock)
  const plantRequests = new RateWindows(clock)
  // One address may hold half of it, so that no single sender can shut the others out; but at least one whole body.
  const budget = new BodyBudget({ allMaxBytes: bodiesInFlightMaxBytes, perAddressMaxBytes: Math.max(bodyMaxBytes, bodiesInFlightMaxBytes / 2), isShared })

  if (takesFastPath) await app.register(fastPath, { clock, logger, connections, registry, budget, bodyMaxBytes, plantRequests, deliver, sendOnce, takePoints, requests: metrics?.requests, front })
  await app.register(trackConnections, { connections, clientErrors })
  await app.register(whenClosed)
  await app.register(errorAnswers)
  await app.register(clientGone)
  // Before whatever may refuse a request: what a hook refuses is never seen by the hooks behind it.
  if (metrics !== undefined) await app.register(recordMetrics, { metrics })
  await app.register(shuttingDown, { clock, connections })
  await app.register(strictFraming, { connections })
  await app.register(rateLimit, { global: false, store: createRateStore(clock) })
  await app.register(addressFailures, { clock, failuresPerMinuteMax, throttledDelayMs })
  await app.register(otherMethods)
  await app.register(authenticate, { registry })
  await app.register(plantLimits, { windows: plantRequests })
  await app.register(rawBody, { clock, bodyMaxBytes, budget, bodyTimeoutMs })
  await app.register(expectContinue)
  await app.register(lingeringClose, { clock, connections, lingerMaxBytes, lingerTimeoutMs })
  await app.register(upgradeOffers, { connections })
  await app.register(requestLog)

  await app.register(openapiDocument, { version })
  await app.register(root)
  await app.register(pushDeviceData, { deliver, sendOnce, preview, takePoints, now: parts.cloudNow ?? (() => clock.now()), catalog: parts.catalog ?? (() => undefined), scansPushes: takesFastPath })
  await app.register(receipts, { receipts: parts.receipts })
  await app.register(pageLimit, { pagesPerMinuteMax: front.pagesPerMinuteMax, pages: [openapi, docsPage] })
  return app
}

/** Fastify, and Node's server below it, before any plugin. */
function openApp (logger: FastifyBaseLogger, trustProxy: string[], front: FrontOptions, clientErrors: ClientErrors, tls: TlsServerOptions | undefined): FastifyInstance {
  return Fastify({
    loggerInstance: logger,
    schemaController: NO_COMPILERS,
    // plugins/request-log.ts writes the lines: Fastify's own carry the URL, which may carry a key.
    logController: new LogController({ disableRequestLogging: true }),
    // Those lines name the request themselves.
    childLoggerFactory: logger => logger,
    // The form of the cloud's own ids. A sender's request id is not taken over: it could collide, and it is the sender's text.
    genReqId: newRequestId,
    requestIdHeader: false,
    trustProxy: trustProxy.length > 0 ? trustProxy : false,
    rewriteUrl: ({ url }) => readTarget(url ?? ''),
    // A key of any length in a path is a wrong key, not another kind of error.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: front.headersMaxBytes },
    exposeHeadRoutes: false,
    ...(tls === undefined ? { http: httpServerOptions(front) } : { https: { ...httpServerOptions(front), ...tls } }),
    requestTimeout: requestTimeoutMs(front),
    keepAliveTimeout: front.keepAliveTimeoutMs,
    connectionTimeout: front.stallTimeoutMs,
    // plugins/shutting-down.ts answers in our own shape.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => { clientErrors.handle(error, socket) },
    frameworkErrors: (error, request, reply) => { sendError(toProxyError(error), request, reply) }
  })
}
