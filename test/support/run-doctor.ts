import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { openRegistry } from '../../src/plants/registry.js'
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js'
import { CREDENTIAL } from './proxy.js'
import { FAST_ROOM } from './queue-in-place.js'
import { makeWorkplace } from './run-command.js'
import { runHere } from './run-here.js'

export interface Diagnosis {
  readonly code: number | null
  /** By the check's name: the status, then what was said with its remedy. */
  readonly lines: Readonly<Record<string, string>>
  /** The checks that found a fault. */
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

export interface Clinic {
  readonly folder: string
  readonly dataDir: string
  readonly cloud: Sandbox
  readonly env: Record<string, string>
  /** Runs `doctor --json` with what differs from a set-up that is well; `undefined` takes a setting away. `runCommand` runs it in a process of its own. */
  readonly examine: (env?: Readonly<Record<string, string | undefined>>, args?: readonly string[], run?: typeof runHere) => Promise<Diagnosis>
}

/** A set-up that is well: a plant, a sandbox cloud and its key in the environment. */
export async function openClinic (t: Test, sandbox: Partial<SandboxOptions> = {}): Promise<Clinic> {
  const cloud = await startSandbox({ accounts: [CREDENTIAL], ...sandbox })
  t.teardown(async () => { await cloud.close() })
  const dataDir = mkdtempSync(join(FAST_ROOM, 'proxy-doctor-'))
  t.teardown(() => { rmSync(dataDir, { recursive: true, force: true }) })
  const registry = openRegistry({ dataDir, clock: systemClock })
  registry.addPlant('plant-1', {})
  registry.close()
  const { folder, env: empty } = makeWorkplace(t)
  const env = {
    ...empty,
    DATA_DIR: dataDir,
    QUEUE_MAX_BYTES: '1048576',
    ENERGY_EXPERT_ENDPOINT: cloud.origin,
    ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
    ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIAL.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIAL.accessKeySecret
  }
  const examine: Clinic['examine'] = async (changed = {}, args = [], run = runHere) => {
    const settings = Object.entries({ ...env, ...changed }).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const { code, stdout, stderr } = await run(['doctor', '--json', ...args], { folder, env: Object.fromEntries(settings) })
    t.equal(stderr, '')
    t.notOk(/StringToSign|CanonicalRequest|"devices"/.test(stdout) || stdout.includes(CREDENTIAL.accessKeyId), 'no string-to-sign, body or whole key id')
    t.notOk(cloud.received().some(({ body }) => body.includes('deviceId')), 'no reading was sent')
    const { healthy, checks } = JSON.parse(stdout)
    const having = (status: string): string[] => checks.flatMap((each: { check: string, status: string }) => each.status === status ? [each.check] : [])
    t.equal(code, having('fault').length === 0 ? 0 : 1)
    t.equal(healthy, code === 0)
    return {
      code,
      lines: Object.fromEntries(checks.map(({ check, status, message, remedy }: Record<string, string>) => [check, `${status}: ${message} ${remedy ?? ''}`])),
      faults: having('fault'),
      warnings: having('warning')
    }
  }
  return { folder, dataDir, cloud, env, examine }
}
