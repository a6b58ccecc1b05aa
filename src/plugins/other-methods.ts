import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.js'

/**
 * Answers what no route takes: 405 with Allow where the path takes another method, otherwise 404. Before the body: Fastify's own
 * place for it reads the body first, and whoever has no key must not fill the memory.
 */
export default fp(async app => {
  const methodsByUrl = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByUrl.get(url) ?? new Set()
    for (const each of [method].flat()) methods.add(each)
    methodsByUrl.set(url, methods)
  })

  // What no plugin is asked about, Fastify answers in its own way; this one it knows, and no route takes it.
  const known = new Set(app.supportedMethods)
  app.server.prependListener('request', (request: IncomingMessage) => {
    if (!known.has(request.method ?? '')) request.method = 'TRACE'
  })

  async function refuse (request: FastifyRequest, reply: FastifyReply): Promise<never> {
    await app.countFailure(request, reply)
    const path = asRouted(request.url.split('?', 1)[0] ?? '')
    const methods = [...methodsByUrl].find(([url]) => matches(url, path))?.[1]
    if (methods === undefined) throw new ProxyError('NotFound')
    const allow = [...methods].join(', ')
    throw new ProxyError('MethodNotAllowed', `This path does not take this method; use ${methods.has('POST') ? 'POST' : allow}.`, { allow })
  }

  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) refuse(request, reply).catch(done)
    else done()
  })
  // For a route that finds nothing itself, such as a folder of files.
  app.setNotFoundHandler(refuse)
}, { name: 'other-methods', dependencies: ['error-answers', 'address-failures'] })

/** The path as the router takes it: percent signs read, except those of `/` and the like, doubled slashes as one, none at the end. */
function asRouted (path: string): string {
  // What cannot be read never comes here: see request-target.ts.
  return decodeURI(path).replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
}

/** Route patterns here have whole segments as parameters, nothing finer. */
function matches (pattern: string, path: string): boolean {
  const parts = path.split('/')
  const expected = pattern.split('/')
  return parts.length === expected.length && expected.every((part, at) => part === parts[at] || (part.startsWith(':') && parts[at] !== ''))
}
