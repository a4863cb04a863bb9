/** How many of some connections each share has, and which connections belong to the largest one. Pure. */
import type { Shares } from './address-shares.ts'

export class ShareCounts {
  readonly #counts = new Map<string, number>()

  constructor(all: Iterable<Shares>) {
    for (const shares of all) for (const share of shares) this.#counts.set(share, (this.#counts.get(share) ?? 0) + 1)
  }

  /** The size of the largest share that a connection counts against; 1 for a connection without any: it is alone. */
  of(shares: Shares): number {
    return Math.max(1, ...shares.map((share) => this.#counts.get(share) ?? 0))
  }

  /** Those of the candidates whose share is largest. */
  largest<T extends { readonly shares: Shares }>(candidates: readonly T[]): readonly T[] {
    const most = Math.max(0, ...candidates.map(({ shares }) => this.of(shares)))
    return candidates.filter(({ shares }) => this.of(shares) === most)
  }
}
