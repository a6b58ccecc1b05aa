// The image's HEALTHCHECK: ends well when the proxy is alive. Alive, not ready: one that lacks a credential is not mended by a restart.
// Not with fetch, which refuses some ports that the admin port may well have (10080, 6667).
import { get } from 'node:http'

const { ADMIN_HOST = '', ADMIN_PORT = '' } = process.env
const host = ['', '0.0.0.0', '::'].includes(ADMIN_HOST) ? '127.0.0.1' : ADMIN_HOST.replace(/^\[|\]$/g, '')

// Without a keep-alive agent, so that the process ends with the answer; the engine's own time limit ends what hangs.
get({ host, port: ADMIN_PORT === '' ? 8081 : ADMIN_PORT, path: '/livez', agent: false }, answer => {
  process.exitCode = answer.statusCode === 200 ? 0 : 1
  answer.resume()
}).on('error', () => { process.exitCode = 1 })
