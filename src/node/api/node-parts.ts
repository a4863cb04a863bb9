/** What the parts of a running node know of each other. */
import type { AddedPeers } from '../net/discovery/added-peers.ts'
import type { ChainRegistry } from '../chain/registry.ts'
import type { ChainServices } from '../net/chain-network.ts'
import type { Clock } from '../base/clock.ts'
import type { Host } from '../net/host/host.ts'
import type { StaticPeerState } from '../net/discovery/static-peer.ts'
import type { Logger } from '../base/log.ts'
import type { Pubsub } from '../net/gossip/pubsub.ts'

export interface NodeParts {
  readonly host: Host
  readonly pubsub: Pubsub
  readonly chains: ChainRegistry<ChainServices>
  readonly clock: Clock
  readonly log: Logger
  readonly addedPeers: AddedPeers
  /** How the static peers stand. */
  readonly staticPeers: () => readonly StaticPeerState[]
  /** Static peers that could not be dialled the last time, and why. */
  readonly undialled: () => ReadonlyMap<string, string>
  /** Addresses of the bootstrap peers in the config, each with its peer id. */
  readonly bootstrap: readonly string[]
  readonly info: {
    /** `host:port` of the control port. */
    readonly control: () => string
    readonly dataDir: string
    /** `performance.now()` at the start. */
    readonly startedAt: number
  }
}
