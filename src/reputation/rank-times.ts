/**
 * The times of accepted blocks by rank, to find those that were accepted late: of a higher rank than one given, and no later
 * than a time. Keeps the least time of each 64 ranks, of each 64 of those, and so on.
 */
import type { Graph } from '../dag/graph.ts'

const FAN = 64

export class RankTimes {
  readonly #graph: Graph
  /** Of the level above ranks, the one above that … */
  readonly #levels: number[][] = []

  constructor(graph: Graph) {
    this.#graph = graph
  }

  /** To be called for each block that is accepted. What is withdrawn may stay noted. */
  note(index: number): void {
    const time = this.#graph.time(index)
    let at = this.#graph.rank(index) ?? 0
    for (let level = 0; level === 0 || at >= FAN; level += 1) {
      at = Math.floor(at / FAN)
      let times = this.#levels[level]
      if (times === undefined) {
        // It has to know of all that is below it.
        times = level === 0 ? [] : [Math.min(...(this.#levels[level - 1] ?? []).slice(0, FAN))]
        this.#levels.push(times)
      }
      times[at] = Math.min(times[at] ?? Number.POSITIVE_INFINITY, time)
    }
  }

  /** Accepted blocks of rank > `rank` and time ≤ `time`, pasts first; `undefined` if there are more than `atMost`. */
  lateOnes(rank: number, time: number, atMost: number): number[] | undefined {
    const found: number[] = []
    const visit = (level: number, at: number): boolean => {
      const span = FAN ** (level + 1)
      if ((at + 1) * span <= rank + 1 || !((this.#levels[level]?.[at] ?? time) <= time)) return true
      for (let below = at * FAN; below < (at + 1) * FAN; below += 1) {
        if (level > 0) {
          if (below >= (this.#levels[level - 1]?.length ?? 0)) break
          if (!visit(level - 1, below)) return false
        } else if (below > rank) {
          const index = this.#graph.atRank(below)
          if (index === undefined || index === 0 || this.#graph.time(index) > time) continue
          if (found.push(index) > atMost) return false
        }
      }
      return true
    }
    const top = this.#levels.length - 1
    for (let at = 0; at < (this.#levels[top]?.length ?? 0); at += 1) if (!visit(top, at)) return undefined
    return found
  }
}
