/**
 * Whether the signature of a block that came in holds (spec §3): a native "yes" is the answer, its "no" is looked at again
 * by ZIP-215 as far as the sender's budget goes (`protocol/rechecks.ts`). A block is never refused because that ran out.
 */
import { recheckBlock, verifyBlockNative, type Block } from '../../../dag/block.ts'

/** `postponed`: the native verifier says no, and there is no budget to find out whether that is right. */
export type SignatureState = 'holds' | 'forged' | 'postponed'

/** Asked before each look at what the native verifier said no to; it takes from the budget of whoever sent the block. */
export type MayRecheck = () => boolean

/** For blocks made here, which nobody sent. */
export const UNLIMITED: MayRecheck = () => true

/** Looked at once, though it is asked for twice where a payload comes in frames. */
const rechecked = new WeakMap<Block, 'holds' | 'forged'>()

/** @param native - what the native verifier said, if it was asked already */
export function signatureState(block: Block, mayRecheck: MayRecheck, native?: boolean): SignatureState {
  const known = rechecked.get(block)
  if (known !== undefined) return known
  if (native ?? verifyBlockNative(block)) return 'holds'
  if (!mayRecheck()) return 'postponed'
  const state = recheckBlock(block) ? 'holds' : 'forged'
  rechecked.set(block, state)
  return state
}
