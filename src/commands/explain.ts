import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import { systemClock } from '../clock.js'
import { readConfig } from '../config.js'
import { encodePush } from '../contract/encode-push.js'
import { tallyPush } from '../contract/tally-push.js'
import { fixedBook } from '../credentials/fixed-book.js'
import { ProxyError } from '../errors.js'
import { readPush } from '../intake/read-push.js'
import { placesOf } from '../open-accounts.js'
import { refuseAboveBurst } from '../plants/points-limit.js'
import type { Registry } from '../plants/registry.js'
import { createPreview, type PreviewedRequest } from '../relay/preview.js'
import { CommandFailure } from './failure.js'

export interface ExplainParts {
  readonly openRegistry: () => Registry
}

interface Explanation {
  readonly plant: string
  readonly bodyBytes: number
  readonly accepted: boolean
  readonly repairs: Readonly<Record<string, number>>
  readonly code?: string
  readonly message?: string
  readonly errors?: ReadonlyArray<{ path: string, message: string }>
  readonly sentBytes?: number
  readonly request?: PreviewedRequest
}

/** What would become of a body that a plant sends; sends nothing and needs no credential. */
export function explainCommand ({ openRegistry }: ExplainParts): Command {
  return new Command('explain')
    .description('show what would become of a body: repairs, faults, the canonical request; sends nothing')
    .argument('<file>', 'the body, byte for byte as the sender sends it; - reads standard input')
    .requiredOption('--plant <name>', 'the plant whose policy applies')
    .option('--json', 'print JSON')
    .action(async (file: string, options: { plant: string, json?: boolean }) => {
      const bytes = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((cause: unknown) => {
        throw new CommandFailure(`${file} cannot be read; name a file that holds the body.`, { cause })
      })
      const explanation = explain(bytes, options.plant, openRegistry)
      process.stdout.write(options.json === true ? `${JSON.stringify(explanation)}\n` : inWords(explanation))
      if (!explanation.accepted) process.exitCode = 1
    })
}

function explain (bytes: Buffer, plantName: string, openRegistry: () => Registry): Explanation {
  const config = readConfig(process.env)
  const { bodyMaxBytes } = config
  const registry = openRegistry()
  const { policy } = registry.showPlant(plantName)
  registry.close()
  try {
    if (bytes.length > bodyMaxBytes) throw new ProxyError('BodyTooLarge', `The body is larger than ${bodyMaxBytes} bytes; send fewer devices in one push.`)
    const { push, repairs } = readPush(bytes, policy)
    refuseAboveBurst(policy, tallyPush(push).points)
    const body = encodePush(push)
    const request = createPreview({ placeOf: placesOf(config, fixedBook()), clock: systemClock })(body, policy.credential)
    return { plant: plantName, bodyBytes: bytes.length, accepted: true, repairs: Object.fromEntries(repairs), sentBytes: body.length, request }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    const { code, message, faults } = error
    return { plant: plantName, bodyBytes: bytes.length, accepted: false, repairs: {}, code, message, ...(faults === undefined ? undefined : { errors: faults }) }
  }
}

function inWords ({ plant, bodyBytes, accepted, repairs, code, message, errors = [], sentBytes, request }: Explanation): string {
  const changed = Object.entries(repairs).map(([repair, count]) => `${repair} ${count} times`)
  const lines = [
    `Plant ${plant}, a body of ${bodyBytes} bytes: ${accepted ? 'it would be sent' : `it would be refused with ${code ?? ''}`}.`,
    ...(message === undefined ? [] : [message]),
    ...errors.map(fault => `  ${fault.path === '' ? '(the whole body)' : fault.path}  ${fault.message}`),
    ...(accepted ? [`Changed on the way: ${changed.join(', ') || 'nothing'}.`] : []),
    ...(request === undefined ? [] : [`Sent would be ${sentBytes ?? 0} bytes to ${request.url}, signed over this canonical request:`, '', request.canonicalRequest])
  ]
  return `${lines.join('\n')}\n`
}
