/**
 * Drafts of one author in one chain that stand one on the other (spec §10), before the lowest of them is submitted. The lowest is made on
 * the chain; each of the others has the one below as its only back, so it can be made at once, whatever the chain is busy with.
 */
import type { Block, MadeBlock } from '../../dag/block.ts'
import { Bug } from '../../dag/result.ts'
import type { BlockId } from '../../dag/ids.ts'
import { isAncestor } from '../../dag/walk.ts'
import type { BlockRequest } from './posting.ts'
import type { Replica } from './replica.ts'

/** Drafts in a run: more than clients have in flight. Then one is made on the chain again, and links the heads of others. */
const LONGEST = 256

/** Invariants: `#ids` has every draft that was ever in the run; what is in `#backs` or there is all that it links. */
export class DraftRun {
  readonly #replica: Replica
  readonly #backs: ReadonlySet<BlockId>
  readonly #ids = new Set<BlockId>()
  readonly #longest: number
  #top: Block

  /**
   * @param lowest - made on the chain
   * @param reps - of its author. A post takes one: what stands on a post that is held is stale
   */
  constructor(replica: Replica, lowest: MadeBlock, reps: number) {
    this.#longest = Math.min(LONGEST, reps)
    this.#replica = replica
    this.#backs = new Set(lowest.block.header.backs)
    this.#top = lowest.block
    this.#ids.add(lowest.block.id)
  }

  /** The draft that was made last. */
  get top(): Block {
    return this.#top
  }

  add(made: MadeBlock): void {
    if (made.block.header.backs[0] !== this.#top.id) throw new Bug('a run of drafts has no branches')
    this.#top = made.block
    this.#ids.add(made.block.id)
  }

  /**
   * Whether this can be made on top of the run. A vote and a reply link the head over their target; and heads that came since are
   * linked by the next draft on the chain, so that none is left out for long.
   */
  takes(request: BlockRequest): boolean {
    if ('target' in request || request.re !== undefined || this.#ids.size >= this.#longest) return false
    const { graph } = this.#replica
    return graph.heads().every((head) => {
      const id = graph.id(head)
      return this.#ids.has(id) || this.#backs.has(id)
    })
  }

  /** Whether the whole run has a block of the chain in its past, or is what was made of it. */
  standsOn(id: BlockId): boolean {
    if (this.#ids.has(id)) return true
    const { graph } = this.#replica
    const at = graph.indexOf(id)
    return [...this.#backs].some((back) => {
      const index = graph.indexOf(back)
      return at !== undefined && index !== undefined && (index === at || isAncestor(graph, at, index))
    })
  }
}
