/**
 * Whether a held post of another node may come into the lobby (spec §5): all checks of a block that comes in, without taking it
 * in. It is not appended to the graph, so that who makes up any number of them leaves nothing behind.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import { ok, type Result } from '../../../dag/result.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { BlockStates } from './block-states.ts'
import type { SignatureState } from './signatures.ts'
import { validateBlock, type Incoming } from './validate-block.ts'

/** `later`: what it stands on is not settled here, its time has not come, or its signature could not be checked within the budget. */
export type HeldCheck = 'waits' | 'later' | 'no-post'

/** With the chain at rest. */
export function checkHeld(
  incoming: Incoming,
  { state, staging, mempool }: BlockStates,
  { nowMs, signature }: { readonly nowMs: number; readonly signature: () => SignatureState },
): Result<HeldCheck, BlockFault> {
  const { header } = incoming.block
  if (header.like !== undefined) return ok('no-post')
  const isUnsettled = header.backs.some(
    (back) => mempool.has(back) || (state.graph.indexOf(back) ?? 0) >= staging.settled,
  )
  if (isUnsettled || header.time > nowMs + MAX_AHEAD_MS) return ok('later')
  const checked = validateBlock(
    incoming,
    {
      chain: state.chain,
      has: (back) => {
        const index = state.graph.indexOf(back)
        return index === 0 || (index !== undefined && state.isIn(index))
      },
      checkSound: (block) => {
        const resolved = staging.resolve(block)
        return resolved.ok ? state.stands(resolved.value.backs) : resolved
      },
    },
    signature,
  )
  if (!checked.ok) return checked
  return ok(checked.value.signature === 'holds' ? 'waits' : 'later')
}
