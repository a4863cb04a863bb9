/**
 * By how much an author's balance has to change before a vote turns (spec §4): its *margin*, of each vote in order. The votes
 * are in a B-tree that keeps the least margins of whole ranges, so the first vote that a change may have turned is found by
 * descent, and whoever has more to spare is passed over unseen.
 *
 * A margin is exact when it is put in. Later changes of the balance are not known vote by vote, only that they are at most so
 * large: the cap, and changes that leave the window, make a change smaller on its way, never larger. So they are taken off the
 * margins of a range at once, and a vote whose margin is used up is *at risk*: whoever asks has to look at its balance.
 *
 * Nodes are never altered, so versions share what they have in common. It is no `persistent-tree.ts`: what holds for a whole range
 * stands at its node, and is not taken off what lies below. Those trees are looked at most of all, and would look for it at each step.
 */
import type { Graph } from '../dag/graph.ts'

/** Entries or children of a node, at most; half of it after a split. */
const WIDTH = 16

interface Common {
  /** First and last vote in it. */
  readonly first: number
  readonly last: number
  /** By how much balances may have fallen and risen, for all of it. Not taken off what is below yet. */
  readonly fall: number
  readonly rise: number
  /** The least margins of votes that count, and of those that do not; without what nodes above have to take off. */
  readonly counting: number
  readonly void: number
}

interface Leaf extends Common {
  readonly children: undefined
  /** Twice the vote, and 1 if it counts. */
  readonly entries: readonly number[]
  /** Without what this node and those above it have to take off. */
  readonly margins: readonly number[]
}

interface Inner extends Common {
  readonly children: readonly Node[]
}

type Node = Leaf | Inner

/** Of one author's votes. */
export type Margins = Node | undefined

/** How far the balance may have moved. */
export interface Drift {
  readonly fall: number
  readonly rise: number
}

/** Votes behind a block in order, from a time on if one is given, and until a time. */
export interface Reach {
  readonly behind: number
  readonly fromMs?: number
  readonly untilMs: number
}

const NONE: Drift = { fall: 0, rise: 0 }

/** The margin of a vote before which its author has so much. */
function marginOf(counts: boolean, balance: number): number {
  return counts ? balance : 1 - balance
}

export class MarginTrees {
  readonly #graph: Graph

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** Notes what the author has before a vote; in place of what was noted of it. */
  put(margins: Margins, vote: number, { counts, balance }: { counts: boolean; balance: number }): Margins {
    const entry = 2 * vote + (counts ? 1 : 0)
    const margin = marginOf(counts, balance)
    if (margins === undefined) return leafOf([entry], [margin], NONE)
    const parts = this.#put(margins, entry, margin)
    return parts.length === 1 ? parts[0] : innerOf(parts, NONE)
  }

  /** Without a vote; no change if it is not in. */
  remove(margins: Margins, vote: number): Margins {
    let left = margins === undefined ? undefined : this.#remove(margins, vote)
    while (left?.children?.length === 1) left = drifted(left.children[0] as Node, left)
    return left
  }

