/**
 * The changes of one author's balance, by the moment at which they happen (spec §4), as entries of a {@link Trees}: of the
 * form x := min(30, x + s), which compose. Within a moment the losses come first: then capping after each change is capping
 * after their sum.
 */
import type { Graph } from '../dag/graph.ts'
import type { BlockTable } from './block-table.ts'
import { MAX_REPS, OLD_AGE_MS } from './rules.ts'
import { Trees } from './persistent-tree.ts'
import type { Tree } from './tree-nodes.ts'

/** What an entry is. The lower ones happen at the time of their block, in which they are losses or nothing. */
export const VOTE_COUNTS = 0
export const VOTE_VOID = 1
export const POST_MINTING = 2
export const POST_PLAIN = 3
export const DISLIKED = 4
/** A post is 24 h old (2.a). */
export const RIPE = 5
/** A day is minted (1.b): 24 h after its block, a post or the like of a post. */
export const DAY = 6
export const LIKED = 7

export type Kind =
  | typeof VOTE_COUNTS
  | typeof VOTE_VOID
  | typeof POST_MINTING
  | typeof POST_PLAIN
  | typeof DISLIKED
  | typeof RIPE
  | typeof DAY
  | typeof LIKED

/** Gains or losses of kinds, by number. */
const CHANGES = [-1, 0, -1, -1, -1, 1, 1, 1] as const

const GROUPS: readonly Group[] = [0, 0, 0, 0, 0, 1, 1, 2]

/** No entry yet: as good as no cap. */
const NO_CAP = 1_000_000_000

/** Of a moment: losses, then what happens 24 h after its block, then gains at the time of their block. */
export type Group = 0 | 1 | 2

/** A place among the entries of one moment and group: before this block in order, or behind it. */
export interface Place {
  readonly moment: number
  readonly group: Group
  /** 'first' and 'last': before and behind all of the group. */
  readonly block: number | 'first' | 'last'
  readonly isBehind?: boolean
}

/** Of a range of entries: x becomes min(cap, x + sum). */
export interface Changes {
  readonly sum: number
  readonly cap: number
  /** The same without what happens 24 h after its block. */
  readonly sumNow: number
  readonly capNow: number
  /** Entries of some kinds. */
  readonly votes: number
  readonly mintingPosts: number
  readonly plainPosts: number
  readonly likes: number
  /** Days minted by a like. */
  readonly likedDays: number
}

/** What an entry adds to the balance. */
export function changeOf(kind: Kind): -1 | 0 | 1 {
  return CHANGES[kind]
}

export function entryOf(block: number, kind: Kind): number {
  return block * 8 + kind
}

export function blockOf(entry: number): number {
  return Math.floor(entry / 8)
}

export function kindOf(entry: number): Kind {
  return (entry & 7) as Kind
}

/** The place before all that happens at this time. */
export function from(moment: number): Place {
  return { moment, group: 0, block: 'first' }
}

/** The place behind all that happens at this time. */
export function behind(moment: number): Place {
  return { moment, group: 2, block: 'last' }
}

export type Moments = Tree<Changes> | undefined

/** Trees of the entries of blocks in this graph. */
export function momentsOf(graph: Graph, table: BlockTable): Trees<Changes, Place> {
  const momentOf = (entry: number): number => {
    const time = graph.time(blockOf(entry))
    return GROUPS[kindOf(entry)] === 1 ? time + OLD_AGE_MS : time
  }

  function compare(a: number, b: number): number {
    const byMoment = momentOf(a) - momentOf(b)
    if (byMoment !== 0) return byMoment
    const [kind, other] = [kindOf(a), kindOf(b)]
    const byGroup = (GROUPS[kind] ?? 0) - (GROUPS[other] ?? 0)
    if (byGroup !== 0) return byGroup
    if (blockOf(a) !== blockOf(b)) return graph.compare(blockOf(a), blockOf(b))
    // A block's own entry is one, whether it counts or not.
    return GROUPS[kind] === 1 ? kind - other : 0
  }

  function isBefore(entry: number, { moment, group, block, isBehind }: Place): boolean {
    const at = momentOf(entry)
    if (at !== moment) return at < moment
    const own = GROUPS[kindOf(entry)] ?? 0
    if (own !== group) return own < group
    if (typeof block === 'string') return block === 'last'
    const order = graph.compare(blockOf(entry), block)
    return order < 0 || (order === 0 && isBehind === true)
  }

  function summary(entries: readonly number[], start: number, end: number): Changes {
    let [sum, cap, sumNow, capNow] = [0, NO_CAP, 0, NO_CAP]
    let [votes, mintingPosts, plainPosts, likes, likedDays] = [0, 0, 0, 0, 0]
    for (let at = start; at < end; at += 1) {
      const entry = entries[at] ?? 0
      const kind = kindOf(entry)
      const change = CHANGES[kind]
      sum += change
      cap = Math.min(MAX_REPS, cap + change)
      if (kind !== RIPE && kind !== DAY) {
        sumNow += change
        capNow = Math.min(MAX_REPS, capNow + change)
      }
      if (kind === VOTE_COUNTS || kind === VOTE_VOID) votes += 1
      else if (kind === POST_MINTING) mintingPosts += 1
      else if (kind === POST_PLAIN) plainPosts += 1
      else if (kind === LIKED) likes += 1
      else if (kind === DAY && !table.isPost(blockOf(entry))) likedDays += 1
    }
    return { sum, cap, sumNow, capNow, votes, mintingPosts, plainPosts, likes, likedDays }
  }

  function join(parts: readonly { readonly summary: Changes }[]): Changes {
    let [sum, cap, sumNow, capNow] = [0, NO_CAP, 0, NO_CAP]
    let [votes, mintingPosts, plainPosts, likes, likedDays] = [0, 0, 0, 0, 0]
    for (const { summary: part } of parts) {
      sum += part.sum
      cap = Math.min(part.cap, cap + part.sum)
      sumNow += part.sumNow
      capNow = Math.min(part.capNow, capNow + part.sumNow)
      votes += part.votes
      mintingPosts += part.mintingPosts
      plainPosts += part.plainPosts
      likes += part.likes
      likedDays += part.likedDays
    }
    return { sum, cap, sumNow, capNow, votes, mintingPosts, plainPosts, likes, likedDays }
  }

  return new Trees({ compare, isBefore, summary, join })
}
