/**
 * Checked blocks that came and are not in the graph (spec §3, §5): *surplus* that nobody paid for yet, blocks ahead of the
 * clock, and blocks that are *delayed* for now. Kept in memory only, and bounded: what is lost is fetched again if it is
 * needed.
 */
import type { BlockId } from '../../../dag/ids.ts'
import {
  MEMPOOL_BLOCKS,
  MEMPOOL_BLOCKS_IN_PULL,
  MEMPOOL_BYTES,
  MEMPOOL_BYTES_IN_PULL,
} from '../../../protocol/limits.ts'
import type { Entry, WaitsFor } from './entry.ts'

export class Mempool {
  readonly #entries = new Map<BlockId, Entry>()
  /** Delayed blocks by author. */
  readonly #delayed = new Map<string, number>()
  readonly #counts: Record<WaitsFor, number> = { payer: 0, clock: 0, turn: 0 }
  #bytes = 0

  get size(): number {
    return this.#entries.size
  }

  count(waitsFor: WaitsFor): number {
    return this.#counts[waitsFor]
  }

  /** Whether there is less in it than is kept when no pull is under way. */
  get hasRoom(): boolean {
    return this.#isWithin(MEMPOOL_BLOCKS - 1, MEMPOOL_BYTES)
  }

  has(id: BlockId): boolean {
    return this.#entries.has(id)
  }

  get(id: BlockId): Entry | undefined {
    return this.#entries.get(id)
  }

  /** Whether a block of this author is delayed. */
  hasDelayedOf(author: string): boolean {
    return this.#delayed.has(author)
  }

  /** Blocks that wait for their turn, or until this time, those that came first in front. */
  due(untilMs: number): Entry[] {
    if (this.#counts.turn + this.#counts.clock === 0) return []
    return [...this.#entries.values()].filter(
      ({ waitsFor, block }) => waitsFor === 'turn' || (waitsFor === 'clock' && block.header.time <= untilMs),
    )
  }

  put(entry: Entry): void {
    const { id } = entry.block
    this.take(id)
    this.#entries.set(id, entry)
    this.#bytes += bytesOf(entry)
    this.#count(entry, 1)
    this.#trim()
  }

  /** Takes a block out. */
  take(id: BlockId): Entry | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    this.#entries.delete(id)
    this.#bytes -= bytesOf(entry)
    this.#count(entry, -1)
    return entry
  }

  /** The pull is over: nothing more is to come at once. Of a long row that waits the lower part stays, which is next. */
  settle(): void {
    if (this.#isWithin(MEMPOOL_BLOCKS, MEMPOOL_BYTES)) return
    for (const { block } of [...this.#surplus(), ...[...this.#entries.values()].reverse()]) {
      if (this.#isWithin(MEMPOOL_BLOCKS, MEMPOOL_BYTES)) return
      this.take(block.id)
    }
  }

  /** Forgets the surplus: some of it might be paid now, and is fetched again if so. */
  dropSurplus(): void {
    for (const { block } of this.#surplus()) this.take(block.id)
  }

  /** Forgets what stands on these, directly or not. */
  dropAbove(ids: readonly BlockId[]): void {
    const gone = new Set(ids)
    const pastsFirst = [...this.#entries.values()].sort((a, b) => a.block.header.height - b.block.header.height)
    for (const { block } of pastsFirst) {
      if (!block.header.backs.some((back) => gone.has(back))) continue
      gone.add(block.id)
      this.take(block.id)
    }
  }

  /** Oldest first. What stands under a block that waits for something else is judged anew with it, and is not among it. */
  #surplus(): Entry[] {
    const needed = new Set<BlockId>()
    const topsFirst = [...this.#entries.values()].sort((a, b) => b.block.header.height - a.block.header.height)
    for (const { waitsFor, block } of topsFirst) {
      if (waitsFor === 'payer' && !needed.has(block.id)) continue
      for (const back of block.header.backs) needed.add(back)
    }
    return [...this.#entries.values()].filter(({ waitsFor, block }) => waitsFor === 'payer' && !needed.has(block.id))
  }

  /** The oldest out: they were listed longest ago, and nobody paid since. */
  #trim(): void {
    for (const id of this.#entries.keys()) {
      if (this.#isWithin(MEMPOOL_BLOCKS_IN_PULL, MEMPOOL_BYTES_IN_PULL)) return
      this.take(id)
    }
  }

  #isWithin(blocks: number, bytes: number): boolean {
    return this.#entries.size <= blocks && this.#bytes <= bytes
  }

  #count({ waitsFor, block }: Entry, by: 1 | -1): void {
    this.#counts[waitsFor] += by
    const { author } = block.header
    if (waitsFor !== 'turn' || author === undefined) return
    const count = (this.#delayed.get(author) ?? 0) + by
    if (count === 0) this.#delayed.delete(author)
    else this.#delayed.set(author, count)
  }
}

function bytesOf({ block, payload }: Entry): number {
  return block.headerBytes.byteLength + (payload instanceof Uint8Array ? payload.byteLength : 0)
}
