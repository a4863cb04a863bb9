/** What the parts of a running node know of each other. */
import type { Attachment, Chains } from './chains.ts'
import type { ChainGossip } from './chain-gossip.ts'
import type { ChainSync } from './chain-sync.ts'
import type { Clock } from './clock.ts'
import type { Discovery } from './discovery.ts'
import type { Host } from './host.ts'
import type { TextList } from './records.ts'
import type { Topics } from './topics.ts'

/** What a joined chain does on the network. */
export interface OnNet extends Attachment {
  readonly gossip: ChainGossip
  readonly sync: ChainSync
}

export interface NodeParts {
  readonly host: Host
  readonly topics: Topics
  readonly discovery: Discovery
  readonly chains: Chains<OnNet>
  readonly clock: Clock
  /** Addresses that `peer add` was given, for the next start. */
  readonly addedPeers: TextList
  readonly info: {
    /** `host:port` of the control port. */
    readonly control: () => string
    readonly dataDir: string
    /** `performance.now()` at the start. */
    readonly startedAt: number
  }
}
