/**
 * How far the pulls of one chain have come, for people who watch (spec §10, `chain.status`). Counts what comes in, and
 * looks back a few seconds for how fast. It decides nothing.
 */

/** The rate is that of so many seconds: short enough to show that something stopped, long enough not to jump. */
const WINDOW_MS = 10_000
const SAMPLE_MS = 500
/** Before that no rate is told. */
const LEAST_MS = 1_000

/** What a pull under way knows of itself. */
export interface PullStatus {
  readonly peer: string
  /** Blocks that it knows to be missing here. */
  readonly wanted: number
  /** Blocks that its peer says it accepts. */
  readonly theirs: number
  /** Bytes still to come of the long payload that it is fetching. */
  readonly payloadLeft: number
}

/** Of what the pulls under way have fetched since the first of them began; rates per second. */
export interface ProgressView {
  readonly blocks: number
  readonly bytes: number
  /** Blocks still to come, as far as is known. */
  readonly missing: number
  readonly blocksPerSecond: number
  readonly bytesPerSecond: number
  /** `null` while nothing moves, or nobody knows. */
  readonly secondsLeft: number | null
  readonly from: readonly string[]
}

interface Sample {
  readonly ms: number
  readonly blocks: number
  readonly bytes: number
}

export class PullProgress {
  readonly #now: () => number
  #blocks = 0
  #bytes = 0
  #samples: Sample[] = []
  #receivedMs = 0
  #running = 0

  /** @param now - milliseconds of a clock that only goes forward */
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

  /** Bytes of blocks or of a frame came in. */
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

  /** For how long nothing has come in. */
  get idleMs(): number {
    return this.#now() - this.#receivedMs
  }

  /** `undefined` when no pull is under way, or none has anything to fetch. */
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

  /** The one before the window stays: it says what the window began with. */
  #forget(nowMs: number): void {
    while ((this.#samples[1]?.ms ?? nowMs) <= nowMs - WINDOW_MS) this.#samples.shift()
  }
}
