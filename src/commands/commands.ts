import type { Command } from 'commander'
import { systemClock } from '../clock.js'
import { readConfig } from '../config.js'
import type { Caller } from './caller.js'
import type { RegistryCommandParts } from './with-registry.js'

type LoadCommand = (caller: Caller) => Promise<Command>

/** Every command by its name, in the order of `--help`. Each is loaded by who runs it, since none should wait for what the others need. */
export const COMMANDS: ReadonlyMap<string, LoadCommand> = new Map<string, LoadCommand>([
  ['serve', async () => (await import('./serve.js')).serveCommand()],
  ['demo', async () => (await import('./demo.js')).demoCommand()],
  ['sandbox', async () => (await import('./sandbox.js')).sandboxCommand()],
  ['plants', async caller => (await import('./plants.js')).plantsCommand(await registryParts(caller))],
  ['keys', async caller => (await import('./keys.js')).keysCommand(await registryParts(caller))],
  ['credentials', async caller => {
    const { credentialParts } = await import('./credential-parts.js')
    return (await import('./credentials.js')).credentialsCommand(credentialParts(await registryParts(caller), caller))
  }],
  ['ram-policy', async caller => (await import('./ram-policy.js')).ramPolicyCommand(caller)],
  ['queue', async caller => {
    const { queueParts } = await import('./queue-parts.js')
    return (await import('./queue.js')).queueCommand(queueParts(caller))
  }],
  ['catalog', async caller => (await import('./catalog.js')).catalogCommand(caller)],
  ['doctor', async caller => {
    const { doctorCommand, doctorParts } = await import('./doctor.js')
    return doctorCommand(doctorParts(caller))
  }],
  ['explain', async caller => (await import('./explain.js')).explainCommand({ ...await registryParts(caller), caller })]
])

async function registryParts ({ stdout, stderr }: Caller): Promise<RegistryCommandParts> {
  const { openRegistry } = await import('../plants/registry.js')
  return { openRegistry: () => openRegistry({ dataDir: readConfig(process.env).dataDir, clock: systemClock }), stdout, stderr }
}
