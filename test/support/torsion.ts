/**
 * Signatures that hold by ZIP-215 and that no native verifier takes (decision 0004): by a key of small order, with R in an
 * encoding that is not canonical. Whoever knows how makes as many as he likes; no honest author makes one.
 */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import type { PrivateKey } from '../../src/dag/crypto.ts'
import { authorKey } from '../../src/dag/ids.ts'
import { author, post, type PostParts } from './blocks.ts'

/** y = 1: the neutral point. Nobody has a seed of it, and nobody needs one. */
const NEUTRAL = new Uint8Array(32)
NEUTRAL[0] = 1

/** The same point with y = p + 1. */
const NEUTRAL_NOT_CANONICAL = new Uint8Array(32).fill(0xff)
NEUTRAL_NOT_CANONICAL[0] = 0xee
NEUTRAL_NOT_CANONICAL[31] = 0x7f

export const TORSION: PrivateKey = { seed: author(0).seed, author: authorKey(NEUTRAL) }

/** R is neutral and S is 0, so [8]SB = [8]R + [8]kA whatever is signed. */
const SIGNATURE = Uint8Array.from([...NEUTRAL_NOT_CANONICAL, ...new Uint8Array(32)])

/** A post by that author. */
export function torsionPost(on: Chain, parts: Omit<PostParts, 'author'> = {}): MadeBlock {
  const { block, payload } = post(on, { ...parts, author: TORSION })
  return { block: { ...block, signature: SIGNATURE }, payload }
}

/** The same block with a signature that holds for nobody. */
export function forged({ block, payload }: MadeBlock): MadeBlock {
  const signature = Uint8Array.from(block.signature ?? new Uint8Array(64))
  signature[32] = (signature[32] ?? 0) ^ 1
  return { block: { ...block, signature }, payload }
}
