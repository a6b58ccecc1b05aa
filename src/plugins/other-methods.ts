import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.js'
import { sendError } from './error-answers.js'

/** Answers what no route takes: 405 with Allow where the path takes another method, otherwise 404. */
export default fp(async app => {
  const methodsByUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsByUrl.set(url, methods)
  })

  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const methods = [...methodsByUrl].find(([url]) => matches(url, path))?.[1]
    if (methods === undefined) return sendError(new ProxyError('NotFound'), request, reply)
    const allow = [...methods].join(', ')
    return sendError(new ProxyError('MethodNotAllowed', `This path does not take ${request.method}; use ${methods.has('POST') ? 'POST' : allow}.`, { allow }), request, reply)
  })
}, { name: 'other-methods', dependencies: ['error-answers'] })

/** Route patterns here have whole segments as parameters, nothing finer. */
function matches (pattern: string, path: string): boolean {
  const parts = path.split('/')
  const expected = pattern.split('/')
  return parts.length === expected.length && expected.every((part, at) => part === parts[at] || (part.startsWith(':') && parts[at] !== ''))
}
