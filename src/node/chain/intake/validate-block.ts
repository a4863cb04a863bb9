/**
 * Checks of a block that came in which need nothing but the block and what it stands on (spec §3, §5), cheapest first and
 * the signature last. What it is worth is the intake's business.
 */
import { checkPayload, checkStructure, type Block } from '../../../dag/block.ts'
import type { Chain } from '../../../dag/chain.ts'
import type { DagFault } from '../../../dag/faults.ts'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { SignatureState } from './signatures.ts'

/** A block on its way in. `stored`: its frames are in the store already, and were checked there. */
export interface Incoming {
  readonly block: Block
  readonly payload: Uint8Array | 'stored' | 'missing'
}

export interface ValidationContext<Sound> {
  readonly chain: Chain
  /** Whether a block is here, accepted or not. */
  readonly has: (id: BlockId) => boolean
  /** What can be told of its height, time and like while all that it stands on is at hand. */
  readonly checkSound: (block: Block) => Result<Sound, BlockFault>
}

export interface Validated<Sound> {
  /** `postponed`: all is well as far as it could be looked at. */
  readonly signature: 'holds' | 'postponed'
  /** What was found out where its height, time and like were checked. */
  readonly sound: Sound
}

export function validateBlock<Sound>(
  incoming: Incoming,
  { chain, has, checkSound }: ValidationContext<Sound>,
  signature: () => SignatureState,
): Result<Validated<Sound>, BlockFault> {
  const { block } = incoming
  const structure = checkStructure(chain, block.header)
  if (!structure.ok) return structure
  const missing = block.header.backs.find((back) => !has(back))
  if (missing !== undefined) return fail({ code: 'DAG_MISSING_BACK', back: missing })
  const sound = checkSound(block)
  if (!sound.ok) return sound
  const payload = checkIncomingPayload(incoming, chain)
  if (!payload.ok) return payload
  const state = signature()
  return state === 'forged' ? fail({ code: 'DAG_BAD_SIGNATURE' }) : ok({ signature: state, sound: sound.value })
}

/** A missing payload never stops acceptance, except in groups: only what opens under the key was written by a member. */
function checkIncomingPayload({ block, payload }: Incoming, chain: Chain): Result<true, DagFault> {
  if (payload === 'stored') return ok(true)
  if (payload !== 'missing') return checkPayload(chain, block, payload)
  if (chain.params.kind === 'group')
    return fail({ code: 'DAG_BAD_PAYLOAD', why: 'a group needs it to check membership' })
  return ok(true)
}
