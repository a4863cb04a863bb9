/**
 * Soundness rules that need the past (spec §2, §3, §5): backs, height, time, the forum's pioneer, a like's target, the
 * post that a post answers. They depend on a block and its past alone, and for height 1 on the pioneer known here. Signature and payload are checked
 * elsewhere.
 */
import type { Header } from './block.ts'
import type { Chain } from './chain.ts'
import type { DagFault } from './faults.ts'
import { fail, ok, type Result } from './result.ts'
import type { Graph } from './graph.ts'
import type { AuthorKey, BlockId } from './ids.ts'
import { isAncestor } from './walk.ts'

/** What soundness reads of this node's chain. */
export interface Surroundings {
  readonly graph: Graph
  /** Author of the first post, for a forum joined without pioneers that has one. */
  readonly pioneer?: AuthorKey | undefined
  /** The like's target, or the post that is answered, if it is known here. No block has both. */
  readonly target?: TargetBlock | undefined
}

/** What soundness reads of the block that a like or an answer is about. */
export interface TargetBlock {
  readonly author?: AuthorKey | undefined
  /** False for a like. */
  readonly isPost: boolean
}

/** Whether the first author is the pioneer (rule 1.a): true for forums joined without pioneers. */
export function hasFirstPostPioneer(chain: Chain): boolean {
  return chain.params.kind === 'forum' && chain.params.pioneers.length === 0
}

/** Returns the local indexes of the backs. */
export function checkSound(chain: Chain, header: Header, around: Surroundings): Result<number[], DagFault> {
  const { graph } = around
  const backs: number[] = []
  let height = 0
  let time = 0
  for (const id of header.backs) {
    const back = graph.indexOf(id)
    if (back === undefined) return fail({ code: 'DAG_MISSING_BACK', back: id })
    height = Math.max(height, graph.height(back))
    time = Math.max(time, graph.time(back))
    backs.push(back)
  }
  if (header.height !== height + 1) return fail({ code: 'DAG_BAD_HEIGHT', expected: height + 1, found: header.height })
  if (header.time < time)
    return fail({ code: 'DAG_BAD_TIME', why: `it is ${String(time - header.time)} ms before its backs` })
  const pioneer = checkPioneer(chain, header, around.pioneer)
  if (!pioneer.ok) return pioneer
  const target = checkLike(header, backs, around) ?? checkReply(header, backs, around)
  return target === undefined ? ok(backs) : fail(target)
}

/** Spec §2: once a node has a pioneer, height-1 blocks by other authors are not sound. */
function checkPioneer(chain: Chain, header: Header, pioneer: AuthorKey | undefined): Result<true, DagFault> {
  if (header.height !== 1 || !hasFirstPostPioneer(chain)) return ok(true)
  if (header.author === undefined) return fail({ code: 'DAG_UNSIGNED' })
  if (header.like !== undefined) return fail({ code: 'DAG_BAD_LIKE', why: 'a first block has no post in its past' })
  if (pioneer === undefined || pioneer === header.author) return ok(true)
  return fail({ code: 'DAG_OTHER_PIONEER', ours: pioneer, theirs: header.author })
}

/** Spec §3: a like is signed, its target is a post in its past, and for n = +1 not the author's own. */
function checkLike(header: Header, backs: readonly number[], around: Surroundings): DagFault | undefined {
  const { like } = header
  if (like === undefined) return undefined
  const why = wrongTarget(like.target, backs, around)
  if (why !== undefined) return { code: 'DAG_BAD_LIKE', why: `its target is ${why}` }
  const isOwn = like.n === 1 && around.target?.author === header.author
  return isOwn ? { code: 'DAG_BAD_LIKE', why: 'authors cannot like their own posts' } : undefined
}

/** Spec §3: a post answers a post in its past. */
function checkReply({ re }: Header, backs: readonly number[], around: Surroundings): DagFault | undefined {
  if (re === undefined) return undefined
  const why = wrongTarget(re, backs, around)
  return why === undefined ? undefined : { code: 'DAG_BAD_REPLY', why: `what it answers is ${why}` }
}

/** Why this is no post in the past of a block with these backs. */
function wrongTarget(
  id: BlockId,
  backs: readonly number[],
  { graph, target: block }: Surroundings,
): string | undefined {
  const target = graph.indexOf(id)
  if (target === undefined || block === undefined) return 'not in its past'
  if (!block.isPost) return 'a like'
  return backs.some((back) => back === target || isAncestor(graph, target, back)) ? undefined : 'not in its past'
}
