/** Virtual time: jobs in the order of their times, each to its end before the next. Nothing waits for a real clock. */
import { lowerBound } from '../../src/reputation/binary-search.ts'

type Job = () => Promise<void> | void

export class Timeline {
  #nowMs: number
  /** The next one last; of those at the same time the one that was asked for first. */
  readonly #jobs: { readonly atMs: number; readonly run: Job }[] = []

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  /** Whole milliseconds. */
  get nowMs(): number {
    return this.#nowMs
  }

  get isEmpty(): boolean {
    return this.#jobs.length === 0
  }

  in(delayMs: number, run: Job): void {
    const atMs = this.#nowMs + Math.max(0, Math.round(delayMs))
    const place = lowerBound(this.#jobs, (job) => job.atMs > atMs)
    this.#jobs.splice(place, 0, { atMs, run })
  }

  /** Does what is due until this time, which it is then. */
  async runUntil(ms: number): Promise<void> {
    for (let next = this.#jobs.at(-1); next !== undefined && next.atMs <= ms; next = this.#jobs.at(-1)) {
      this.#jobs.pop()
      this.#nowMs = next.atMs
      await next.run()
    }
    this.#nowMs = Math.max(this.#nowMs, ms)
  }
}
