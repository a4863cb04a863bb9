/** Inputs, effects and results of one pull (spec §8), as data. `pull-machine.ts` is the step function over them. */
import type { FingerprintTree } from '../dag/fingerprint-tree.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import type { PullClaims } from './claims.ts'
import type { BlockFault, ProtocolFault } from './faults.ts'
import type { PulledBlock } from './fetch.ts'
import type { Membership } from './membership-proof.ts'
import type { Reply, RequestBody } from './messages.ts'

/** What a pull reads of this node's chain, always current. */
export interface PullWorld {
  /** Whether the block need not be fetched: it is here, accepted or not, or it is delayed and there was no room for it. */
  readonly has: (id: BlockId) => boolean
  /** See `haveList` in `dag-diff.ts`. */
  readonly haveList: () => readonly BlockId[]
  /** Over what is accepted here. */
  readonly fingerprints: Pick<FingerprintTree, 'fingerprint'>
  /** At least as many as there are blocks that it `has`. */
  readonly size: () => number
  /** In a forum joined without pioneers, the founder whose blocks are taken, if there is one. */
  readonly founder: () => AuthorKey | undefined
  /** Whether the chain is such a forum and follows nobody yet: then nothing is taken. */
  readonly needsFounder: () => boolean
  /** The claims of this pull among the others of its chain. */
  readonly claims: PullClaims
  /** How many blocks the next request asks for: see `batch-size.ts`. */
  readonly batchSize: () => number
  /** The fault of a block known to be unsound: no honest peer lists it. */
  readonly unsound: (id: BlockId) => BlockFault | undefined
  /**
   * How the last pull from this peer ended, if it began with the same heads, brought nothing, and nothing has changed
   * since.
   */
  readonly fruitless: (heads: readonly BlockId[]) => FruitlessEnd | undefined
}

export interface PullOptions {
  /** 32 bytes, names the chain. */
  readonly rendezvous: Uint8Array
  /** For groups. */
  readonly membership?: Membership
  readonly world: PullWorld
}

/** What became of one block of a `store`. */
export type StoreOutcome =
  /** `others`: blocks accepted along with it, those it welcomes. */
  | { readonly id: BlockId; readonly state: 'accepted'; readonly others: number }
  /** `surplus`: sound, not paid for yet; `delayed`: kept back by the throttle for now. */
  | { readonly id: BlockId; readonly state: 'known' | 'ahead' | 'held' | 'surplus' | 'delayed' }
  /** Not fully checked, and not kept: see `recheck-budget.ts`. A later pull fetches it again. */
  | { readonly id: BlockId; readonly state: 'postponed' }
  | { readonly id: BlockId; readonly state: 'refused'; readonly fault: BlockFault }

export type PullInput =
  | { readonly on: 'start' }
  /** `tag` is that of the `ask`. The reply's own `id` belongs to the stream. */
  | { readonly on: 'reply'; readonly tag: number; readonly reply: Reply }
  /** The earliest `store` in flight is done; one outcome per block, in its order. */
  | { readonly on: 'stored'; readonly outcomes: readonly StoreOutcome[] }
  /** Another pull released claims: the blocks are here now, or may be asked for. */
  | { readonly on: 'changed' }
  /** The stream broke, or its time is up. */
  | { readonly on: 'failed'; readonly reason: string }

/**
 * How a pull ended. `stalled`: the peer lists blocks and gives none that fits here; it did nothing wrong. `postponed`:
 * it did nothing wrong either, but the recheck budget is used up for now.
 */
export type PullEnd =
  | { readonly why: 'done' | 'stalled' | 'postponed' | 'unknown-chain' | 'busy' | 'refused' }
  | { readonly why: 'incompatible'; readonly ours: string; readonly theirs: string }
  /** The peer has blocks of a founder, and none is followed here. */
  | { readonly why: 'no-founder' }
  | { readonly why: 'failed'; readonly reason: string }
  /** See `consequence` in `faults.ts` for what to do about the peer. */
  | { readonly why: 'faulty'; readonly fault: ProtocolFault }

/** The founder that a peer says it follows, and how many blocks it says it accepts. Nothing was checked. */
export interface SeenFounder {
  readonly founder: AuthorKey
  readonly blocks: number
}

/** The ends of a pull that may bring nothing without anybody's fault. */
export type FruitlessEnd = 'done' | 'stalled'

export interface PullResult {
  /** Blocks gained. */
  readonly fresh: number
  /** Blocks that the peer lists and that are still not here. */
  readonly missing: number
  /** The peer's heads that were not here when it began. */
  readonly heads: readonly BlockId[]
  /** Those that were. */
  readonly commonHeads: readonly BlockId[]
  /** What the peer said of its founder, if it did. */
  readonly seen?: SeenFounder
  readonly end: PullEnd
}

export type PullEffect =
  | { readonly do: 'ask'; readonly tag: number; readonly request: RequestBody }
  /**
   * Store in this order, after the blocks of the `store` before, which may still be in flight. The payload of a block
   * in state `frames` is fetched first, see `payload-frames.ts`.
   */
  | { readonly do: 'store'; readonly blocks: readonly PulledBlock[] }
  /** The last effect. */
  | ({ readonly do: 'finish' } & PullResult)
