/**
 * Which blocks the next block links (spec §5, *Posting*): the accepted heads without *avoided* ones. With an avoided head,
 * the blocks are left out that are accepted only because of it. A block on which nothing stands then is a head in its
 * place, or avoided too, and so on. The cost is O(blocks left out).
 *
 * Avoiding concerns an author, in all blocks. So it does not matter that leaving out one block may make another one of
 * the same author paid: that one is left out too. No other author's blocks become paid or unpaid.
 */
import type { Graph } from '../dag/graph.ts'
import type { AuthorKey } from '../dag/ids.ts'
import { MAX_BACKS } from '../dag/block-limits.ts'
import { isAncestor } from '../dag/walk.ts'
import type { BlockTable, Like } from './block-table.ts'

export interface LinkContext {
  readonly graph: Graph
  readonly table: BlockTable
  readonly isPaid: (index: number) => boolean
  /** The local rule: whether the block's author is one whose heads are left out. */
  readonly isAvoided: (index: number) => boolean
  /** Of the backs of a block to be, those that are neither accepted in its past nor welcomed by it (spec §5, *sound*). */
  readonly unaccepted: (backs: readonly number[], vote?: Like) => readonly number[]
}

/** A block about to be made. */
export interface ToLink {
  /** Absent if it will not be signed. */
  readonly author?: AuthorKey
  /** Absent for posts. */
  readonly vote?: Like
}

interface Linkable {
  readonly heads: readonly number[]
  /** Accepted blocks that are neither heads nor in the past of one. */
  readonly leftOut: ReadonlySet<number>
}

/** What may be linked, all of it; the genesis alone if nothing else is left. */
export function linkableHeads(context: Omit<LinkContext, 'unaccepted'>): number[] {
  return orGenesis(linkable(context, () => false).heads)
}

/**
 * What the author's next block links: at most {@link MAX_BACKS}, in no particular order. A head stays that is the
 * vote's target or has it in its past: otherwise an author who is below zero already could not be disliked.
 */
export function backsFor(context: LinkContext, { author, vote }: ToLink): number[] {
  const { graph } = context
  const target = vote?.target
  const { heads, leftOut } = linkable(context, (head) => isOver(graph, head, target))
  const welcomed = vote?.n === 1 && !graph.isAccepted(vote.target) ? vote.target : undefined
  const highestFirst = [...heads].sort((a, b) => graph.compare(b, a))
  const latest = author === undefined ? undefined : latestOf(author, context, leftOut)
  const own = highestFirst.find((head) => isOver(graph, head, latest))
  const over = highestFirst.find((head) => isOver(graph, head, target))
  const preferred = [own, welcomed, over, ...highestFirst].filter((index) => index !== undefined)
  const chosen = [...new Set(preferred)].slice(0, MAX_BACKS)
  return orGenesis(soundPart(context, chosen, { kept: [over, own], vote }))
}

/**
 * Leaves out one back after the other until the rest can be linked together: two blocks of one author that are unpaid here may
 * both be paid where some heads are missing. It ends, since a single head can be linked. Of those that are in the way the last
 * in order goes first, `kept` ones only when there is no other, and the first of them last.
 */
function soundPart(
  { graph, unaccepted }: LinkContext,
  chosen: readonly number[],
  { kept, vote }: { readonly kept: readonly (number | undefined)[]; readonly vote: Like | undefined },
): readonly number[] {
  const rankOf = (back: number): number => kept.length - (kept.includes(back) ? kept.indexOf(back) : kept.length)
  let left = chosen
  for (let bad = unaccepted(left, vote); bad.length > 0; bad = unaccepted(left, vote)) {
    const out = [...bad].sort((a, b) => rankOf(a) - rankOf(b) || graph.compare(b, a))[0]
    left = left.filter((back) => back !== out)
  }
  return left
}

function linkable(
  { graph, isPaid, isAvoided }: Omit<LinkContext, 'unaccepted'>,
  isNeeded: (head: number) => boolean,
): Linkable {
  const heads: number[] = []
  const leftOut = new Set<number>()
  const waiting: number[] = []
  for (const head of graph.heads()) {
    if (head === 0) continue
    if (isAvoided(head) && !isNeeded(head)) waiting.push(head)
    else heads.push(head)
  }
  /** For blocks under those left out: accepted children that are not left out. */
  const children = new Map<number, number>()
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    leftOut.add(at)
    graph.forEachBack(at, (back) => {
      const left = (children.get(back) ?? graph.acceptedChildren(back)) - 1
      children.set(back, left)
      if (left > 0 || back === 0) return
      // Bare now. No needed head is below one that is not needed, so it is not needed either.
      if (isPaid(back) && !isAvoided(back)) heads.push(back)
      else waiting.push(back)
    })
  }
  return { heads, leftOut }
}

/** The author's last accepted block in order that is not left out. */
function latestOf(author: AuthorKey, { graph, table }: LinkContext, leftOut: ReadonlySet<number>): number | undefined {
  const number = table.numberOf(author)
  if (number === undefined) return undefined
  return table.blocksOf(number).findLast((block) => graph.isAccepted(block) && !leftOut.has(block))
}

/** Whether the head is the block or has it in its past. */
function isOver(graph: Graph, head: number, block: number | undefined): boolean {
  return block !== undefined && (head === block || isAncestor(graph, block, head))
}

function orGenesis(heads: readonly number[]): number[] {
  return heads.length === 0 ? [0] : [...heads]
}
