// What many keys cost: `npm run bench:keys`. The relay with 10 keys beside one with 100,000, rounds in turn, see docs/performance.md.
import { readArguments } from './arguments.js'
import { bodiesOf } from './bodies.js'
import { load, type Round } from './load.js'
import { describeMachine, writeSection } from './markdown.js'
import { median, spread } from './numbers.js'
import { startUpstream } from './peers/nginx.js'
import { startProxy } from './peers/node.js'
import { markdownTable } from './table.js'

const FEW = 10
const MANY = 100_000
/** That many plants of a hundred thousand push at the same time. */
const USED = 1_000
const RATIO_MAX = 1.05

const { loads: [{ devices, connections } = { devices: 1, connections: 32 }], rounds, seconds, warmupSeconds, markdown } = readArguments({ loads: '1x32', rounds: 15, seconds: 3, warmup: 10 }, ['relay'])
const bodies = bodiesOf(devices)
const cloud = await startUpstream()
const few = await startProxy('relay', cloud.port, { keys: FEW })
const many = await startProxy('relay', cloud.port, { keys: MANY })
const sides = [
  { name: `${FEW} keys`, peer: few, rounds: new Array<Round>() },
  // Their ids are made by chance, so the first of them lie all over the table.
  { name: `${MANY} keys, ${USED} of them used`, peer: { ...many, keys: many.keys.slice(0, USED) }, rounds: new Array<Round>() }
] as const
try {
  for (const { peer } of sides) await load(peer, { bodies, connections, seconds: warmupSeconds })
  for (let round = 0; round < rounds; round++) {
    // Who comes second is no more at a disadvantage than who comes first.
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) side.rounds.push(await load(side.peer, { bodies, connections, seconds }))
  }
} finally {
  await Promise.all([few.stop(), many.stop(), cloud.stop()])
}

const costsUs = sides.map(side => side.rounds.map(round => round.cpuUsPerRequest))
// Of neighbours in time, for the machine's mood changes from minute to minute.
const ratios = (costsUs[1] ?? []).map((costUs, round) => costUs / (costsUs[0]?.[round] ?? NaN))
const header = ['', 'req/s', 'p99 ms', 'CPU µs', 'CPU min..max', 'failed']
const rows = sides.map(({ name, rounds: found }, index) => [
  name, median(found.map(round => round.perSecond)).toFixed(0), median(found.map(round => round.p99Ms)).toFixed(2),
  median(costsUs[index] ?? []).toFixed(0), spread(costsUs[index] ?? []), String(found.reduce((sum, round) => sum + round.failures, 0))
])
const title = `${await describeMachine()}; ${rounds} rounds of ${seconds} s, ${devices} × ${connections}`
const sentence = `CPU per request, 100,000 keys to 10: ${median(ratios).toFixed(3)} (median of pairs of rounds, ${spread(ratios, 2)}; the aim is at most ${RATIO_MAX}).`
process.stdout.write(`${title}\n${[header, ...rows].map(row => row.map((cell, index) => index === 0 ? cell.padEnd(32) : cell.padStart(14)).join('')).join('\n')}\n${sentence}\n`)
if (markdown !== undefined) writeSection(markdown, 'keys', [title, markdownTable(header, rows), sentence].join('\n\n'))
