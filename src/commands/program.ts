import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config.js'
import { redactOwnText, redactText } from '../redact.js'
import { readVersion } from '../version.js'
import type { Caller } from './caller.js'
import { COMMANDS } from './commands.js'
import { UsageError } from './failure.js'

/** Errors whose messages are sentences of ours; what other packages throw may quote anything. */
const OWN_ERRORS: ReadonlySet<string> = new Set(['UsageError', 'CommandFailure', 'ConfigError', 'CatalogFileError', 'CredentialsError', 'StoreError', 'RegistryError', 'ListenError'])
const EXIT = { failure: 1, wrongUse: 2 }

/** Settings of a .env file count where the environment has none. */
function readEnvFile (): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw new ConfigError('The file .env cannot be read.')
  }
}

/** The command line with the command of that name, or, if there is none, with every command. */
export async function buildProgram (caller: Caller, name?: string): Promise<Command> {
  const program = new Command('energy-expert-proxy')
    .description('Takes unsigned PushDeviceData requests from plants, signs them and relays them to Energy Expert.')
    .version(readVersion())
  const only = name === undefined ? undefined : COMMANDS.get(name)
  for (const load of only === undefined ? COMMANDS.values() : [only]) program.addCommand(await load(caller))
  handOver(program, caller)
  return program
}

/** The exit code is decided in one place, so no command may end the process by itself; help and complaints go to the caller. */
function handOver (command: Command, caller: Caller): void {
  command
    .exitOverride()
    .showHelpAfterError('(--help shows how it is used)')
    .configureOutput({ writeOut: text => { caller.stdout.write(text) }, writeErr: text => { caller.stderr.write(text) } })
  for (const each of command.commands) handOver(each, caller)
}

function sentenceOf (error: unknown): string {
  if (!(error instanceof Error)) return redactText(String(error))
  return OWN_ERRORS.has(error.name) ? redactOwnText(error.message) : redactText(error.message)
}

function exitCodeOf (error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.wrongUse
  if (error instanceof UsageError) return EXIT.wrongUse
  return EXIT.failure
}

/**
 * Runs one command to its end and says on standard error what stopped it, in one sentence.
 *
 * @param args what stands behind the program's name
 * @returns the exit code: 0 done, 1 could not be carried out, 2 wrong use
 */
export async function runProgram (args: readonly string[], caller: Caller): Promise<number> {
  try {
    readEnvFile()
    const program = await buildProgram(caller, args[0])
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // Commander has written its own sentence already.
    if (!(error instanceof CommanderError)) caller.stderr.write(`${sentenceOf(error)}\n`)
    return exitCodeOf(error)
  }
}
