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
  const connections = host.libp2p.getConnections(peerIdFromString(peer))
  return {
    isStatic: discovery.isStatic(peer),
    shares: [...new Set(connections.flatMap(({ remoteAddr }) => host.sharesOf(remoteAddr)))],
  }
}
