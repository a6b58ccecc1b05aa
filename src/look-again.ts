import type { Clock } from './clock.js'

export interface LookAgainParts {
  readonly clock: Clock
  readonly everyMs: number
  /** Rejects with what is wrong with what it finds; then what was found before stays in use. */
  readonly look: () => Promise<void>
  /** Told once of each problem, until it is another or has passed. */
  readonly onProblem: (error: unknown) => void
}

/**
 * Looks at files again and again: fs.watch misses changes of mounted volumes and of what a symbolic link leads to.
 * @returns Stops it; a look that is under way goes on.
 */
export function lookAgain ({ clock, everyMs, look, onProblem }: LookAgainParts): () => void {
  let problem: string | undefined
  let isStopped = false
  let cancel = (): void => {}

  function lookLater (): void {
    cancel = clock.after(everyMs, () => {
      look().then(() => { problem = undefined }, (error: unknown) => {
        const message = error instanceof Error ? error.message : 'unknown'
        if (message !== problem) onProblem(error)
        problem = message
      }).finally(() => {
        if (!isStopped) lookLater()
      })
    })
  }

  lookLater()
  return () => {
    isStopped = true
    cancel()
  }
}
