import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { FAULT_NAMES } from '../sandbox/faults.js'
import type { FaultName, ReceivedPush, Sandbox, SandboxAccount } from '../sandbox/sandbox.js'
import { CommandFailure, UsageError } from './failure.js'

/** Obviously no real pair, so it may be printed. */
const DEFAULT_ACCOUNT = { accessKeyId: 'sandbox-key-id', accessKeySecret: 'sandbox-key-secret' }

interface SandboxCommandOptions {
  readonly host: string
  readonly port: number
  readonly accessKeyId?: string
  readonly accessKeySecretFile?: string
  readonly fault?: FaultName
  readonly json?: boolean
}

export interface SandboxCommandParts {
  readonly stdout: { write (text: string): unknown }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Resolves when the command is to end. */
  readonly untilEnd: () => Promise<unknown>
}

/** The stand-in for Energy Expert, until SIGINT or SIGTERM. */
export function sandboxCommand (parts: SandboxCommandParts = processParts()): Command {
  return new Command('sandbox')
    .description('run a stand-in for Energy Expert: verifies signatures, injects faults, shows what it received')
    .option('--host <address>', 'the address to listen at', '127.0.0.1')
    .option('--port <number>', 'the port to listen at; 0 lets the system choose', readPort, 9988)
    .option('--access-key-id <id>', `the AccessKey id it knows (default: ${DEFAULT_ACCOUNT.accessKeyId})`)
    .option('--access-key-secret-file <file>', 'holds the AccessKey secret; or set SANDBOX_ACCESS_KEY_SECRET')
    .addOption(new Option('--fault <name>', 'what it does wrong from the start').choices(FAULT_NAMES))
    .option('--json', 'print one JSON object a line')
    .action(async (options: SandboxCommandOptions) => {
      const account = await readAccount(options, parts.environment)
      const print = (line: string): void => { parts.stdout.write(`${line}\n`) }
      const onReceived = (push: ReceivedPush): void => { print(options.json === true ? inJson(push) : inWords(push)) }
      // Loaded only now: the other commands would wait for what they do not use.
      const { startSandbox } = await import('../sandbox/sandbox.js')
      const sandbox = await startSandbox({ host: options.host, port: options.port, accounts: [account], onReceived }).catch((cause: unknown) => {
        throw new CommandFailure(`The sandbox cannot listen at ${options.host}, port ${options.port}${codeOf(cause)}; choose another with --host and --port.`, { cause })
      })
      if (options.fault !== undefined) sandbox.inject(options.fault)
      const settings = settingsFor(sandbox, account)
      print(options.json === true ? JSON.stringify({ origin: sandbox.origin, fault: options.fault ?? null, settings }) : welcome(sandbox, settings))
      await parts.untilEnd()
      await sandbox.close()
    })
}

function processParts (): SandboxCommandParts {
  return {
    stdout: process.stdout,
    environment: process.env,
    // Once each: a second signal ends the process at once, as signals do.
    untilEnd: async () => {
      await new Promise(resolve => {
        process.once('SIGINT', resolve)
        process.once('SIGTERM', resolve)
      })
    }
  }
}

function readPort (text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.')
  return port
}

/** A secret never stands among the arguments, where every user of the machine could read it. */
async function readAccount (options: SandboxCommandOptions, environment: SandboxCommandParts['environment']): Promise<SandboxAccount> {
  const { accessKeyId, accessKeySecretFile } = options
  const accessKeySecret = accessKeySecretFile === undefined
    ? environment.SANDBOX_ACCESS_KEY_SECRET
    : (await readSecret(accessKeySecretFile)).trim()
  if (accessKeyId === undefined && accessKeySecret === undefined) return DEFAULT_ACCOUNT
  if (accessKeySecret === undefined || accessKeySecret === '') {
    throw new UsageError('--access-key-id needs its secret: set SANDBOX_ACCESS_KEY_SECRET or name a file with --access-key-secret-file.')
  }
  return { accessKeyId: accessKeyId ?? DEFAULT_ACCOUNT.accessKeyId, accessKeySecret }
}

async function readSecret (file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandFailure(`${file} cannot be read${codeOf(cause)}; name a file that holds the AccessKey secret.`, { cause })
  })
}

function codeOf (cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
}

/** What the proxy must be told; a secret of the user's own is not printed back. */
function settingsFor (sandbox: Sandbox, account: SandboxAccount): Readonly<Record<string, string>> {
  const isLoopback = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(sandbox.origin).hostname)
  return {
    ENERGY_EXPERT_ENDPOINT: sandbox.origin,
    ...isLoopback ? undefined : { ENERGY_EXPERT_ALLOW_HTTP: 'true' },
    ALIBABA_CLOUD_ACCESS_KEY_ID: account.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: account.accessKeySecret === DEFAULT_ACCOUNT.accessKeySecret ? account.accessKeySecret : '<the secret you gave>'
  }
}

function welcome ({ origin }: Sandbox, settings: Readonly<Record<string, string>>): string {
  return [
    `The sandbox of Energy Expert listens on ${origin}. Point the proxy at it:`,
    '',
    ...Object.entries(settings).map(([name, value]) => `export ${name}='${value}'`),
    '',
    `What it received:  curl ${origin}/received`,
    `Make it fail:      curl -X PUT ${origin}/faults -d '{"fault":"throttles","times":3}'`,
    `Make it well:      curl -X DELETE ${origin}/faults`,
    '',
    'Every push that arrives is a line here; Ctrl+C ends it.'
  ].join('\n')
}

// Quoted by JSON: a sender's text must not move the cursor of whoever watches.
function inWords ({ receivedAt, requestId, accessKeyId, answered, push }: ReceivedPush): string {
  const count = push.devices.length === 1 ? '1 device' : `${push.devices.length} devices`
  return `${receivedAt} received ${requestId} from ${accessKeyId}, signature verified: deviceType ${JSON.stringify(push.deviceType)}, ${count}${answered ? '' : ', sender not told'}`
}

function inJson ({ receivedAt, requestId, accessKeyId, answered, verified, push }: ReceivedPush): string {
  return JSON.stringify({ receivedAt, requestId, accessKeyId, verified, answered, deviceType: push.deviceType, devices: push.devices.length })
}
