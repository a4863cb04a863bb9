/**
 * The nodes of the trees in `persistent-tree.ts`, and the searches within one of them. Nothing here is altered.
 */

/** Whose nodes may be altered in place. */
export type Edit = object

/** How the entries of a tree compare, and what is known of many of them. `P` is a place between entries. */
export interface Shape<S, P> {
  /** A total order: 0 only for entries that stand for each other. */
  readonly compare: (a: number, b: number) => number
  /** Whether an entry comes before a place. */
  readonly isBefore: (entry: number, place: P) => boolean
  /** Of `entries` from position `from` to before `to`, at least one. */
  readonly summary: (entries: readonly number[], from: number, to: number) => S
  /** Of summaries of ranges that follow each other, at least one. */
  readonly join: (parts: readonly { readonly summary: S }[]) => S
}

export interface Leaf<S> {
  readonly edit: Edit
  readonly children: undefined
  entries: number[]
  summary: S
}

export interface Inner<S> {
  readonly edit: Edit
  children: Tree<S>[]
  readonly entries: undefined
  summary: S
  first: number
  last: number
}

/** Not empty; an empty list has no tree. */
export type Tree<S> = Leaf<S> | Inner<S>

/** Its first entry. */
export function firstOf<S>(tree: Tree<S>): number {
  return tree.children === undefined ? (tree.entries[0] ?? 0) : tree.first
}

export function lastOf<S>(tree: Tree<S>): number {
  return tree.children === undefined ? (tree.entries.at(-1) ?? 0) : tree.last
}

/** The first child that has an entry from a place on. */
export function childAt<S, P>({ isBefore }: Shape<S, P>, children: readonly Tree<S>[], place: P): number {
  let low = 0
  let high = children.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(lastOf(children[middle] as Tree<S>), place)) low = middle + 1
    else high = middle
  }
  return low
}

/** The child that holds an entry, or would. */
export function childOf<S, P>({ compare }: Shape<S, P>, { children }: Inner<S>, entry: number): number {
  let low = 0
  let high = children.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (compare(firstOf(children[middle] as Tree<S>), entry) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

/** Where an entry is among others, or would be. */
export function positionOf<S, P>({ compare }: Shape<S, P>, entries: readonly number[], entry: number): number {
  let low = 0
  let high = entries.length
  if (high > 0 && compare(entries[high - 1] ?? 0, entry) < 0) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(entries[middle] ?? 0, entry) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** How many entries come before a place. */
export function placeIn<S, P>({ isBefore }: Shape<S, P>, entries: readonly number[], place: P): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(entries[middle] ?? 0, place)) low = middle + 1
    else high = middle
  }
  return low
}
