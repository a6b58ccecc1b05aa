import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { NO_COMPILERS } from '../no-compilers.js'
import { toComponents } from './openapi-components.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The contract as an OpenAPI document. */
    openapiDocument: () => Promise<object>
  }
}

export interface OpenapiOptions {
  /** The version of the contract, which is the proxy's. */
  readonly version: string
}

const DESCRIPTION = `Takes PushDeviceData requests without a cloud signature, checks them, signs them and relays them to Alibaba Cloud Energy Expert.

- Every answer is small, has a Content-Length and a request id: \`X-Request-Id\`, and \`requestId\` in the body.
- \`200\` with \`"data":"success"\` means that Energy Expert confirmed the push; everything else says in \`message\` what to do.
- Programs decide by \`code\`; a code they do not know they take by its status. \`503\`: nothing was taken, send it again after \`Retry-After\`. \`504\`: the push may have arrived.`

/**
 * The ways in which a key may travel; any one is enough. Not as `?api_key=`: generated clients and code samples send a key in every
 * way that is listed, and a URL is written to logs on its way. The push's description tells of it instead.
 */
const securitySchemes = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The usual way.' },
  bearer: { type: 'http', scheme: 'bearer', description: 'The key as a Bearer token.' },
  basic: { type: 'http', scheme: 'basic', description: 'The key as the password, or as the user name when the password is empty.' },
  acsBearerToken: { type: 'apiKey', in: 'header', name: 'x-acs-bearer-token', description: 'As Alibaba Cloud\'s SDKs send a Bearer credential.' }
} as const

/**
 * Makes the OpenAPI document from the schemas of the routes that are registered after it, when it is asked for: most proxies are never
 * asked, and all of them want to be up soon. The package that makes it, with the one for YAML that it brings, takes a twentieth of the start.
 */
export default fp<OpenapiOptions>(async (app, { version }) => {
  // A package that is not there stops the start.
  import.meta.resolve('@fastify/swagger')
  const routes: RouteOptions[] = []
  app.addHook('onRoute', route => { routes.push(route) })
  app.decorate('openapiDocument', async () => await describe(routes, version))
}, { name: 'openapi' })

/** By an app that nobody reaches: the package wants to see routes as they are registered. */
async function describe (routes: readonly RouteOptions[], version: string): Promise<object> {
  const { default: swagger } = await import('@fastify/swagger')
  const app: FastifyInstance = Fastify({ schemaController: NO_COMPILERS, exposeHeadRoutes: false })
  await app.register(swagger, {
    openapi: {
      // What most generators read; 3.1 is beyond many.
      openapi: '3.0.3',
      info: {
        title: 'Energy Expert proxy',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' }
      },
      servers: [{ url: '/', description: 'The proxy that this document came from.' }],
      tags: [{ name: 'push', description: 'Readings on their way to Energy Expert.' }],
      components: { securitySchemes }
    },
    transformObject: document => 'openapiObject' in document ? toComponents(document.openapiObject) : document.swaggerObject
  })
  for (const { method, url, schema } of routes) app.route({ method, url, ...(schema === undefined ? undefined : { schema }), handler: () => {} })
  await app.ready()
  return app.swagger()
}
