/** A binary max-heap of distinct local indexes: a walk from many tips must visit a block before its past. */

export class IndexHeap {
  readonly #items: number[] = []

  get size(): number {
    return this.#items.length
  }

  push(index: number): void {
    const items = this.#items
    let at = items.length
    items.push(index)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent] ?? 0
      if (above >= index) break
      items[at] = above
      at = parent
    }
    items[at] = index
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < items.length && (items[child + 1] ?? 0) > (items[child] ?? 0)) child += 1
      if (child >= items.length || (items[child] ?? 0) <= last) break
      items[at] = items[child] ?? 0
      at = child
    }
    items[at] = last
    return top
  }
}
