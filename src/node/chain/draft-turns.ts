/** Whose draft is made next, of one author in one chain (spec §10): first come, first served. */

/** Gives the turn to the next in line; may be called again. */
export type EndTurn = () => void

export class DraftTurns {
  readonly #longestMs: number
  /** By author and chain: settles when the last one in line has had its turn. */
  readonly #last = new Map<string, Promise<void>>()

  /** @param longestMs - how long a turn lasts at most, if it is not ended */
  constructor(longestMs: number) {
    this.#longestMs = longestMs
  }

  /** Whether somebody has the turn, or is in line for it. */
  isTaken(line: string): boolean {
    return this.#last.has(line)
  }

  /** Resolves when it is the caller's turn. Whoever gave up meanwhile has none, and holds nobody up. */
  async next(line: string, signal?: AbortSignal): Promise<EndTurn> {
    const before = this.#last.get(line)
    let end: EndTurn = () => undefined
    const mine = new Promise<void>((resolve) => (end = resolve))
    const last = Promise.all([before, mine]).then(() => {
      if (this.#last.get(line) === last) this.#last.delete(line)
    })
    this.#last.set(line, last)
    await before
    if (signal?.aborted === true) end()
    const timer = setTimeout(end, this.#longestMs).unref()
    return () => {
      clearTimeout(timer)
      end()
    }
  }
}
