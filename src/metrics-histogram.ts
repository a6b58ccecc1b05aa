import { Histogram, type HistogramConfiguration } from 'prom-client'

type Described = Awaited<ReturnType<Histogram['get']>>

/** All that is asked of a histogram here. */
export type Noting = Pick<TalliedHistogram, 'note'>

/** Without labels. It counts by itself, since prom-client takes most of a microsecond for each value, and is read when the numbers are asked for. */
export class TalliedHistogram extends Histogram {
  /** Never counts: it knows how a histogram is told. */
  readonly #described: Histogram
  readonly #bounds: readonly number[]
  /** By bucket, not added up; the last is for whatever is above all bounds. */
  readonly #counts: number[]
  #sum = 0

  /** @param configuration With the bounds of its buckets, the lowest first. */
  constructor (configuration: HistogramConfiguration<string> & { buckets: number[] }) {
    super(configuration)
    this.#described = new Histogram({ ...configuration, registers: [] })
    this.#bounds = configuration.buckets
    this.#counts = configuration.buckets.map(() => 0).concat(0)
  }

  /**
   * In the place of observe(), which counts nothing here.
   * @throws {TypeError} when the value is no finite number, as observe() does: the sum would never be one again
   */
  note (value: number): void {
    if (!Number.isFinite(value)) throw new TypeError('A histogram counts finite numbers.')
    let place = 0
    while (value > (this.#bounds[place] ?? Infinity)) place++
    this.#counts[place] = (this.#counts[place] ?? 0) + 1
    this.#sum += value
  }

  override async get (): Promise<Described> {
    let count = 0
    const upTo = this.#counts.map(counted => { count += counted; return count })
    // As prom-client has them: the buckets, what all values come to, and how many there were.
    const told = [...upTo, this.#sum, count]
    const described = await this.#described.get()
    return { ...described, values: described.values.map((value, place) => ({ ...value, value: told[place] ?? 0 })) }
  }

  /** What a registry asks when it writes its text. */
  async getForPromString (): Promise<Described> {
    return await this.get()
  }
}
