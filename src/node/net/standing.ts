/** What the node knows of a peer when sync decides whose turn it is (spec §8, step 3). */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Discovery } from './discovery/discovery.ts'
import type { SharesOf } from './host/address-shares.ts'
import type { Host } from './host/host.ts'
import type { Standing } from './sync/pull-rank.ts'

export interface StandingModules {
  readonly host: Host
  readonly discovery: Discovery
  readonly sharesOf: SharesOf
}

export function standingOf(peer: string, { host, discovery, sharesOf }: StandingModules): Standing {
  const connections = host.libp2p.getConnections(peerIdFromString(peer))
  return {
    isStatic: discovery.staticPeers().some((other) => other.peer === peer),
    shares: [...new Set(connections.flatMap(({ remoteAddr }) => sharesOf(remoteAddr)))],
  }
}
