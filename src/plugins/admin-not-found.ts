import fp from 'fastify-plugin'
import { ProxyError } from '../errors.js'

/** Answers what no route of the admin port takes: 405 with Allow where the path can be read, otherwise 404. */
export default fp(async app => {
  app.setNotFoundHandler(async request => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (!app.hasRoute({ method: 'GET', url: path })) throw new ProxyError('NotFound', 'There is nothing at this path of the admin port.')
    throw new ProxyError('MethodNotAllowed', `This path does not take ${request.method}; use GET.`, { allow: 'GET, HEAD' })
  })
}, { name: 'admin-not-found', dependencies: ['error-answers'] })
