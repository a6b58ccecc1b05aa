import { Command } from 'commander'
import { loadAtOnce } from '../load-at-once.js'
import type { runServer } from './run-server.js'

/** The proxy, until SIGTERM or SIGINT. */
export function serveCommand (): Command {
  return new Command('serve')
    .description('run the proxy; every setting comes from the environment or a .env file')
    .action(async () => {
      // Loaded only now: the other commands would wait a third of a second for a server that they do not start.
      const server = await loadAtOnce<{ runServer: typeof runServer }>(new URL('run-server.js', import.meta.url))
      await server.runServer()
    })
}
