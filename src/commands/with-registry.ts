import { RegistryError } from '../plants/registry-error.js'
import type { Registry } from '../plants/registry.js'
import { CommandFailure, UsageError } from './failure.js'
import type { Output } from './print.js'

export interface RegistryCommandParts {
  readonly openRegistry: () => Registry
  readonly stdout: Output
  readonly stderr: Output
}

/**
 * Opens the registry for one command and closes it again.
 * @throws {UsageError|CommandFailure} in place of what the registry and the store refuse in plain sentences
 */
export function withRegistry<Result> (openRegistry: () => Registry, work: (registry: Registry) => Result): Result {
  try {
    const registry = openRegistry()
    try {
      return work(registry)
    } finally {
      registry.close()
    }
  } catch (cause) {
    if (cause instanceof RegistryError && cause.reason === 'wrong-use') throw new UsageError(cause.message, { cause })
    // By name, since a command does not know the store.
    if (cause instanceof RegistryError || (cause instanceof Error && cause.name === 'StoreError')) throw new CommandFailure(cause.message, { cause })
    throw cause
  }
}
