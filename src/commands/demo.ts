import { Command } from 'commander'

/** The proxy and the sandbox cloud on loopback, with a plant and a key. */
export function demoCommand (): Command {
  return new Command('demo')
    .description('run the proxy with an embedded sandbox cloud, a demo plant and a key; needs no account and no setting')
    .action(async () => {
      const { runDemo } = await import('./run-demo.js')
      await runDemo()
    })
}