  /** Without the votes behind a block in order. */
  upTo(margins: Margins, last: number): Margins {
    if (margins === undefined || this.#graph.compare(margins.last, last) <= 0) return margins
    if (this.#graph.compare(margins.first, last) > 0) return undefined
    if (margins.children === undefined) {
      const entries = margins.entries.filter((entry) => this.#graph.compare(voteOf(entry), last) <= 0)
      return leafOf(entries, margins.margins.slice(0, entries.length), margins)
    }
    const children = margins.children.map((child) => this.upTo(child, last)).filter((child) => child !== undefined)
    return innerOf(children, margins)
  }

  /** Takes a drift off the margins of votes. */
  drift(margins: Margins, by: Drift, reach: Reach): Margins {
    if (margins === undefined || this.#sideOf(margins.last, reach) < 0 || this.#sideOf(margins.first, reach) > 0) {
      return margins
    }
    const isWhole = this.#sideOf(margins.first, reach) === 0 && this.#sideOf(margins.last, reach) === 0
    if (isWhole) return drifted(margins, by)
    if (margins.children !== undefined) {
      return innerOf(
        margins.children.map((child) => this.drift(child, by, reach) as Node),
        margins,
      )
    }
    const changed = margins.margins.map((margin, at) => {
      const entry = margins.entries[at] ?? 0
      return this.#sideOf(voteOf(entry), reach) === 0 ? margin - driftOf(entry, by) : margin
    })
    return leafOf(margins.entries, changed, margins)
  }

  /** The first vote in order that may have turned, and whether it counted. */
  firstAtRisk(margins: Margins): { readonly vote: number; readonly counts: boolean } | undefined {
    const entry = margins === undefined ? undefined : firstIn(margins, NONE)
    return entry === undefined ? undefined : { vote: voteOf(entry), counts: isCounting(entry) }
  }

  #put(node: Node, entry: number, margin: number): Node[] {
    const own = margin + driftOf(entry, node)
    if (node.children !== undefined) {
      const at = this.#childOf(node.children, voteOf(entry))
      const children = node.children.toSpliced(at, 1, ...this.#put(node.children[at] as Node, entry, own))
      return halves(children).map((half) => innerOf(half, node))
    }
    const at = this.#position(node.entries, voteOf(entry))
    const replaced = voteOf(node.entries[at] ?? -2) === voteOf(entry) ? 1 : 0
    const entries = halves(node.entries.toSpliced(at, replaced, entry))
    const margins = node.margins.toSpliced(at, replaced, own)
    const split = entries[0]?.length ?? 0
    return entries.map((half, n) => leafOf(half, n === 0 ? margins.slice(0, split) : margins.slice(split), node))
  }

  #remove(node: Node, vote: number): Margins {
    if (node.children !== undefined) {
      const at = this.#childOf(node.children, vote)
      const child = this.#remove(node.children[at] as Node, vote)
      const children = node.children.toSpliced(at, 1, ...(child === undefined ? [] : [child]))
      return children.length === 0 ? undefined : innerOf(children, node)
    }
    const at = this.#position(node.entries, vote)
    if (voteOf(node.entries[at] ?? -2) !== vote) return node
    if (node.entries.length === 1) return undefined
    return leafOf(node.entries.toSpliced(at, 1), node.margins.toSpliced(at, 1), node)
  }

  /** −1: before those that are reached; 0: among them; 1: later. */
  #sideOf(vote: number, { behind, fromMs, untilMs }: Reach): -1 | 0 | 1 {
    const time = this.#graph.time(vote)
    if (time > untilMs) return 1
    if (fromMs !== undefined && time < fromMs) return -1
    return this.#graph.compare(vote, behind) > 0 ? 0 : -1
  }

  /** The child that holds a vote, or would. */
  #childOf(children: readonly Node[], vote: number): number {
    return Math.max(
      0,
      children.findLastIndex(({ first }) => this.#graph.compare(first, vote) <= 0),
    )
  }

  #position(entries: readonly number[], vote: number): number {
    let at = entries.length
    while (at > 0 && this.#graph.compare(voteOf(entries[at - 1] ?? 0), vote) >= 0) at -= 1
    return at
  }
}

function voteOf(entry: number): number {
  return Math.floor(entry / 2)
}

function isCounting(entry: number): boolean {
  return entry % 2 === 1
}

function driftOf(entry: number, { fall, rise }: Drift): number {
  return isCounting(entry) ? fall : rise
}

/** The first entry at risk; `above` is what nodes above have to take off. */
function firstIn(node: Node, above: Drift): number | undefined {
  if (node.counting - above.fall > 0 && node.void - above.rise > 0) return undefined
  const all = { fall: above.fall + node.fall, rise: above.rise + node.rise }
  if (node.children === undefined) {
    return node.entries.find((entry, at) => (node.margins[at] ?? 0) - driftOf(entry, all) <= 0)
  }
  for (const child of node.children) {
    const found = firstIn(child, all)
    if (found !== undefined) return found
  }
  return undefined
}

function drifted(node: Node, { fall, rise }: Drift): Node {
  return {
    ...node,
    fall: node.fall + fall,
    rise: node.rise + rise,
    counting: node.counting - fall,
    void: node.void - rise,
  }
}

/** What grows at its end keeps full nodes behind it. */
function halves<T>(list: readonly T[]): (readonly T[])[] {
  return list.length <= WIDTH ? [list] : [list.slice(0, WIDTH - 4), list.slice(WIDTH - 4)]
}

function leafOf(entries: readonly number[], margins: readonly number[], { fall, rise }: Drift): Leaf {
  let [counting, idle] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const [at, margin] of margins.entries()) {
    if (isCounting(entries[at] ?? 0)) counting = Math.min(counting, margin)
    else idle = Math.min(idle, margin)
  }
  const [first, last] = [voteOf(entries[0] ?? 0), voteOf(entries.at(-1) ?? 0)]
  return {
    children: undefined,
    entries,
    margins,
    first,
    last,
    fall,
    rise,
    counting: counting - fall,
    void: idle - rise,
  }
}

function innerOf(children: readonly Node[], { fall, rise }: Drift): Inner {
  let [counting, idle] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const child of children) {
    counting = Math.min(counting, child.counting)
    idle = Math.min(idle, child.void)
  }
  const [first, last] = [children[0] as Node, children.at(-1) as Node]
  return { children, first: first.first, last: last.last, fall, rise, counting: counting - fall, void: idle - rise }
}
