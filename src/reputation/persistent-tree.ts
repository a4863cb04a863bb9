/**
 * A sorted list of numbers with a summary over every range: a B-tree whose versions share what they have in common. A node
 * is altered in place by the version that made it (its *edit*), and copied by all others: so a copy of a whole tree costs
 * nothing, and each change O(log n). What the numbers mean, and what is summed up, is told by a {@link Shape}.
 */
import { Bug } from '../dag/result.ts'
import { childAt, childOf, firstOf, lastOf, placeIn, positionOf } from './tree-nodes.ts'
import type { Edit, Inner, Leaf, Shape, Tree } from './tree-nodes.ts'

/** Entries or children of a node, at most; half of it after a split. */
const WIDTH = 16

/** Neighbours that fit into one node of this size are joined: lists that shrink stay shallow. */
const JOINED = WIDTH / 2

export class Trees<S, P> {
  readonly #shape: Shape<S, P>

  constructor(shape: Shape<S, P>) {
    this.#shape = shape
  }

  /** @throws {Bug} if it is in */
  insert(tree: Tree<S> | undefined, entry: number, edit: Edit): Tree<S> {
    if (tree === undefined) return this.#leaf([entry], edit)
    const parts = this.#insert(tree, entry, edit)
    return parts.length === 1 ? (parts[0] as Tree<S>) : this.#inner(parts, edit)
  }

  /** @throws {Bug} if it is not in */
  remove(tree: Tree<S> | undefined, entry: number, edit: Edit): Tree<S> | undefined {
    if (tree === undefined) throw new Bug(`entry ${String(entry)} is not in the tree`)
    let left = this.#remove(tree, entry, edit)
    while (left?.children?.length === 1) left = left.children[0]
    return left
  }

