/**
 * What goes into one pull and what comes out of it (spec §8), as data: the vocabulary of `pull-machine.ts`, where it is
 * decided which comes when.
 */
import type { FingerprintTree } from '../dag/fingerprint-tree.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import type { PullClaims } from './claims.ts'
import type { BlockFault, ProtocolFault } from './faults.ts'
import type { PulledBlock } from './fetch.ts'
import type { Membership } from './membership-proof.ts'
import type { Reply, RequestBody } from './messages.ts'

/** What a pull asks of the chain as it is here, at the moment it asks. */
export interface PullWorld {
  /** Here: accepted, or not. */
  readonly has: (id: BlockId) => boolean
  /** See `haveList` in `dag-diff.ts`. */
  readonly haveList: () => readonly BlockId[]
  /** Of what is accepted here. */
  readonly fingerprints: Pick<FingerprintTree, 'fingerprint'>
  /** Blocks known here. */
  readonly size: () => number
  /** Author of the first post, in a forum joined without pioneers that has one. */
  readonly pioneer: () => AuthorKey | undefined
  /** What the other pulls of this chain leave to this one. */
  readonly claims: PullClaims
  /** How many blocks to ask for at once, from now on: see `batch-size.ts`. */
  readonly batchSize: () => number
  /** What was wrong with a block that no peer is to be asked for: no honest one lists it. */
  readonly unsound: (id: BlockId) => BlockFault | undefined
  /** How a pull from this peer ended that began with the same heads, if nothing came of it and nothing has changed since. */
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
  /** `others`: blocks accepted with it: those it welcomes. */
  | { readonly id: BlockId; readonly state: 'accepted'; readonly others: number }
  /** `surplus`: sound, and nobody has paid for it yet; `delayed`: kept back for now. */
  | { readonly id: BlockId; readonly state: 'known' | 'ahead' | 'held' | 'surplus' | 'delayed' }
  /** Not looked at to the end, and not kept: see `recheck-budget.ts`. It is to be fetched again later. */
  | { readonly id: BlockId; readonly state: 'postponed' }
  | { readonly id: BlockId; readonly state: 'refused'; readonly fault: BlockFault }

export type PullInput =
  | { readonly on: 'start' }
  /** `tag` is that of the `ask`; the reply's own id is the stream's business. */
  | { readonly on: 'reply'; readonly tag: number; readonly reply: Reply }
  /** The earliest `store` under way is done, one outcome per block in its order. */
  | { readonly on: 'stored'; readonly outcomes: readonly StoreOutcome[] }
  /** Another pull gave blocks up: they are here now, or may be asked for. */
  | { readonly on: 'changed' }
  /** The stream broke, or time is up. */
  | { readonly on: 'failed'; readonly reason: string }

/**
 * How a pull ended. `stalled`: the peer lists blocks and gives none of them that fits here; it did nothing wrong.
 * `postponed`: nor did it here, but no more of its blocks can be checked for now.
 */
export type PullEnd =
  | { readonly why: 'done' | 'stalled' | 'postponed' | 'unknown-chain' | 'busy' | 'refused' }
  | { readonly why: 'incompatible'; readonly ours: string; readonly theirs: string }
  | { readonly why: 'failed'; readonly reason: string }
  /** See `consequence` in `faults.ts` for what to do about the peer. */
  | { readonly why: 'faulty'; readonly fault: ProtocolFault }

/** How a pull can end of which nothing came, and nobody did anything wrong. */
export type FruitlessEnd = 'done' | 'stalled'

export interface PullResult {
  /** Blocks gained. */
  readonly fresh: number
  /** Those that the peer lists and that are still not had. */
  readonly missing: number
  /** Heads of theirs that were not had when it began. */
  readonly heads: readonly BlockId[]
  /** Those that were. */
  readonly commonHeads: readonly BlockId[]
  readonly end: PullEnd
}

export type PullEffect =
  | { readonly do: 'ask'; readonly tag: number; readonly request: RequestBody }
  /**
   * In this order, and after those of the `store` before, which may still be under way. The payload of a block in state
   * `frames` is to be fetched first, see `payload-frames.ts`.
   */
  | { readonly do: 'store'; readonly blocks: readonly PulledBlock[] }
  /** The last effect. */
  | ({ readonly do: 'finish' } & PullResult)
