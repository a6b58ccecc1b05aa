import type { Clock } from './clock.js'
import type { Finding } from './health.js'
import type { AttemptEvent } from './relay/relay.js'

export interface CloudWatch {
  note (event: Pick<AttemptEvent, 'kind'>): void
  /** A detail and never a reason: a proxy whose cloud is down still answers, and stores where it may. */
  find (): Finding
}

/** What the cloud said last, and how long ago. */
export function watchCloud (clock: Clock): CloudWatch {
  let lastVerdict: string | undefined
  let lastAtMs = 0
  let deliveredAtMs: number | undefined
  const ageSeconds = (atMs: number): number => Math.round((clock.monotonicMs() - atMs) / 1000)

  return {
    note: ({ kind }) => {
      lastVerdict = kind
      lastAtMs = clock.monotonicMs()
      if (kind === 'delivered') deliveredAtMs = lastAtMs
    },
    find: () => ({
      detail: lastVerdict === undefined
        ? { lastVerdict: 'none' }
        : {
            lastVerdict,
            ageSeconds: ageSeconds(lastAtMs),
            ...(deliveredAtMs === undefined ? undefined : { deliveredAgeSeconds: ageSeconds(deliveredAtMs) })
          }
    })
  }
}
