import { systemClock } from '../../src/clock.js'
import { openRegistry, type Registry } from '../../src/plants/registry.js'

/** What a command would do to the registry of a directory. */
export interface Change {
  readonly dataDir: string
  readonly method: 'setPlant' | 'removePlant' | 'createKey' | 'revokeKey'
  readonly given: readonly unknown[]
}

// A second process beside a running registry, as a command is: it makes each change that it is sent, and answers with the
// result, or with the sentence of the failure.
process.on('message', ({ dataDir, method, given }: Change) => {
  const registry = openRegistry({ dataDir, clock: systemClock })
  // Given across a process border, arguments have lost their types; a wrong one is a wrong test.
  const call = registry[method] as (...given: readonly unknown[]) => ReturnType<Registry[typeof method]>
  try {
    process.send?.({ result: call(...given) ?? null })
  } catch (error) {
    process.send?.({ error: String(error) })
  } finally {
    registry.close()
  }
})
