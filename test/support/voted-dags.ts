/**
 * Random DAGs of posts and votes, in any order of arrival, as the real columns and as the slow twin's blocks. Reputation
 * is a sum over any set, so they are legal in their shape only: whoever has no reps writes on, and likes what they please.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { Graph } from '../../src/dag/graph.ts'
import { authorKey, type AuthorKey } from '../../src/dag/ids.ts'
import { BlockTable } from '../../src/reputation/block-table.ts'
import { DRAWN_CHAIN, drawnId, rowOn } from './draw.ts'
import type { TwinBlock } from './reputation-twin.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The key of somebody by name. */
export function keyFor(name: string): AuthorKey {
  return authorKey(sha256(new TextEncoder().encode(`author ${name}`)))
}

export const AUTHORS = ['ann', 'bob', 'eve', 'zed'].map(keyFor)

/** One block to be: backs, author and target are drawn from what there is when it comes. */
export interface Plan {
  readonly backs: readonly number[]
  /** Of `AUTHORS`; the one behind the last is nobody. */
  readonly author: number
  readonly lateMs: number
  readonly vote: 1 | -1 | 0
  readonly target: number
}

const gaps = fc.oneof(
  fc.constantFrom(0, 1, DAY - 1, DAY, DAY + 1, 45 * DAY, 90 * DAY - 1, 90 * DAY, 90 * DAY + 1),
  fc.integer({ min: 0, max: 30 }).map((hours) => hours * HOUR),
)

/** `latest`: how long after its backs a block comes; `reach`: how many blocks before it at most the first of them did. */
export const plans = (
  most: number,
  { least = 1, latest = gaps, reach = 5 }: { least?: number; latest?: fc.Arbitrary<number>; reach?: number } = {},
): fc.Arbitrary<Plan[]> =>
  fc.array(
    fc.record({
      backs: fc.array(fc.nat(reach), { minLength: 1, maxLength: 3 }),
      author: fc.nat(AUTHORS.length),
      lateMs: latest,
      vote: fc.constantFrom<1 | -1 | 0>(0, 0, 1, -1),
      target: fc.nat(30),
    }),
    { minLength: least, maxLength: most, size: 'max' },
  )

/** A chain that grows by plans, with its twin. */
export class VotedDag {
  readonly graph = new Graph(DRAWN_CHAIN, 3)
  readonly table = new BlockTable(this.graph)
  /** By local index; the genesis has no twin. */
  readonly twins: (TwinBlock | undefined)[] = [undefined]

  /** Adds a block, not accepted, and gives its index. */
  add({ backs: reach, author: n, lateMs, vote, target: pick }: Plan): number {
    const { graph, table, twins } = this
    const found = [...new Set(reach.map((far) => Math.max(0, graph.size - 1 - far)))]
    const backs = found.length === 1 ? found : found.filter((back) => back !== 0)
    const row = rowOn(
      graph,
      drawnId(`block ${String(graph.size)}`),
      backs,
      Math.max(...backs.map((b) => graph.time(b))) + lateMs,
    )
    const index = graph.add(row, false)
    // Nobody likes a post of one's own: that is not sound.
    const isTarget = (u: TwinBlock): boolean => u.like === undefined && (vote === -1 || u.author !== AUTHORS[n])
    const posts = [...pastOf(backs.map((back) => twins[back]))].filter(isTarget)
    const liked = AUTHORS[n] === undefined ? undefined : posts[pick % Math.max(1, posts.length)]
    const author = AUTHORS[n] === undefined ? {} : { author: AUTHORS[n] }
    const isVote = vote !== 0 && liked !== undefined
    const { id, height, time } = row
    const backTwins = backs[0] === 0 ? 'genesis' : backs.map((back) => twins[back]!)
    twins.push({ id, height, time, backs: backTwins, ...author, ...(isVote && { like: { n: vote, target: liked } }) })
    const like = isVote ? { like: { n: vote, target: twins.indexOf(liked) } } : {}
    table.add(index, { ...author, ...like, k: 0 })
    return index
  }

  /** The blocks and their pasts. */
  closed(tips: readonly number[]): Set<TwinBlock> {
    return pastOf(tips.map((tip) => this.twins[tip]))
  }

  accepted(): Set<TwinBlock> {
    return new Set(this.twins.flatMap((twin, index) => (twin && this.graph.isAccepted(index) ? [twin] : [])))
  }

  /** Accepts the block or, if it stands alone, withdraws it; whatever its past allows. */
  flip(index: number): 'accepted' | 'withdrawn' | undefined {
    const { graph } = this
    if (index === 0) return undefined
    if (!graph.isAccepted(index)) {
      if (!graph.backs(index).every((back) => graph.isAccepted(back))) return undefined
      graph.accept(index)
      return 'accepted'
    }
    if (graph.acceptedChildren(index) > 0) return undefined
    graph.withdraw(index)
    return 'withdrawn'
  }
}

function pastOf(tips: readonly (TwinBlock | undefined)[]): Set<TwinBlock> {
  const found = new Set<TwinBlock>()
  const waiting = tips.filter((tip) => tip !== undefined)
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (found.has(at)) continue
    found.add(at)
    if (at.backs !== 'genesis') waiting.push(...at.backs)
  }
  return found
}
