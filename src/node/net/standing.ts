/** What the node knows of a peer when sync decides whose turn it is (spec §8, step 3). */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Discovery } from './discovery/discovery.ts'
import type { Host } from './host/host.ts'
import type { Standing } from './sync/pull-rank.ts'

export interface StandingModules {
  readonly host: Host
  readonly discovery: Discovery
}

export function standingOf(peer: string, { host, discovery }: StandingModules): Standing {
  return {
    isStatic: discovery.isStatic(peer),
    // Only on demand: each place that becomes free is a question for the rank of all who wait, in up to 64 chains, and the
    // shares cost a hundred times as much. With 1,000 chains that was half of what a quiet node did.
    get shares() {
      const connections = host.libp2p.getConnections(peerIdFromString(peer))
      return [...new Set(connections.flatMap(({ remoteAddr }) => host.sharesOf(remoteAddr)))]
    },
  }
}
