/** How a block stands on this node, and what this floor has the store keep of each block (spec §3, §5). */
import type { BlockRow, BlockStore } from '../dag/store.ts'

/**
 * - accepted: `paid`; `unpaid` (in the past of a paid block)
 * - in V and not accepted: `held` (made here); `guest` (fetched by `peer held`); `surplus` (any other)
 * - not in V: `ahead` of the clock; `set-back` (was accepted before the clock was set back); `dropped`
 */
export type BlockState = 'paid' | 'unpaid' | 'held' | 'guest' | 'surplus' | 'ahead' | 'set-back' | 'dropped'

/** Whether blocks in this state are accepted. */
export function isAcceptedState(state: BlockState): state is 'paid' | 'unpaid' {
  return state === 'paid' || state === 'unpaid'
}

/** Whether blocks in this state are in V: judged, and neither set aside nor dropped. */
export function isStateInV(state: BlockState): boolean {
  return state !== 'ahead' && state !== 'set-back' && state !== 'dropped'
}

/** A block's row in the store of a chain. */
export interface ChainRow extends BlockRow {
  readonly state: BlockState
  /** k(u) of spec §5, an integer of 32 bits; 0 where no rule uses it. */
  readonly k: number
}

/** The store port as a chain uses it. */
export type ChainStore = BlockStore<ChainRow>
