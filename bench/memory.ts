// Memory under a load that lasts: `npm run bench:memory`, ten minutes each of relay and store, see docs/performance.md.
import { setTimeout } from 'node:timers/promises'
import { readArguments } from './arguments.js'
import { bodiesOf } from './bodies.js'
import { load } from './load.js'
import { describeMachine, writeSection } from './markdown.js'
import { median } from './numbers.js'
import { withPeers } from './peers/all.js'
import { startUpstream } from './peers/nginx.js'
import type { Peer } from './peers/peer.js'
import { readTree } from './process-tree.js'
import { markdownTable } from './table.js'

const EVERY_MS = 1_000
const AIM_BYTES = 150e6

const { loads, peers: names, minutes, markdown } = readArguments({ loads: '1x32', minutes: 10 }, ['relay', 'store'])
const header = ['', 'load', 'pushes', 'at rest MB', 'first minute MB', 'last minute MB', 'last / first', 'peak MB', 'failed']
const title = `${await describeMachine()}; ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} each`
process.stdout.write(`${title}\n`)
const rows: string[][] = []
const cloud = await startUpstream()
try {
  for (const size of loads) {
    for (const name of names) {
      // One after the other and not side by side: each gets the whole load.
      rows.push(await withPeers([name], cloud.port, async peers => {
        const peer = peers.get(name)
        if (peer === undefined) throw new Error(`${name} has not started.`)
        return [name, `${size.devices}x${size.connections}`, ...await measure(peer, size)]
      }))
    }
  }
} finally {
  await cloud.stop()
}
for (const row of [header, ...rows]) process.stdout.write(`${row.map((cell, index) => index === 0 ? cell.padEnd(8) : cell.padStart(17)).join('')}\n`)
const sentence = `First and last minute (half of the time, where that is less) are medians of what was held each second. The aim is a peak of at most ${AIM_BYTES / 1e6} MB, and a last minute like the first.`
process.stdout.write(`${sentence}\n`)
if (markdown !== undefined) writeSection(markdown, 'memory', [title, markdownTable(header, rows), sentence].join('\n\n'))

async function measure (peer: Peer, { devices, connections }: { devices: number, connections: number }): Promise<string[]> {
  const seconds = Math.ceil(minutes * 60)
  const restBytes = readTree(peer.pid).rssBytes
  const samples: number[] = []
  const loading = load(peer, { bodies: bodiesOf(devices), connections, seconds })
  for (let isLoaded = false; !isLoaded;) {
    isLoaded = await Promise.race([loading.then(() => true), setTimeout(EVERY_MS, false)])
    samples.push(readTree(peer.pid).rssBytes)
  }
  const round = await loading
  // What comes after the load is no load.
  const loaded = samples.slice(0, seconds)
  const minute = Math.min(60, Math.ceil(loaded.length / 2))
  const [first, last] = [median(loaded.slice(0, minute)), median(loaded.slice(-minute))]
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
  return [(round.perSecond * seconds).toFixed(0), megabytes(restBytes), megabytes(first), megabytes(last), (last / first).toFixed(2), megabytes(round.peakBytes), String(round.failures)]
}
