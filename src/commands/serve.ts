import { Command } from 'commander'

/** The proxy, until SIGTERM or SIGINT. */
export function serveCommand (): Command {
  return new Command('serve')
    .description('run the proxy; every setting comes from the environment or a .env file')
    .action(async () => {
      // Loaded only now: the other commands would wait a third of a second for a server that they do not start.
      const { runServer } = await import('./run-server.js')
      await runServer()
    })
}
