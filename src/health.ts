import type { Clock } from './clock.js'

/** What a check found. */
export interface Finding {
  /** Present: the proxy is not ready, and this sentence says why and what to do. No secret, no device. */
  readonly reason?: string
  /** What whoever looks after the proxy may want to know even when all is well; units in the names. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

export type Check = () => Finding | Promise<Finding>

export interface Reason {
  /** The check's name. */
  readonly check: string
  readonly message: string
}

export interface HealthReport {
  readonly ready: boolean
  readonly reasons: readonly Reason[]
  /** By the check's name. */
  readonly details: Readonly<Record<string, NonNullable<Finding['detail']>>>
}

export interface Health {
  /** A later check of the same name takes the place of the earlier. */
  add (name: string, check: Check): void
  /** Asks every check at once; one that does not answer in time counts as not ready. */
  report (): Promise<HealthReport>
  /** From now on the proxy is not ready, whatever the checks say. */
  beginShutdown (): void
}

export interface HealthParts {
  readonly clock: Clock
  /** How long a check may take; probes give up after a few seconds themselves. Default 2 s. */
  readonly checkTimeoutMs?: number
  /** Learns what a check threw, once until it is well again: a probe comes by every few seconds. */
  readonly onProblem?: (check: string, problem: unknown) => void
}

/** Whether pushes may be sent here now: a registry of named checks that others hand in. */
export function createHealth ({ clock, checkTimeoutMs = 2_000, onProblem = () => {} }: HealthParts): Health {
  const checks = new Map<string, Check>()
  /** A check that hangs is not asked a second time, however often a probe comes by. */
  const underWay = new Map<Check, Promise<Finding>>()
  const broken = new Set<string>()
  let isShuttingDown = false

  async function ask (name: string, check: Check): Promise<Finding> {
    try {
      const finding = await check()
      broken.delete(name)
      return finding
    } catch (problem) {
      if (!broken.has(name)) onProblem(name, problem)
      broken.add(name)
      return { reason: 'The check itself failed; the log says how.' }
    }
  }

  async function askInTime (name: string, check: Check): Promise<Finding> {
    const answer = underWay.get(check) ?? ask(name, check)
    underWay.set(check, answer)
    return await new Promise(resolve => {
      const cancel = clock.after(checkTimeoutMs, () => { resolve({ reason: `There was no answer within ${checkTimeoutMs} ms.` }) })
      answer.then(finding => {
        underWay.delete(check)
        cancel()
        resolve(finding)
      }, () => {})
    })
  }

  return {
    add: (name, check) => { checks.set(name, check) },
    beginShutdown: () => { isShuttingDown = true },
    async report () {
      const reasons: Reason[] = isShuttingDown ? [{ check: 'process', message: 'The proxy is shutting down.' }] : []
      const details: Record<string, NonNullable<Finding['detail']>> = {}
      const found = await Promise.all([...checks].map(async ([check, ask]) => ({ check, ...await askInTime(check, ask) })))
      for (const { check, reason, detail } of found) {
        if (reason !== undefined) reasons.push({ check, message: reason })
        if (detail !== undefined) details[check] = detail
      }
      return { ready: reasons.length === 0, reasons, details }
    }
  }
}
