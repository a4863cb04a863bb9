/** From a header to what `Reputation` takes: all that makes a block sound, asked in the order that a peer asks in. */
import { checkStructure } from '../../src/dag/block.ts'
import type { DagFault } from '../../src/dag/faults.ts'
import { ok, type Result } from '../../src/dag/result.ts'
import type { Header } from '../../src/dag/header.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import { checkSound, type TargetBlock } from '../../src/dag/sound.ts'
import type { ResolvedBlock } from '../../src/dag/store.ts'
import type { ReputationFault } from '../../src/reputation/faults.ts'
import type { ChainState } from '../../src/reputation/chain-state.ts'

/** Neither signature nor payload is looked at. */
export function candidateOf(
  reputation: ChainState,
  id: BlockId,
  header: Header,
): Result<ResolvedBlock, DagFault | ReputationFault> {
  const { chain, graph, pioneer } = reputation
  const { height, time, author } = header
  const targetId = header.like?.target ?? header.re
  const target = targetId === undefined ? undefined : graph.indexOf(targetId)
  const structure = checkStructure(chain, header)
  if (!structure.ok) return structure
  const backs = checkSound(chain, header, {
    graph,
    ...(pioneer === undefined ? {} : { pioneer }),
    ...(target === undefined ? {} : { target: targetBlock(reputation, target) }),
  })
  if (!backs.ok) return backs
  const like = header.like === undefined || target === undefined ? {} : { like: { n: header.like.n, target } }
  const stands = reputation.stands(backs.value, like.like)
  if (!stands.ok) return stands
  return ok({ id, height, time, backs: backs.value, ...like, ...(author === undefined ? {} : { author }) })
}

function targetBlock(reputation: ChainState, index: number): TargetBlock {
  const author = reputation.authorOf(index)
  return { isPost: reputation.isPost(index), ...(author === undefined ? {} : { author }) }
}
