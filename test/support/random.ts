/** Chance from a seed: the same numbers every time. */

/** Mulberry32: the same numbers for the same seed, in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What a simulation asks of chance. */
export class Dice {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = randomFrom(seed)
  }

  /** A number in [0, 1). */
  roll(): number {
    return this.#next()
  }

  /** True so often, 0 … 1. */
  chance(share: number): boolean {
    return this.roll() < share
  }

  /** One of 0 … n − 1. */
  below(n: number): number {
    return Math.floor(this.roll() * n)
  }

  between(least: number, most: number): number {
    return least + this.roll() * (most - least)
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  /** Others, that go their own way: what one part of a simulation asks for changes nothing for the rest. */
  fork(): Dice {
    return new Dice(this.below(2 ** 32))
  }
}
