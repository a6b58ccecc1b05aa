import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { spawn } from 'node:child_process'
import t, { type Test } from 'tap'
import { PLAIN_NODE, projectPath } from '../support/project.js'

/** Ports that fetch asks nobody on, whatever listens there; the first that is free here is taken. */
const FORBIDDEN_TO_FETCH = [10080, 6667, 6666, 6668, 6669, 6697, 6566, 5061, 4190]

async function listenOnOneOf (t: Test, ports: readonly number[], server: Server): Promise<number> {
  t.teardown(() => { server.close() })
  for (const port of ports) {
    server.listen(port, '127.0.0.1')
    const listens = await once(server, 'listening').then(() => true, () => false)
    const address = server.address()
    if (listens && typeof address === 'object' && address !== null) return address.port
  }
  throw new Error('none of the ports is free')
}

async function healthOf (env: Record<string, string>): Promise<number | null> {
  const [command, ...args] = PLAIN_NODE
  const [code] = await once(spawn(command, [...args, projectPath('scripts/docker-health.js')], { env: { PATH: process.env['PATH'] ?? '', ...env } }), 'close')
  return code
}

for (const ports of [[0], FORBIDDEN_TO_FETCH]) {
  t.test(`the image's health check finds a proxy that is alive on ${ports[0] === 0 ? 'any port' : 'a port that fetch forbids'}, and no other`, async t => {
    let statusCode = 200
    const asked: unknown[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(statusCode).end('{}')
    })
    const ADMIN_PORT = String(await listenOnOneOf(t, ports, server))
    t.equal(await healthOf({ ADMIN_PORT }), 0)
    t.equal(await healthOf({ ADMIN_PORT, ADMIN_HOST: '0.0.0.0' }), 0)
    statusCode = 503
    t.equal(await healthOf({ ADMIN_PORT }), 1)
    t.strictSame(asked, ['/livez', '/livez', '/livez'])
    server.close()
    t.equal(await healthOf({ ADMIN_PORT }), 1, 'nobody listens')
  })
}
