import type { Round } from './load.js'
import { median, shown, spread } from './numbers.js'

/** The rounds of each peer. */
export type Found = ReadonlyMap<string, Round[]>

const HEADER = ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs', 'CPU min..max', 'of naive', 'of njs', 'peak MB', 'failed']

/** Medians over the rounds, as text in columns and in Markdown. */
export function tableOf (found: Found): { text: string, markdown: string } {
  const all = (name: string, field: Exclude<keyof Round, 'isQuiet'>): number[] => (found.get(name) ?? []).map(round => round[field])
  const of = (name: string, field: Parameters<typeof all>[1]): number => median(all(name, field))
  const ratio = (name: string, other: string): string => shown(of(name, 'cpuUsPerRequest') / of(other, 'cpuUsPerRequest'), 2)
  const rows = [...found.keys()].map(name => [
    name, shown(of(name, 'perSecond')), shown(of(name, 'p50Ms'), 2), shown(of(name, 'p99Ms'), 2),
    shown(of(name, 'cpuUsPerRequest')), spread(all(name, 'cpuUsPerRequest')), ratio(name, 'naive SDK'), ratio(name, 'nginx njs'),
    (Math.max(...all(name, 'peakBytes')) / 1e6).toFixed(0),
    // A median would hide the round that failed.
    String(all(name, 'failures').reduce((sum, each) => sum + each, 0))
  ])
  const busy = [...found].flatMap(([name, rounds]) => rounds.every(round => round.isQuiet) ? [] : [`${name} still had work when the next one's turn came (${rounds.filter(round => !round.isQuiet).length} of ${rounds.length} rounds).`])
  return {
    text: [HEADER, ...rows].map(row => row.map((cell, index) => index === 0 ? cell.padEnd(12) : cell.padStart(HEADER[index] === 'CPU min..max' ? 16 : 9)).join('')).concat(busy).join('\n'),
    markdown: [markdownTable(HEADER, rows), ...busy].join('\n\n')
  }
}

export function markdownTable (header: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(header), `| --- |${' ---: |'.repeat(header.length - 1)}`, ...rows.map(line)].join('\n')
}
