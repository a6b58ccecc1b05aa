import type { Test } from 'tap'
import { ProxyError } from '../../src/errors.js'
import type { Step } from '../../src/intake/arrival.js'
import { readPush, type IntakePolicy } from '../../src/intake/read-push.js'
import { mappingPairFault, mappingTextFault } from '../../src/mapping/mapping-faults.js'

type Policy = Partial<IntakePolicy>

/** What became of a body. */
export interface Read {
  readonly deviceType: string
  /** Device, time and points of each record, with one device and one time for all of their text. */
  readonly records: ReadonlyArray<readonly [deviceId: string | undefined, recordTime: string, data: Readonly<Record<string, string>>]>
  readonly repairs: Readonly<Record<string, number>>
  /** What the dialect told of itself. */
  readonly told: string | undefined
}

/** Reads a body as a plant's; a mapping that could not be set fails. */
export function readAs (policy: Policy, body: string | Uint8Array): Read {
  const { dialect = 'energy-expert', mapping } = policy
  const fault = (mapping === undefined ? undefined : mappingTextFault(mapping)) ?? mappingPairFault(dialect, mapping)
  if (fault !== undefined) throw new Error(`a mapping that cannot be set: ${fault}`)
  const steps: Step[] = []
  const { push, repairs } = readPush(typeof body === 'string' ? Buffer.from(body) : body, { unknownFields: 'reject', ...policy }, { nowMs: 0, onStep: step => { steps.push(step) } })
  return {
    deviceType: push.deviceType,
    records: push.devices.map(({ deviceId, recordTime, data }) => [deviceId, recordTime, Object.fromEntries(Object.entries(data))]),
    repairs: Object.fromEntries(repairs),
    told: steps.find(({ step }) => step === 'dialect')?.what
  }
}

/** The faults of a body that is refused, each as its path and message; without faults the code and message. */
export function faultsAs (policy: Policy, body: string | Uint8Array): string[] {
  const { code, message, faults } = refusalAs(policy, body)
  return faults === undefined ? [`${code} ${message}`] : faults.map(fault => `${fault.path} ${fault.message}`)
}

export function refusalAs (policy: Policy, body: string | Uint8Array): ProxyError {
  try {
    readAs(policy, body)
  } catch (cause) {
    if (cause instanceof ProxyError) return cause
    throw cause
  }
  throw new Error('was read')
}

/** The faults of a body that is refused are these and no others. */
export function matchFaults (t: Test, policy: Policy, body: string | Uint8Array, faults: readonly RegExp[]): void {
  const found = faultsAs(policy, body)
  t.match(found, faults)
  t.equal(found.length, faults.length, found.join('; '))
}
