import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import type { Registry } from '../plants/registry.js'
import type { Caller } from './caller.js'
import type { ExplainOptions } from './explain-body.js'
import { CommandFailure } from './failure.js'

export interface ExplainParts {
  readonly openRegistry: () => Registry
  readonly caller: Caller
}

/** What would become of a body that a plant sends; sends nothing and needs no credential. */
export function explainCommand ({ openRegistry, caller }: ExplainParts): Command {
  return new Command('explain')
    .description('show what would become of a body: repairs, faults, the push, the canonical request; sends nothing')
    .argument('<file>', 'the body, byte for byte as the sender sends it; - reads standard input')
    .requiredOption('--plant <name>', 'the plant whose policy applies')
    .option('--content-type <value>', 'the Content-Type that the sender sends')
    .option('--json', 'print JSON')
    .action(async (file: string, options: ExplainOptions) => {
      const bytes = await (file === '-' ? buffer(caller.stdin) : readFile(file)).catch((cause: unknown) => {
        throw new CommandFailure(`${file} cannot be read; name a file that holds the body.`, { cause })
      })
      // Loaded only now: the other commands would wait for packages that they do not use.
      const { explain, inWords } = await import('./explain-body.js')
      const explanation = await explain(bytes, options, openRegistry)
      caller.stdout.write(options.json === true ? `${JSON.stringify(explanation)}\n` : inWords(explanation))
      if (!explanation.accepted) caller.exitCode = 1
    })
}
