import { parseArgs } from 'node:util'

/** So many devices in a push, over so many connections. */
export interface LoadSize {
  readonly devices: number
  readonly connections: number
}

export interface BenchArguments {
  readonly loads: readonly LoadSize[]
  readonly peers: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly warmupSeconds: number
  readonly minutes: number
  /** A file that gets the results between its marker comments. */
  readonly markdown: string | undefined
}

export interface BenchDefaults {
  readonly loads: string
  readonly rounds?: number
  readonly seconds?: number
  readonly warmup?: number
  readonly minutes?: number
}

/** Reads what stands behind the command. @param known the peers that there are, which is also the default */
export function readArguments (defaults: BenchDefaults, known: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    options: {
      loads: { type: 'string', default: defaults.loads },
      peers: { type: 'string', default: known.join(',') },
      rounds: { type: 'string', default: String(defaults.rounds ?? 1) },
      seconds: { type: 'string', default: String(defaults.seconds ?? 1) },
      warmup: { type: 'string', default: String(defaults.warmup ?? 8) },
      minutes: { type: 'string', default: String(defaults.minutes ?? 1) },
      markdown: { type: 'string' }
    }
  })
  const wanted = values.peers.split(',').map(name => name.trim())
  const stranger = wanted.find(name => !known.includes(name))
  if (stranger !== undefined) throw new Error(`There is no peer ${JSON.stringify(stranger)}; there are ${known.join(', ')}.`)
  return {
    loads: values.loads.split(',').map(readLoad),
    // In the order of the table, whatever was typed.
    peers: known.filter(name => wanted.includes(name)),
    rounds: Math.ceil(readNumber('rounds', values.rounds)),
    // wrk counts in whole seconds.
    seconds: Math.ceil(readNumber('seconds', values.seconds)),
    warmupSeconds: Math.ceil(readNumber('warmup', values.warmup)),
    minutes: readNumber('minutes', values.minutes),
    markdown: values.markdown
  }
}

function readLoad (text: string): LoadSize {
  const [, devices, connections] = /^\s*([1-9]\d*)x([1-9]\d*)\s*$/.exec(text) ?? []
  if (devices === undefined || connections === undefined) throw new Error(`${JSON.stringify(text)} is no load; write devices and connections, for instance 100x32.`)
  return { devices: Number(devices), connections: Number(connections) }
}

function readNumber (name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0 && Number.isFinite(number))) throw new Error(`--${name} is a number above 0.`)
  return number
}
