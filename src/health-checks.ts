import type { CredentialSource } from './credentials/credential-source.js'
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

/** Without one nothing can be signed. The sentences of a credential problem quote nothing, so anybody may read them. */
export const checkCredentials = (credentials: CredentialSource): Check => async () => {
  try {
    const { expiresAtMs } = await credentials.get()
    return { detail: expiresAtMs === undefined ? { expires: 'never' } : { expires: new Date(expiresAtMs).toISOString() } }
  } catch (error) {
    const problem = error instanceof Error ? error.cause : undefined
    return { reason: problem instanceof Error && problem.name === 'CredentialProblem' ? problem.message : 'No valid RAM credential can be had; the log says why.' }
  }
}

export const checkEventLoop = (eventLoop: EventLoopWatch): Check => () => ({
  ...(eventLoop.isStuck ? { reason: 'The process is held up most of the time; give it more CPU or fewer pushes.' } : undefined),
  detail: { blockedShare: Math.round(eventLoop.blockedShare * 1000) / 1000 }
})
