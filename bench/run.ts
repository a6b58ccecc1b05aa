// The proxy beside its peers, in one run on one machine: `npm run bench`, see docs/performance.md. Needs nginx, its njs module and
// wrk (Debian: nginx-light, libnginx-mod-http-js, wrk).
import { readArguments, type LoadSize } from './arguments.js'
import { bodiesOf } from './bodies.js'
import { compareAtHalfLoad, tellHalfLoad } from './half-load.js'
import { load, type Round } from './load.js'
import { describeMachine, writeSection } from './markdown.js'
import { PEERS, withPeers } from './peers/all.js'
import { startUpstream } from './peers/nginx.js'
import type { Peer } from './peers/peer.js'
import { tableOf, type Found } from './table.js'

const { loads, peers: names, rounds, seconds, warmupSeconds, markdown } = readArguments({
  loads: '1x1,1x32,1x64,1x256,100x1,100x32,100x256,1000x1,1000x32,1000x256', rounds: 5, seconds: 2, warmup: 16
}, Object.keys(PEERS))
/** One connection would need minutes to have the code compiled. */
const WARMUP_CONNECTIONS_MIN = 32

/** On each connection: when a round ends, what is on its way has had its price and gets no answer. */
const ANSWERS_MIN = 5
const SECONDS_MAX = 8

const title = `${await describeMachine()}; ${rounds} rounds of ${seconds} s, ${warmupSeconds} s of warm-up`
const sections = [title]
process.stdout.write(`${title}\n`)
const cloud = await startUpstream()
try {
  for (const size of loads) {
    const { text, table } = await withPeers(names, cloud.port, async peers => await measure(size, peers))
    process.stdout.write(`\n${text}\n`)
    sections.push(table)
  }
} finally {
  await cloud.stop()
}
if (markdown !== undefined) writeSection(markdown, 'peers', sections.join('\n\n'))

/** All peers are up, one of them has work. */
async function measure ({ devices, connections }: LoadSize, peers: ReadonlyMap<string, Peer>): Promise<{ text: string, table: string }> {
  const bodies = bodiesOf(devices)
  const found: Found = new Map<string, Round[]>(names.map(name => [name, []]))
  const secondsOf = new Map<string, number>()
  for (const [name, peer] of peers) {
    const { perSecond } = await load(peer, { bodies, connections: Math.max(connections, WARMUP_CONNECTIONS_MIN), seconds: peer.warms ? warmupSeconds : 1 })
    secondsOf.set(name, Math.max(seconds, Math.min(SECONDS_MAX, Math.ceil(ANSWERS_MIN * connections / perSecond))))
  }
  // In turn, so that what the machine does besides meets all of them.
  for (let round = 0; round < rounds; round++) {
    for (const [name, peer] of peers) found.get(name)?.push(await load(peer, { bodies, connections, seconds: secondsOf.get(name) ?? seconds }))
  }
  const half = await compareAtHalfLoad(peers, found, { bodies, connections, seconds, rounds })
  const heading = `${devices} ${devices === 1 ? 'device' : 'devices'} (${bodies[0]?.length ?? 0} B), ${connections} ${connections === 1 ? 'connection' : 'connections'}`
  const { text, markdown: rows } = tableOf(found)
  const sentence = half === undefined ? '' : `\n${tellHalfLoad(half)}`
  return { text: `${heading}\n${text}${sentence}`, table: `**${heading}**\n\n${rows}${sentence === '' ? '' : `\n${sentence}`}` }
}
