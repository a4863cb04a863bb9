/**
 * Checked blocks that are not in the graph (spec §3, §5): *surplus* without a payer, blocks ahead of the clock, and
 * *delayed* blocks. In memory only, and bounded: a block that was trimmed is fetched again if it is needed.
 *
 * Invariants:
 * 1. `#bytes`, `#memoryBytes`, `#counts` and `#delayed` are sums over `#blocks`, which is in the order they were first put.
 * 2. `#leftOut` has at most `LEFT_OUT_IDS` ids, none of them in `#blocks`.
 */
import type { AuthorKey, BlockId } from '../../../dag/ids.ts'
import {
  LEFT_OUT_IDS,
  LEFT_OUT_MS,
  MEMPOOL_BLOCKS,
  MEMPOOL_BLOCKS_IN_PULL,
  MEMPOOL_BYTES,
  MEMPOOL_BYTES_IN_PULL,
  POOLED_BLOCK_BYTES,
  SURPLUS_IDLE_MS,
} from '../../../protocol/intake-limits.ts'
import { MempoolBudget, type BudgetedPool } from './mempool-budget.ts'
import type { CheckedBlock, WaitsFor } from './validate-block.ts'

export class Mempool implements BudgetedPool {
  readonly #budget: MempoolBudget
  readonly #blocks = new Map<BlockId, CheckedBlock>()
  /** Delayed blocks by author, without those that wait only for what lies below them. */
  readonly #delayed = new Map<AuthorKey, number>()
  readonly #counts: Record<WaitsFor, number> = { payer: 0, clock: 0, turn: 0 }
  #bytes = 0
  #memoryBytes = 0
  /** When the clock was first advanced without new surplus since; `undefined`: there is some. */
  #idleSinceMs: number | undefined
  /** Delayed blocks for which there was no room. */
  readonly #leftOut = new Set<BlockId>()
  /** When the clock was first advanced with some of them. */
  #leftOutMs: number | undefined

  /** @param budget - shared by all chains of a node */
  constructor(budget: MempoolBudget = new MempoolBudget()) {
    this.#budget = budget
    budget.join(this)
  }

  /** The chain is closed. */
  close(): void {
    this.#budget.leave(this)
  }

  get memoryBytes(): number {
    return this.#memoryBytes
  }

  get size(): number {
    return this.#blocks.size
  }

  count(waitsFor: WaitsFor): number {
    return this.#counts[waitsFor]
  }

  /** Whether another block fits within the bounds that hold while no pull is running. */
  get hasRoom(): boolean {
    return this.#isWithin(MEMPOOL_BLOCKS - 1, MEMPOOL_BYTES)
  }

  has(id: BlockId): boolean {
    return this.#blocks.has(id)
  }

  get(id: BlockId): CheckedBlock | undefined {
    return this.#blocks.get(id)
  }

