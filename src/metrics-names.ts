import { Counter, Gauge, type Registry } from 'prom-client'
import { TalliedHistogram, type Noting } from './metrics-histogram.js'

const PREFIX = 'energy_expert_proxy_'

/** The name without its prefix, and one sentence. */
type Named = readonly [name: string, help: string]

const common = ([name, help]: Named, registry: Registry): { name: string, help: string, registers: Registry[] } => ({ name: PREFIX + name, help, registers: [registry] })

export const newHistogram = (registry: Registry, named: Named, buckets: number[]): Noting => new TalliedHistogram({ ...common(named, registry), buckets })

export const newCounter = (registry: Registry, named: Named): Counter => new Counter(common(named, registry))

/** A counter that is kept elsewhere, and read when the numbers are asked for. */
export function newReadCounter (registry: Registry, named: Named, read: () => number): void {
  const counter: Counter = new Counter({
    ...common(named, registry),
    collect: () => {
      counter.reset()
      counter.inc(read())
    }
  })
}

/** @param collect Called when the numbers are asked for. */
export function newGauge (registry: Registry, named: Named, collect?: (gauge: Gauge) => void | Promise<void>): Gauge {
  const gauge: Gauge = new Gauge({ ...common(named, registry), ...(collect === undefined ? undefined : { collect: async () => { await collect(gauge) } }) })
  return gauge
}

/** The same by plant. */
export function newPlantGauge (registry: Registry, named: Named, collect: (gauge: Gauge) => Promise<void>): Gauge {
  const gauge: Gauge = new Gauge({ ...common(named, registry), labelNames: ['plant'], collect: async () => { await collect(gauge) } })
  return gauge
}

/** One for each RAM credential, absent until it is set. */
export function newCredentialGauge (registry: Registry, named: Named): Gauge {
  return new Gauge({ ...common(named, registry), labelNames: ['credential'] })
}

/** A gauge that is absent until it is set, since a 0 would mean something else (an expiry in 1970). */
export function newAbsentGauge (registry: Registry, named: Named): Gauge {
  const gauge = newGauge(registry, named)
  gauge.remove()
  return gauge
}

/** A counter by one or two labels. It counts by itself, and prom-client is told when the numbers are asked for. */
export class LabelledCounter {
  readonly #counts = new Map<string, Map<string, { count: number }>>()

  constructor (registry: Registry, named: Named, labelNames: readonly [string] | readonly [string, string]) {
    const counter: Counter = new Counter({ ...common(named, registry), labelNames, collect: () => { this.#tell(counter) } })
  }

  /** @param second Only where there are two labels. */
  add (first: string, second = '', by = 1): void {
    let bySecond = this.#counts.get(first)
    if (bySecond === undefined) {
      bySecond = new Map()
      this.#counts.set(first, bySecond)
    }
    const counted = bySecond.get(second)
    if (counted === undefined) bySecond.set(second, { count: by })
    else counted.count += by
  }

  #tell (counter: Counter): void {
    counter.reset()
    for (const [first, bySecond] of this.#counts) {
      for (const [second, { count }] of bySecond) (second === '' ? counter.labels(first) : counter.labels(first, second)).inc(count)
    }
  }
}
