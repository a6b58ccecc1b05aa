import { Command } from 'commander'
import type { Output } from './print.js'

/** The one action that the proxy calls knows neither resources nor conditions. */
const LEAST_POLICY = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'energy:PushDeviceData', Resource: '*' }] }

/** `ram-policy`: what the RAM user or role of a credential needs, and nothing else. */
export function ramPolicyCommand ({ stdout }: { readonly stdout: Output }): Command {
  return new Command('ram-policy')
    .description('print the least RAM policy that the proxy needs, to paste into the RAM console')
    .option('--json', 'Print it on one line.')
    .action(({ json }: { json?: boolean }) => { stdout.write(`${JSON.stringify(LEAST_POLICY, undefined, json === true ? 0 : 2)}\n`) })
}
