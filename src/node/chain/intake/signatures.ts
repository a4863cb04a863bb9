/**
 * Whether the signature of an incoming block holds (spec §3). A native "yes" is final. A native "no" is verified again by
 * ZIP-215, as far as the sender's recheck budget allows; a block is never refused because that budget ran out.
 */
import { recheckBlock, verifyBlockNative, type Block } from '../../../dag/block.ts'

/** `postponed`: the native verifier says no, and there is no budget for the second check. */
export type SignatureState = 'holds' | 'forged' | 'postponed'

/**
 * The budget of the peer that sent the block, in second checks. Asked before each of them, which it spends; or told of other work
 * that took as long as so many `spent`. Answers whether something is left.
 */
export type MayRecheck = (spent?: number) => boolean

/** For blocks made on this node. */
export const UNLIMITED: MayRecheck = () => true

/** Answers of second checks: a block whose payload comes in frames is asked about twice. */
const rechecked = new WeakMap<Block, 'holds' | 'forged'>()

/** @param native - the native answer, if it is known already */
export function signatureState(block: Block, mayRecheck: MayRecheck, native?: boolean): SignatureState {
  const known = rechecked.get(block)
  if (known !== undefined) return known
  if (native ?? verifyBlockNative(block)) return 'holds'
  if (!mayRecheck()) return 'postponed'
  const state = recheckBlock(block) ? 'holds' : 'forged'
  rechecked.set(block, state)
  return state
}
