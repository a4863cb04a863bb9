/** The least block in order of those that were put in (spec §1). */
import type { Graph } from '../dag/graph.ts'

export class OrderHeap {
  readonly #graph: Graph
  readonly #blocks: number[] = []

  constructor(graph: Graph) {
    this.#graph = graph
  }

  push(block: number): void {
    const blocks = this.#blocks
    let at = blocks.push(block) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isLess(block, blocks[above] ?? 0)) break
      blocks[at] = blocks[above] ?? 0
      at = above
    }
    blocks[at] = block
  }

  pop(): number | undefined {
    const blocks = this.#blocks
    const least = blocks[0]
    const last = blocks.pop()
    if (last === undefined || blocks.length === 0) return least
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= blocks.length) break
      if (below + 1 < blocks.length && this.#isLess(blocks[below + 1] ?? 0, blocks[below] ?? 0)) below += 1
      if (!this.#isLess(blocks[below] ?? 0, last)) break
      blocks[at] = blocks[below] ?? 0
      at = below
    }
    blocks[at] = last
    return least
  }

  #isLess(a: number, b: number): boolean {
    return this.#graph.compare(a, b) < 0
  }
}
