import { startNjs, startPlainNginx } from './nginx.js'
import { startAccepting, startProxy, startScript } from './node.js'
import type { Peer } from './peer.js'

/** Every peer by its name, in the order of the table. */
export const PEERS: Readonly<Record<string, (cloudPort: number) => Promise<Peer>>> = {
  'nginx plain': startPlainNginx,
  'nginx njs': startNjs,
  floor: async cloudPort => await startScript('floor', cloudPort),
  'naive SDK': async cloudPort => await startScript('naive', cloudPort),
  accept: startAccepting,
  relay: async cloudPort => await startProxy('relay', cloudPort),
  store: async cloudPort => await startProxy('store', cloudPort)
}

/** Starts the named peers side by side, hands them over, and stops whatever has started, whatever happens. */
export async function withPeers <Result> (names: readonly string[], cloudPort: number, work: (peers: ReadonlyMap<string, Peer>) => Promise<Result>): Promise<Result> {
  const peers = new Map<string, Peer>()
  try {
    for (const name of names) {
      const peer = await PEERS[name]?.(cloudPort)
      if (peer !== undefined) peers.set(name, peer)
    }
    return await work(peers)
  } finally {
    await Promise.all([...peers.values()].map(async peer => { await peer.stop() }))
  }
}
