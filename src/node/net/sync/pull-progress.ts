/**
 * Progress of the pulls of one chain, for display (spec §10, `chain.status`): totals, and rates over the last seconds.
 * It decides nothing.
 */

/** Window of the rates: short enough to show a stop, long enough to be steady. */
const WINDOW_MS = 10_000
const SAMPLE_MS = 500
/** Rates of a shorter window are divided by this. */
const LEAST_MS = 1_000

/** One pull under way. */
export interface PullStatus {
  readonly peer: string
  /** Blocks known to be missing here. */
  readonly wanted: number
  /** Blocks that the peer says it has accepted. */
  readonly theirs: number
  /** Bytes still to come of the long payload that is being fetched. */
  readonly payloadLeft: number
}

/** Totals since the first of the present pulls began; rates are per second. */
export interface ProgressView {
  readonly blocks: number
  readonly bytes: number
  /** Known number of blocks still to come. */
  readonly missing: number
  readonly blocksPerSecond: number
  readonly bytesPerSecond: number
  /** `null` if nothing moves or the rest is unknown. */
  readonly secondsLeft: number | null
  readonly from: readonly string[]
}

interface Sample {
  readonly ms: number
  readonly blocks: number
  readonly bytes: number
}

/**
 * Invariants: `#running` is the number of `begin` without `end`; the totals restart when it rises from 0. `#samples` is
 * in order of time, and all but the first lie inside the window.
 */
export class PullProgress {
  readonly #now: () => number
  #blocks = 0
  #bytes = 0
  #samples: Sample[] = []
  #receivedMs = 0
  #running = 0

  /** @param now - milliseconds of a monotonic clock */
  constructor(now: () => number) {
    this.#now = now
  }

  begin(): void {
    this.#running += 1
    if (this.#running > 1) return
    this.#blocks = 0
    this.#bytes = 0
    this.#receivedMs = this.#now()
    this.#samples = [{ ms: this.#receivedMs, blocks: 0, bytes: 0 }]
  }

  end(): void {
    this.#running -= 1
  }

  /** Counts received blocks, or the bytes of a frame. */
  received(blocks: number, bytes: number): void {
    this.#blocks += blocks
    this.#bytes += bytes
    const ms = this.#now()
    this.#receivedMs = ms
    const last = this.#samples.at(-1)
    if (last === undefined || ms - last.ms >= SAMPLE_MS) {
      this.#samples.push({ ms, blocks: this.#blocks, bytes: this.#bytes })
      this.#forget(ms)
    }
  }

  /** Time since something was last received. */
  get idleMs(): number {
    return this.#now() - this.#receivedMs
  }

  /** `undefined` if no pull is under way, or none has anything to fetch. */
  view(pulls: readonly PullStatus[], accepted: number): ProgressView | undefined {
    const missing = Math.max(0, ...pulls.map(({ wanted, theirs }) => Math.max(wanted, theirs - accepted)))
    if (pulls.length === 0 || (missing === 0 && this.#blocks + this.#bytes === 0)) return undefined
    const nowMs = this.#now()
    this.#forget(nowMs)
    const from = this.#samples[0] ?? { ms: nowMs, blocks: this.#blocks, bytes: this.#bytes }
    const seconds = Math.max(LEAST_MS, nowMs - from.ms) / 1_000
    const blocksPerSecond = (this.#blocks - from.blocks) / seconds
    const bytesPerSecond = (this.#bytes - from.bytes) / seconds
    const payloadLeft = Math.max(...pulls.map((pull) => pull.payloadLeft))
    const secondsLeft = payloadLeft > 0 ? payloadLeft / bytesPerSecond : missing / blocksPerSecond
    return {
      blocks: this.#blocks,
      bytes: this.#bytes,
      missing,
      blocksPerSecond: Math.round(blocksPerSecond * 10) / 10,
      bytesPerSecond: Math.round(bytesPerSecond),
      secondsLeft: Number.isFinite(secondsLeft) ? Math.ceil(secondsLeft) : null,
      from: pulls.map(({ peer }) => peer),
    }
  }

  /** The last sample before the window stays, as the start of the window. */
  #forget(nowMs: number): void {
    while ((this.#samples[1]?.ms ?? nowMs) <= nowMs - WINDOW_MS) this.#samples.shift()
  }
}
