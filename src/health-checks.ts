import type { Clock } from './clock.js'
import { CredentialProblem } from './credentials/credential-problem.js'
import type { CredentialSource } from './credentials/credential-source.js'
import { ProxyError } from './errors.js'
import type { EventLoopWatch } from './event-loop-watch.js'
import type { Check } from './health.js'
import type { Registry } from './plants/registry.js'

/**
 * Without it nobody can be let in.
 * @param onProblem Told once until the store is well again.
 */
export function checkPlants (registry: Pick<Registry, 'listPlants'>, onProblem: (problem: unknown) => void): Check {
  let isBroken = false
  return () => {
    try {
      const plants = registry.listPlants().length
      isBroken = false
      return { detail: { plants } }
    } catch (problem) {
      if (!isBroken) onProblem(problem)
      isBroken = true
      return { reason: 'The plants\' store cannot be read; check DATA_DIR and the disk.' }
    }
  }
}

export interface CredentialChecks {
  /** The names that plants use. */
  readonly names: () => readonly string[]
  /** Throws ProxyError for one that is not known or cannot be used. */
  readonly sourceOf: (name: string) => CredentialSource
  readonly clock: Clock
}

/** Below the time that health.ts allows a check: one source that hangs must not hide what is known of the others. */
const SOURCE_MS_MAX = 1_000
const TOLD_MAX = 100

/**
 * Without any nothing can be signed. One of several that fails is told and no reason: the plants of the others would be shut out with
 * it. The sentences of a credential problem quote nothing, so anybody may read them.
 */
export const checkCredentials = ({ names, sourceOf, clock }: CredentialChecks): Check => async () => {
  const found = await Promise.all(names().slice(0, TOLD_MAX).map(async name => ({ name, ...await askSource(name, sourceOf, clock) })))
  const detail = Object.fromEntries(found.map(({ name, sentence }) => [name, sentence]))
  if (found.some(({ isValid }) => isValid)) return { detail }
  return { detail, reason: found.slice(0, 5).map(({ name, sentence }) => `${name}: ${sentence}`).join(' ') }
}

async function askSource (name: string, sourceOf: CredentialChecks['sourceOf'], clock: Clock): Promise<{ isValid: boolean, sentence: string }> {
  let cancel = (): void => {}
  const inTime = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(SOURCE_MS_MAX, () => { reject(new ProxyError('Credentials.Unavailable', undefined, { cause: new CredentialProblem('slow') })) })
  })
  try {
    const { expiresAtMs } = await Promise.race([sourceOf(name).get(), inTime])
    return { isValid: true, sentence: expiresAtMs === undefined ? 'valid' : `valid until ${new Date(expiresAtMs).toISOString()}` }
  } catch (error) {
    return { isValid: false, sentence: toSentence(error) }
  } finally {
    cancel()
  }
}

function toSentence (error: unknown): string {
  if (error instanceof ProxyError && error.code === 'Credentials.Unknown') return 'There is no credential of that name, which plants have set; add it, or give the plants another.'
  const problem = error instanceof Error ? error.cause : undefined
  return problem instanceof CredentialProblem ? problem.message : 'No valid RAM credential can be had; the log says why.'
}

export const checkEventLoop = (eventLoop: EventLoopWatch): Check => () => ({
  ...(eventLoop.isStuck ? { reason: 'The process is held up most of the time; give it more CPU or fewer pushes.' } : undefined),
  detail: { blockedShare: Math.round(eventLoop.blockedShare * 1000) / 1000 }
})
