/** The parts of a running node that handlers use; `daemon/compose.ts` builds them. */
import type { Multiaddr } from '@multiformats/multiaddr'
import type { AddedPeers } from '../net/discovery/added-peers.ts'
import type { KeyReuse } from './key-reuse.ts'
import type { ChainRegistry } from '../chain/registry.ts'
import type { ChainServices } from '../net/chain-network.ts'
import type { Clock } from '../base/clock.ts'
import type { Host } from '../net/host/host.ts'
import type { Twin } from '../net/host/key-twins.ts'
import type { StaticPeerState } from '../net/discovery/static-peer.ts'
import type { Logger } from '../base/log.ts'
import type { FreeSpace } from '../storage/free-space.ts'

/** The page that the node serves, or why it serves none. */
export type ServedPage = { readonly address: string; link(): string } | { readonly off: string }

export interface NodeParts {
  readonly host: Host
  /** The last proof that another node runs with this node's key. */
  readonly twin: () => Twin | undefined
  /** Looks who is at an address that shows this node's own id. */
  readonly probeOwnId: (address: Multiaddr) => Promise<void>
  readonly chains: ChainRegistry<ChainServices>
  readonly clock: Clock
  readonly keyReuse: KeyReuse
  readonly log: Logger
  readonly addedPeers: AddedPeers
  /** The disk of the data directory. */
  readonly disk: Pick<FreeSpace, 'noRoom'>
  /** The state of each static peer. */
  readonly staticPeers: () => readonly StaticPeerState[]
  /** Static peers whose last dial failed, with reasons. */
  readonly undialled: () => ReadonlyMap<string, string>
  /** Addresses of the bootstrap peers in the config, each with its peer id. */
  readonly bootstrap: readonly string[]
  readonly page: () => ServedPage
  readonly info: {
    /** Address of the control port, `host:port`. */
    readonly control: () => string
    readonly dataDir: string
    /** `performance.now()` at the start. */
    readonly startedAt: number
  }
}
