import { Command } from 'commander'
import { type Clock, systemClock } from '../clock.js'
import type { NamedFinding } from '../doctor/report.js'
import type { Caller } from './caller.js'
import { type Output, printJson } from './print.js'
import { forTerminal } from './queue-texts.js'

export interface DoctorCommandParts {
  readonly stdout: Output
  readonly stderr: Output
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Ends the process with the code, also when a question that was given up still keeps it. */
  readonly end: (exitCode: number) => void
}

const NAME_WIDTH = 11
const STATUS_WIDTH = 8
/** What was given up may hang for ever; what is to be printed is long on its way by then. */
const LINGER_MS = 1_000

/** What the command needs of this process, and of who runs it. */
export function doctorParts (caller: Caller): DoctorCommandParts {
  return {
    stdout: caller.stdout,
    stderr: caller.stderr,
    environment: process.env,
    clock: systemClock,
    end: exitCode => {
      caller.exitCode = exitCode
      setTimeout(() => { caller.exit() }, LINGER_MS).unref()
    }
  }
}

/** `doctor`: everything that a push needs, one line each, with the remedy. */
export function doctorCommand ({ stdout, stderr, environment, clock, end }: DoctorCommandParts): Command {
  return new Command('doctor')
    .description('Check settings, disk, clock, DNS, TLS, credential, RAM permission and queue, one line each, with the remedy. Sends no reading; the exit code is 1 when there is a fault.')
    .configureOutput({ writeOut: text => { stdout.write(text) }, writeErr: text => { stderr.write(text) } })
    .option('--plant <name>', 'The plant whose credential is tried; without it default, if any plant has it.')
    .option('--json', 'Print JSON for a program to read.')
    .action(async ({ plant, json }: { plant?: string, json?: boolean }) => {
      // Loaded only now: the other commands would wait for packages that they do not use.
      const { examine } = await import('../doctor/doctor.js')
      const onFinding = (finding: NamedFinding): void => { if (json !== true) stdout.write(`${inWords(finding)}\n`) }
      const findings = await examine({ environment, clock, plant, onFinding })
      const count = (status: NamedFinding['status']): number => findings.filter(finding => finding.status === status).length
      const [faults, warnings] = [count('fault'), count('warning')]
      if (json === true) printJson(stdout, { healthy: faults === 0, faults, warnings, checks: findings.map(toJson) })
      else stderr.write(`${inNumber(faults, 'fault')}, ${inNumber(warnings, 'warning')}.\n`)
      end(faults === 0 ? 0 : 1)
    })
}

function inWords ({ check, status, message, remedy }: NamedFinding): string {
  return forTerminal(`${status.padEnd(STATUS_WIDTH)} ${check.padEnd(NAME_WIDTH)} ${message}${remedy === undefined ? '' : ` ${remedy}`}`)
}

function toJson ({ check, status, message, remedy }: NamedFinding): object {
  return { check, status, message: forTerminal(message), remedy: remedy === undefined ? null : forTerminal(remedy) }
}

const inNumber = (count: number, what: string): string => `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
