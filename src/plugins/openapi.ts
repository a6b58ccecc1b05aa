import swagger from '@fastify/swagger'
import fp from 'fastify-plugin'
import { toComponents } from './openapi-components.js'

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

/** Makes the OpenAPI document from the schemas of the routes that are registered after it: `app.swagger()`. */
export default fp<OpenapiOptions>(async (app, { version }) => {
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
}, { name: 'openapi' })
