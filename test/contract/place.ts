/** Where the exam of the `BlockStore` port finds the stores that it examines. */
import { chainId, type ChainId } from '../../src/dag/ids.ts'
import type { ChainStore } from '../../src/reputation/block-state.ts'

/** A place that keeps chains. */
export interface StorePlace {
  chain(id: ChainId): ChainStore
  /** As after a stop and a start; stores handed out before are used no more. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export const ONE = chainId(new Uint8Array(32).fill(1))
export const TWO = chainId(new Uint8Array(32).fill(2))
export const UNSYNCED = { sync: false }

/** A commit that changes nothing, to be added to. */
export const NOTHING = { first: 1, blocks: [], headsAdded: [], headsRemoved: [] }
