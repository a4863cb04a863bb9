/** Long work on this thread, cut into slices between which everybody else gets a turn (spec §10: a long answer yields). */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** A quarter of the 20 ms that anybody may wait: two long answers and a collection of garbage fit beside each other. */
const SLICE_MS = 5

/** Items between two looks at the clock: at most 20 µs each. */
const STEP = 64

/** Invariant: `#from` is when the slice began. */
export class Slices {
  #from = performance.now()

  /** To be asked between small steps: whether to await {@link next}. */
  get isOver(): boolean {
    return performance.now() - this.#from > SLICE_MS
  }

  async next(): Promise<void> {
    await nextTurn()
    this.#from = performance.now()
  }
}

/** As `items.map(map)`. What `map` looks at may change between two slices. */
export async function mapInSlices<T, U>(items: readonly T[], map: (item: T) => U): Promise<U[]> {
  const slices = new Slices()
  const mapped: U[] = []
  for (let from = 0; from < items.length; from += STEP) {
    if (slices.isOver) await slices.next()
    for (const item of items.slice(from, from + STEP)) mapped.push(map(item))
  }
  return mapped
}