  /** Puts an entry in the place of one that compares as it does. @throws {Bug} if there is none */
  replace(tree: Tree<S> | undefined, entry: number, edit: Edit): Tree<S> {
    if (tree === undefined) throw new Bug(`entry ${String(entry)} is not in the tree`)
    if (tree.children === undefined) {
      const at = positionOf(this.#shape, tree.entries, entry)
      if (at >= tree.entries.length || this.#shape.compare(tree.entries[at] ?? 0, entry) !== 0) {
        throw new Bug(`entry ${String(entry)} is not in the tree`)
      }
      const leaf = this.#ownLeaf(tree, edit)
      leaf.entries[at] = entry
      return this.#renewed(leaf)
    }
    const inner = this.#ownInner(tree, edit)
    const at = childOf(this.#shape, inner, entry)
    inner.children[at] = this.replace(inner.children[at], entry, edit)
    return this.#renewed(inner)
  }

  /** The entry that compares as this one does. */
  find(tree: Tree<S> | undefined, entry: number): number | undefined {
    let at = tree
    while (at?.children !== undefined) at = at.children[childOf(this.#shape, at, entry)]
    if (at === undefined) return undefined
    const found = at.entries[positionOf(this.#shape, at.entries, entry)]
    return found !== undefined && this.#shape.compare(found, entry) === 0 ? found : undefined
  }

  /** Calls `take` with summaries of all entries from a place to before another one, in order. */
  range(tree: Tree<S> | undefined, from: P, to: P, take: (summary: S) => void): void {
    if (tree === undefined) return
    const { isBefore, summary } = this.#shape
    const { children } = tree
    if (children === undefined) {
      const start = placeIn(this.#shape, tree.entries, from)
      const end = placeIn(this.#shape, tree.entries, to)
      if (start < end) take(end - start === tree.entries.length ? tree.summary : summary(tree.entries, start, end))
      return
    }
    const start = childAt(this.#shape, children, from)
    for (let at = start; at < children.length; at += 1) {
      const child = children[at] as Tree<S>
      if (!isBefore(firstOf(child), to)) return
      const isWhole = (at > start || !isBefore(firstOf(child), from)) && isBefore(lastOf(child), to)
      if (isWhole) take(child.summary)
      else this.range(child, from, to, take)
    }
  }

  /** The entries from a place to before another one, in order. */
  entries(tree: Tree<S> | undefined, from: P, to: P, found: number[] = []): number[] {
    const { isBefore } = this.#shape
    if (tree === undefined || isBefore(lastOf(tree), from) || !isBefore(firstOf(tree), to)) return found
    if (tree.children !== undefined) for (const child of tree.children) this.entries(child, from, to, found)
    else for (const entry of tree.entries) if (!isBefore(entry, from) && isBefore(entry, to)) found.push(entry)
    return found
  }

  /** The first entry from a place on of those that `isOf` knows; it asks only where a summary `holds` some. */
  firstFrom(
    tree: Tree<S> | undefined,
    from: P,
    holds: (summary: S) => boolean,
    isOf: (entry: number) => boolean,
  ): number | undefined {
    if (tree === undefined || !holds(tree.summary)) return undefined
    const { children } = tree
    if (children === undefined) {
      for (let at = placeIn(this.#shape, tree.entries, from); at < tree.entries.length; at += 1) {
        const entry = tree.entries[at] ?? 0
        if (isOf(entry)) return entry
      }
      return undefined
    }
    for (let at = childAt(this.#shape, children, from); at < children.length; at += 1) {
      const found = this.firstFrom(children[at], from, holds, isOf)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The last entry before a place of those that `isOf` knows. */
  lastBefore(
    tree: Tree<S> | undefined,
    to: P,
    holds: (summary: S) => boolean,
    isOf: (entry: number) => boolean,
  ): number | undefined {
    if (tree === undefined || !holds(tree.summary) || !this.#shape.isBefore(firstOf(tree), to)) return undefined
    if (tree.children === undefined) {
      for (let at = placeIn(this.#shape, tree.entries, to) - 1; at >= 0; at -= 1) {
        const entry = tree.entries[at] ?? 0
        if (isOf(entry)) return entry
      }
      return undefined
    }
    for (let at = tree.children.length - 1; at >= 0; at -= 1) {
      const found = this.lastBefore(tree.children[at], to, holds, isOf)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The entries before a place. */
  before(tree: Tree<S> | undefined, to: P, edit: Edit): Tree<S> | undefined {
    if (tree === undefined || this.#shape.isBefore(lastOf(tree), to)) return tree
    if (!this.#shape.isBefore(firstOf(tree), to)) return undefined
    if (tree.children === undefined)
      return this.#leaf(tree.entries.slice(0, placeIn(this.#shape, tree.entries, to)), edit)
    const kept = tree.children.filter((child) => this.#shape.isBefore(lastOf(child), to))
    const cut = this.before(tree.children[kept.length], to, edit)
    const children = cut === undefined ? kept : [...kept, cut]
    return children.length === 1 ? children[0] : this.#inner(children, edit)
  }

  #insert(tree: Tree<S>, entry: number, edit: Edit): Tree<S>[] {
    if (tree.children === undefined) {
      const at = positionOf(this.#shape, tree.entries, entry)
      if (at < tree.entries.length && this.#shape.compare(tree.entries[at] ?? 0, entry) === 0) {
        throw new Bug(`entry ${String(entry)} is in the tree already`)
      }
      const leaf = this.#ownLeaf(tree, edit)
      leaf.entries.splice(at, 0, entry)
      if (leaf.entries.length <= WIDTH) return [this.#renewed(leaf)]
      // What grows at its end keeps full nodes behind it.
      const half = at === leaf.entries.length - 1 ? WIDTH - 4 : WIDTH / 2
      const rest = leaf.entries.splice(half)
      return [this.#renewed(leaf), this.#leaf(rest, edit)]
    }
    const inner = this.#ownInner(tree, edit)
    const at = childOf(this.#shape, inner, entry)
    const parts = this.#insert(inner.children[at] as Tree<S>, entry, edit)
    if (parts.length === 1) inner.children[at] = parts[0] as Tree<S>
    else inner.children.splice(at, 1, ...parts)
    if (inner.children.length <= WIDTH) return [this.#renewed(inner)]
    const half = at >= inner.children.length - 2 ? WIDTH - 4 : WIDTH / 2
    const rest = inner.children.splice(half)
    return [this.#renewed(inner), this.#inner(rest, edit)]
  }

  #remove(tree: Tree<S>, entry: number, edit: Edit): Tree<S> | undefined {
    if (tree.children === undefined) {
      const at = positionOf(this.#shape, tree.entries, entry)
      if (at >= tree.entries.length || this.#shape.compare(tree.entries[at] ?? 0, entry) !== 0) {
        throw new Bug(`entry ${String(entry)} is not in the tree`)
      }
      const leaf = this.#ownLeaf(tree, edit)
      leaf.entries.splice(at, 1)
      return leaf.entries.length === 0 ? undefined : this.#renewed(leaf)
    }
    const inner = this.#ownInner(tree, edit)
    const at = childOf(this.#shape, inner, entry)
    const left = this.#remove(inner.children[at] as Tree<S>, entry, edit)
    if (left === undefined) inner.children.splice(at, 1)
    else inner.children[at] = left
    if (inner.children.length === 0) return undefined
    this.#joinAt(inner, Math.max(0, at - 1), edit)
    this.#joinAt(inner, at, edit)
    return this.#renewed(inner)
  }

  /** Makes one of two small neighbours. */
  #joinAt(inner: Inner<S>, at: number, edit: Edit): void {
    const [left, right] = [inner.children[at], inner.children[at + 1]]
    if (left === undefined || right === undefined) return
    if (left.children === undefined && right.children === undefined) {
      if (left.entries.length + right.entries.length > JOINED) return
      inner.children.splice(at, 2, this.#leaf([...left.entries, ...right.entries], edit))
    } else if (left.children !== undefined && right.children !== undefined) {
      if (left.children.length + right.children.length > JOINED) return
      inner.children.splice(at, 2, this.#inner([...left.children, ...right.children], edit))
    }
  }

  #leaf(entries: number[], edit: Edit): Leaf<S> {
    return { edit, children: undefined, entries, summary: this.#shape.summary(entries, 0, entries.length) }
  }

  #inner(children: Tree<S>[], edit: Edit): Inner<S> {
    const summary = this.#shape.join(children)
    const [first, last] = [children[0] as Tree<S>, children.at(-1) as Tree<S>]
    return { edit, children, entries: undefined, summary, first: firstOf(first), last: lastOf(last) }
  }

  #ownLeaf(leaf: Leaf<S>, edit: Edit): Leaf<S> {
    return leaf.edit === edit ? leaf : { ...leaf, edit, entries: [...leaf.entries] }
  }

  #ownInner(inner: Inner<S>, edit: Edit): Inner<S> {
    return inner.edit === edit ? inner : { ...inner, edit, children: [...inner.children] }
  }

  #renewed(tree: Tree<S>): Tree<S> {
    if (tree.children === undefined) {
      tree.summary = this.#shape.summary(tree.entries, 0, tree.entries.length)
      return tree
    }
    tree.summary = this.#shape.join(tree.children)
    tree.first = firstOf(tree.children[0] as Tree<S>)
    tree.last = lastOf(tree.children.at(-1) as Tree<S>)
    return tree
  }
}
