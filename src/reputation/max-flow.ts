/**
 * Max-flow in whole numbers by Dinic's algorithm: levels by breadth, then flows that block them. Short ways come first, and an edge
 * into the sink keeps what it got. Nothing recurses: a line of accounts may be as long as somebody likes. Pure.
 */

/** More than any flow here. */
export const UNBOUNDED = 2 ** 30

export class FlowNetwork {
  readonly #edges: number[][] = []
  /** Edges come in pairs: 2n forth, 2n + 1 back. */
  readonly #to: number[] = []
  readonly #left: number[] = []

  addNode(): number {
    return this.#edges.push([]) - 1
  }

  /** Returns the edge's number. */
  addEdge(from: number, to: number, capacity: number): number {
    const edge = this.#to.push(to) - 1
    this.#to.push(from)
    this.#left.push(capacity, 0)
    this.#edges[from]?.push(edge)
    this.#edges[to]?.push(edge + 1)
    return edge
  }

  /** Whether no more can flow along an edge. */
  isFull(edge: number): boolean {
    return this.#left[edge] === 0
  }

  run(source: number, sink: number): void {
    for (let levels = this.#levels(source); levels[sink] !== -1; levels = this.#levels(source)) {
      this.#block(levels, source, sink)
    }
  }

  /** How far nodes are from the source, along edges that are not full; −1 if not at all. */
  #levels(source: number): Int32Array {
    const levels = new Int32Array(this.#edges.length).fill(-1)
    levels[source] = 0
    const queue = [source]
    for (const node of queue) {
      for (const edge of this.#edges[node] ?? []) {
        const to = this.#to[edge] ?? 0
        if (this.isFull(edge) || levels[to] !== -1) continue
        levels[to] = (levels[node] ?? 0) + 1
        queue.push(to)
      }
    }
    return levels
  }

  /** Fills ways of growing level until each one has a full edge. */
  #block(levels: Int32Array, source: number, sink: number): void {
    /** By node: the edges before it lead nowhere any more. */
    const next = new Int32Array(this.#edges.length)
    const way: number[] = []
    for (let node = source; ;) {
      if (node === sink) {
        this.#send(way)
        way.length = 0
        node = source
        continue
      }
      const edge = this.#edges[node]?.[next[node] ?? 0]
      if (edge === undefined) {
        const last = way.pop()
        if (last === undefined) return
        node = this.#to[last ^ 1] ?? 0
        next[node] = (next[node] ?? 0) + 1
        continue
      }
      const to = this.#to[edge] ?? 0
      if (!this.isFull(edge) && levels[to] === (levels[node] ?? 0) + 1) {
        way.push(edge)
        node = to
      } else next[node] = (next[node] ?? 0) + 1
    }
  }

  #send(way: readonly number[]): void {
    const most = way.reduce((least, edge) => Math.min(least, this.#left[edge] ?? 0), UNBOUNDED)
    for (const edge of way) {
      this.#left[edge] = (this.#left[edge] ?? 0) - most
      this.#left[edge ^ 1] = (this.#left[edge ^ 1] ?? 0) + most
    }
  }
}
