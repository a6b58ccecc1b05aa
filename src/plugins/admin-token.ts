import { createHash, timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import { ProxyError } from '../errors.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False: this route of the admin port never needs the token. */
    needsToken?: boolean
  }
}

export interface AdminTokenOptions {
  /** Undefined: nobody needs one, which only a loopback listener may say. */
  readonly token: string | undefined
}

/** Digests have one length, so the comparison tells neither how long the token is nor how much of a guess was right. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Lets nobody past without the operator's token, unknown paths included, so that a stranger cannot even learn which there are. */
export default fp<AdminTokenOptions>(async (app, { token }) => {
  if (token === undefined) return
  const expected = digest(token)
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.needsToken === false) return
    const sent = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    if (sent !== undefined && timingSafeEqual(digest(sent), expected)) return
    reply.header('www-authenticate', 'Bearer')
    throw new ProxyError('InvalidToken')
  })
}, { name: 'admin-token', dependencies: ['error-answers'] })
