import type { IncomingMessage, ServerResponse } from 'node:http'
import fp from 'fastify-plugin'

/**
 * `Expect: 100-continue` (.NET, WinHTTP, curl) is answered only when the key and the limits were judged; a refused sender keeps
 * its body. Its connection then ends, since nobody can tell whether its next bytes are that body or another request.
 * Any other expectation is ignored: its sender wants its push delivered, and Node alone would answer 417 without a body.
 */
export default fp(async app => {
  const waiting = new WeakSet<IncomingMessage>()

  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request)
    app.routing(request, response)
  })

  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => { app.routing(request, response) })

  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (waiting.delete(request.raw)) reply.raw.writeContinue()
    done()
  })

  app.addHook('onSend', (request, reply, _payload, done) => {
    if (waiting.has(request.raw)) reply.header('connection', 'close')
    done()
  })
}, { name: 'expect-continue', dependencies: ['raw-body'] })
