// What an integrator writes in an afternoon: Fastify, and the official SDK for each push.
import { createRequire } from 'node:module'
import Fastify from 'fastify'

// The SDK is CommonJS and its types want an older compiler; it is used here as a program that exists, by its documented calls.
const require = createRequire(import.meta.url)
const { default: Client, $OpenApiUtil } = require('@alicloud/openapi-core')
const [port = '0', cloud = ''] = process.argv.slice(2)
const client = new Client(new $OpenApiUtil.Config({ accessKeyId: 'bench-key-id', accessKeySecret: 'bench-key-secret', endpoint: new URL(cloud).host, protocol: 'HTTP' }))
const params = new $OpenApiUtil.Params({
  action: 'PushDeviceData', version: '2022-09-23', protocol: 'HTTP', pathname: '/api/v1/data/increment/push', method: 'POST', authType: 'AK', style: 'ROA', reqBodyType: 'json', bodyType: 'json'
})

const app = Fastify({ bodyLimit: 8_388_608 })
app.post('/api/v1/data/increment/push', async (request, reply) => {
  if (request.headers['x-api-key'] !== 'bench-key') return await reply.code(401).send({ code: 'InvalidKey' })
  const { body } = await client.callApi(params, new $OpenApiUtil.OpenApiRequest({ body: request.body }), {})
  return body
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
