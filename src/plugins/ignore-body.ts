import fp from 'fastify-plugin'

/** For a port that takes no bodies: what comes with one is judged by its path and method alone, never by its Content-Type. */
export default fp(async app => {
  app.addHook('onRequest', async request => {
    // Fastify picks a parser by this header, and a value without a slash would find none.
    if (request.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'application/octet-stream'
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', async () => undefined)
}, { name: 'ignore-body' })
