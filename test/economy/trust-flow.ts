/**
 * Whom a reader would trust by max-flow, as Advogato does it (R. Levien, *Attack-resistant trust metrics*): trust flows from the
 * roots along likes; somebody who is further away can pass on less, and each one who is reached keeps 1. Bad accounts that get
 * some are bounded by what can flow into them, however many they are. Pure.
 */

/** Likes of one author for posts of another. */
export interface Trust {
  readonly from: number
  readonly to: number
  readonly likes: number
}

export interface TrustOptions {
  readonly roots: readonly number[]
  /** What an author at this distance from the roots can pass on and keep, at least 1; a root's at distance 0. */
  readonly capacity: (distance: number) => number
  /** What can flow along so many likes. */
  readonly edge: (likes: number) => number
}

const ENOUGH = 2 ** 30

/** Those who are reached. Shorter ways come first, so who is near is reached before who is far. */
export function trusted(list: readonly Trust[], { roots, capacity, edge }: TrustOptions): Set<number> {
  const distances = distancesFrom(roots, list)
  const authors = [...distances.keys()]
  const numberOf = new Map(authors.map((author, n) => [author, n]))
  const source = 2 * authors.length
  const sink = source + 1
  const flow = new Flow(sink + 1)
  for (const root of new Set(roots)) flow.add(source, 2 * (numberOf.get(root) ?? 0), ENOUGH)
  const kept = authors.map((author, n) => {
    flow.add(2 * n, 2 * n + 1, Math.max(0, capacity(distances.get(author) ?? 0) - 1))
    return flow.add(2 * n, sink, 1)
  })
  for (const { from, to, likes } of list) {
    const [a, b] = [numberOf.get(from), numberOf.get(to)]
    if (a !== undefined && b !== undefined) flow.add(2 * a + 1, 2 * b, edge(likes))
  }
  flow.run(source, sink)
  return new Set(authors.filter((_author, n) => flow.left(kept[n] ?? 0) === 0))
}

function distancesFrom(roots: readonly number[], list: readonly Trust[]): Map<number, number> {
  const next = new Map<number, number[]>()
  for (const { from, to } of list) {
    const known = next.get(from)
    if (known === undefined) next.set(from, [to])
    else known.push(to)
  }
  const distances = new Map(roots.map((root) => [root, 0]))
  for (const [author, distance] of distances) {
    for (const to of next.get(author) ?? []) if (!distances.has(to)) distances.set(to, distance + 1)
  }
  return distances
}

/** Max-flow by Dinic: levels by breadth, then blocking flows. */
class Flow {
  readonly #edges: number[][]
  readonly #to: number[] = []
  readonly #left: number[] = []
  #levels: Int32Array
  #at: Int32Array

  constructor(nodes: number) {
    this.#edges = Array.from({ length: nodes }, () => [])
    this.#levels = new Int32Array(nodes)
    this.#at = new Int32Array(nodes)
  }

  /** Returns the edge's number. */
  add(from: number, to: number, capacity: number): number {
    const edge = this.#to.push(to) - 1
    this.#to.push(from)
    this.#left.push(capacity, 0)
    this.#edges[from]?.push(edge)
    this.#edges[to]?.push(edge + 1)
    return edge
  }

  /** What could still flow along it. */
  left(edge: number): number {
    return this.#left[edge] ?? 0
  }

  run(source: number, sink: number): void {
    while (this.#rank(source, sink)) {
      this.#at = new Int32Array(this.#edges.length)
      while (this.#push(source, sink, ENOUGH) > 0);
    }
  }

  #rank(source: number, sink: number): boolean {
    this.#levels = new Int32Array(this.#edges.length).fill(-1)
    this.#levels[source] = 0
    const queue = [source]
    for (const node of queue) {
      for (const edge of this.#edges[node] ?? []) {
        const to = this.#to[edge] ?? 0
        if (this.left(edge) === 0 || this.#levels[to] !== -1) continue
        this.#levels[to] = (this.#levels[node] ?? 0) + 1
        queue.push(to)
      }
    }
    return this.#levels[sink] !== -1
  }

  /** As deep as the levels are: bounded by twice the authors in a line. */
  #push(node: number, sink: number, most: number): number {
    if (node === sink) return most
    const edges = this.#edges[node] ?? []
    for (let n = this.#at[node] ?? 0; n < edges.length; n += 1) {
      this.#at[node] = n
      const edge = edges[n] ?? 0
      const to = this.#to[edge] ?? 0
      if (this.left(edge) === 0 || this.#levels[to] !== (this.#levels[node] ?? 0) + 1) continue
      const pushed = this.#push(to, sink, Math.min(most, this.left(edge)))
      if (pushed === 0) continue
      this.#left[edge] = this.left(edge) - pushed
      this.#left[edge ^ 1] = this.left(edge ^ 1) + pushed
      return pushed
    }
    this.#at[node] = edges.length
    return 0
  }
}