  /** Delayed blocks, what they need below them, and those that were left out. */
  get keptBack(): number {
    if (this.#counts.turn === 0) return this.#leftOut.size
    return this.#blocks.size - this.#counts.clock - this.#surplus().length + this.#leftOut.size
  }

  /** How many delayed blocks there was no room for. */
  get leftOut(): number {
    return this.#leftOut.size
  }

  /** Delayed blocks that are in it. */
  delayed(): CheckedBlock[] {
    return this.#counts.turn === 0 ? [] : [...this.#blocks.values()].filter(({ waitsFor }) => waitsFor === 'turn')
  }

  /** Whether it is a delayed block for which there was no room, and which is not to be fetched again yet. */
  isLeftOut(id: BlockId): boolean {
    return this.#leftOut.has(id)
  }

  /** What was left out an hour ago may be fetched again. */
  expireLeftOut(nowMs: number): void {
    if (this.#leftOut.size === 0) this.#leftOutMs = undefined
    else this.#leftOutMs = Math.min(this.#leftOutMs ?? nowMs, nowMs)
    if (this.#leftOutMs === undefined || nowMs - this.#leftOutMs < LEFT_OUT_MS) return
    this.#leftOut.clear()
    this.#leftOutMs = undefined
  }

  /** Whether a block of this author is delayed, other than for what lies below it. */
  hasDelayedOf(author: AuthorKey): boolean {
    return this.#delayed.has(author)
  }

  /** Delayed blocks, and those set aside until this time or an earlier one; in the order they were put. */
  due(untilMs: number): CheckedBlock[] {
    if (this.#counts.turn + this.#counts.clock === 0) return []
    return [...this.#blocks.values()].filter(
      ({ waitsFor, block }) => waitsFor === 'turn' || (waitsFor === 'clock' && block.header.time <= untilMs),
    )
  }

  /** One that came again is the newest, but a delayed one that stays delayed keeps its place. */
  put(checked: CheckedBlock): void {
    const { id } = checked.block
    const before = this.#blocks.get(id)
    const isAgain = before?.waitsFor === 'turn' && checked.waitsFor === 'turn'
    // Of a long branch that waits the lower part stays, which is imported first.
    if (before === undefined && checked.waitsFor === 'turn' && !this.#hasRoomInPull(checked)) {
      this.#leaveOut(id)
      return
    }
    if (before !== undefined && isAgain) this.#add(before, -1)
    else this.take(id)
    this.#leftOut.delete(id)
    const kept = withoutFrame(checked)
    this.#blocks.set(id, kept)
    this.#add(kept, 1)
    if (checked.waitsFor === 'payer') this.#idleSinceMs = undefined
    this.#trim()
    this.#budget.enforce()
  }

  /** Removes a block, and returns it. */
  take(id: BlockId): CheckedBlock | undefined {
    const checked = this.#blocks.get(id)
    if (checked === undefined) return undefined
    this.#blocks.delete(id)
    this.#add(checked, -1)
    return checked
  }

  /**
   * Trims to the bounds that hold while no pull is running: first the surplus, oldest first, then whatever came last. Of a
   * long branch that waits, the lower part stays, which is imported first.
   */
  trimAfterPull(): void {
    this.#dropUntil(() => this.#isWithin(MEMPOOL_BLOCKS, MEMPOOL_BYTES))
  }

  /** In the same order; see {@link MempoolBudget}. */
  shrink(toBytes: number): void {
    this.#dropUntil(() => this.#memoryBytes <= toBytes)
  }

  /** Surplus for which no payer has come for long, nor any more of it, is fetched again if one comes after all. */
  expireSurplus(nowMs: number): void {
    if (this.#counts.payer === 0) return
    this.#idleSinceMs = Math.min(this.#idleSinceMs ?? nowMs, nowMs)
    if (nowMs - this.#idleSinceMs >= SURPLUS_IDLE_MS) this.dropSurplus()
  }

  /** Drops the surplus: some of it may be payable now, and the next pull fetches it again. */
  dropSurplus(): void {
    for (const { block } of this.#surplus()) this.take(block.id)
  }

  /** Drops every block with one of these in its past. */
  dropAbove(ids: readonly BlockId[]): void {
    const dropped = new Set(ids)
    const pastsFirst = [...this.#blocks.values()].sort((a, b) => a.block.header.height - b.block.header.height)
    for (const { block } of pastsFirst) {
      if (!block.header.backs.some((back) => dropped.has(back))) continue
      dropped.add(block.id)
      this.take(block.id)
    }
  }

  /** Blocks that wait for a payer, oldest first, without those below a delayed or set-aside block: they are judged with it. */
  #surplus(): CheckedBlock[] {
    const needed = new Set<BlockId>()
    const topsFirst = [...this.#blocks.values()].sort((a, b) => b.block.header.height - a.block.header.height)
    for (const { waitsFor, block } of topsFirst) {
      if (waitsFor === 'payer' && !needed.has(block.id)) continue
      for (const back of block.header.backs) needed.add(back)
    }
    return [...this.#blocks.values()].filter(({ waitsFor, block }) => waitsFor === 'payer' && !needed.has(block.id))
  }

  #dropUntil(isEnough: () => boolean): void {
    if (isEnough()) return
    for (const { block, waitsFor } of [...this.#surplus(), ...[...this.#blocks.values()].reverse()]) {
      if (isEnough()) return
      this.take(block.id)
      if (waitsFor === 'turn') this.#leaveOut(block.id)
    }
  }

  /** Drops the oldest beyond the bounds of a pull: they have waited longest without a payer. */
  #trim(): void {
    for (const id of this.#blocks.keys()) {
      if (this.#isWithin(MEMPOOL_BLOCKS_IN_PULL, MEMPOOL_BYTES_IN_PULL)) return
      this.take(id)
    }
  }

  #hasRoomInPull(checked: CheckedBlock): boolean {
    return this.#isWithin(MEMPOOL_BLOCKS_IN_PULL - 1, MEMPOOL_BYTES_IN_PULL - bytesOf(checked))
  }

  #leaveOut(id: BlockId): void {
    if (this.#leftOut.size < LEFT_OUT_IDS) this.#leftOut.add(id)
  }

  #isWithin(blocks: number, bytes: number): boolean {
    return this.#blocks.size <= blocks && this.#bytes <= bytes
  }

  #add(checked: CheckedBlock, by: 1 | -1): void {
    const bytes = by * bytesOf(checked)
    this.#bytes += bytes
    this.#memoryBytes += bytes + by * POOLED_BLOCK_BYTES
    this.#budget.changed(this, bytes + by * POOLED_BLOCK_BYTES)
    this.#counts[checked.waitsFor] += by
    const author = delayedAuthor(checked)
    if (author === undefined) return
    const count = (this.#delayed.get(author) ?? 0) + by
    if (count === 0) this.#delayed.delete(author)
    else this.#delayed.set(author, count)
  }
}

/** Whose block is delayed for its own sake, not for what lies below it. */
function delayedAuthor({ block, delay }: CheckedBlock): AuthorKey | undefined {
  if (delay === undefined || delay.why === 'above') return undefined
  return delay.why === 'rewrite' ? delay.author : block.header.author
}

/** Of views on the frame that a block came in, any one keeps the whole frame in memory, which nothing would count. */
function withoutFrame(checked: CheckedBlock): CheckedBlock {
  const { block, payload } = checked
  const { headerBytes, signature } = block
  return {
    ...checked,
    block: {
      ...block,
      headerBytes: alone(headerBytes),
      ...(signature === undefined ? {} : { signature: alone(signature) }),
    },
    payload: payload instanceof Uint8Array ? alone(payload) : payload,
  }
}

/** The bytes in a buffer of their own. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

function bytesOf({ block, payload }: CheckedBlock): number {
  return block.headerBytes.byteLength + (payload instanceof Uint8Array ? payload.byteLength : 0)
}
