// The proxy beside its peers, in one run on one machine: `npm run bench [-- ROUNDS [SECONDS [PEER …]]]`. Needs nginx, its njs module
// and wrk (Debian: nginx-light, libnginx-mod-http-js, wrk). Prints medians, and the ratios of processor time a request.
import { cpus } from 'node:os'
import { load, type Round } from './load.js'
import { startNjs, startPlainNginx, startUpstream } from './peers/nginx.js'
import { startAccepting, startProxy, startScript } from './peers/node.js'
import type { Peer } from './peers/peer.js'

const [rounds = 5, seconds = 3] = process.argv.slice(2, 4).map(Number)
const wanted = process.argv.slice(4)
const CODES = 'dp_imp F eq_imp Ep_imp_1 Ep_imp_2 Ua Ub Ep_imp Uc Ep_imp_3 Ep_imp_4 P Pa Q dp_exp eq_exp COSQ Ia Ib Ic Ep_exp VdisPer'.split(' ')
const bodyOf = (devices: number): string => JSON.stringify({
  deviceType: '1',
  devices: Array.from({ length: devices }, (_, n) => ({ deviceId: `meter-${n}`, recordTime: '2021-09-08 18:40:00', data: Object.fromEntries(CODES.map((code, point) => [code, `${point + 94}.0`])) }))
})
const LOADS = [[1, 1], [1, 32], [1, 64], [1, 256], [100, 32], [1000, 32]] as const

const cloud = await startUpstream()
const PEERS: Readonly<Record<string, () => Promise<Peer>>> = {
  'nginx plain': async () => await startPlainNginx(cloud.port),
  'nginx njs': async () => await startNjs(cloud.port),
  floor: async () => await startScript('floor', cloud.port),
  'naive SDK': async () => await startScript('naive', cloud.port),
  accept: startAccepting,
  relay: async () => await startProxy('relay', cloud.port),
  store: async () => await startProxy('store', cloud.port)
}
const names = Object.keys(PEERS).filter(name => wanted.length === 0 || wanted.includes(name))

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

process.stdout.write(`${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, node ${process.version}, ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds of ${seconds} s\n`)
for (const [devices, connections] of LOADS) {
  const body = bodyOf(devices)
  const found = new Map<string, Round[]>(names.map(name => [name, []]))
  // In turn, so that what the machine does besides meets all of them.
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const peer = await PEERS[name]?.()
      if (peer === undefined) continue
      await load(peer, { body, connections, seconds: 1 })
      found.get(name)?.push(await load(peer, { body, connections, seconds }))
      await peer.stop()
    }
  }
  print(devices, connections, body.length, found)
}
await cloud.stop()

function print (devices: number, connections: number, bytes: number, found: ReadonlyMap<string, readonly Round[]>): void {
  process.stdout.write(`\n${devices} devices (${bytes} B), ${connections} connections\n`)
  const of = (name: string, field: keyof Round): number => median((found.get(name) ?? []).map(round => round[field]))
  const header = ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs', 'of naive', 'of njs', 'peak MB', 'failed']
  const rows = [...found.keys()].map(name => [
    name, of(name, 'perSecond').toFixed(0), of(name, 'p50Ms').toFixed(2), of(name, 'p99Ms').toFixed(2), of(name, 'cpuUsPerRequest').toFixed(0),
    (of(name, 'cpuUsPerRequest') / of('naive SDK', 'cpuUsPerRequest')).toFixed(2), (of(name, 'cpuUsPerRequest') / of('nginx njs', 'cpuUsPerRequest')).toFixed(2),
    (of(name, 'peakBytes') / 1e6).toFixed(0), String(of(name, 'failures'))
  ])
  for (const row of [header, ...rows]) process.stdout.write(`${row.map((cell, index) => index === 0 ? cell.padEnd(12) : cell.padStart(9)).join('')}\n`)
}
