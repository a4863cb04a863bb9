/**
 * One chain's {@link ChainStore} on LevelDB.
 *
 * Invariants:
 * 1. `CommitState`, loaded once on first use, is what the disk will hold when all writes queued so far are done. A call
 *    changes it and queues its write in one synchronous step, so calls take effect in the order they were made.
 * 2. `#settled` is the end of the newest write; the writer keeps order, so all earlier writes are done by then too.
 * 3. A read waits for `#settled`: it sees the effect of every call before it.
 * 4. Once `#isDestroyed` is set, nothing of this chain is read or written.
 */
import { Bug } from '../../dag/result.ts'
import type { BlockId } from '../../dag/ids.ts'
import {
  ARRIVALS_KEPT,
  FRAME_BYTES,
  frameCount,
  framesOfPayload,
  type Commit,
  type DroppedPayload,
  type LoadedChain,
  type NewBlock,
  type StoredBlock,
} from '../../dag/store.ts'
import type { ChainRow, ChainStore } from '../../reputation/block-state.ts'
import { indexKey, type ChainKeys } from './row-keys.ts'
import { countFrames, loadChain, loadState, plainBytes, readRow, readRows, type CommitState } from './load.ts'
import {
  decodeStoredBlock,
  encodeArrival,
  encodeAside,
  encodeBlock,
  encodeMeta,
  encodeMissing,
  encodePage,
  encodeState,
  PAGE_BLOCKS,
} from './rows.ts'
import type { BatchWriter, Level, WriteOp } from './writer.ts'

const NOTHING = new Uint8Array()

export interface LevelChainStoreModules {
  readonly db: Level
  readonly writer: BatchWriter
  /** Deletes every row of the chain. */
  readonly destroy: () => Promise<void>
}

export class LevelChainStore implements ChainStore {
  readonly #keys: ChainKeys
  readonly #db: Level
  readonly #writer: BatchWriter
  readonly #removeAll: () => Promise<void>
  #loading: Promise<CommitState> | undefined
  /** Never rejects. */
  #settled: Promise<void> = Promise.resolve()
  #isDestroyed = false

  constructor(keys: ChainKeys, { db, writer, destroy }: LevelChainStoreModules) {
    this.#keys = keys
    this.#db = db
    this.#writer = writer
    this.#removeAll = destroy
  }

  async load(take: (row: ChainRow) => void): Promise<LoadedChain> {
    // Memory and disk agree only if no write was queued while this waited.
    let settled: Promise<void>
    let state: CommitState
    do {
      settled = this.#settled
      state = await this.#read()
    } while (settled !== this.#settled)
    return loadChain(this.#db, this.#keys, state, take)
  }

  async commit(commit: Commit<ChainRow>, { sync }: { readonly sync: boolean }): Promise<void> {
    const state = await this.#state()
    const { first, blocks, headsAdded, headsRemoved, states, payloadsDropped, payloadsAside, payloadsBack } = commit
    if (first !== state.blocks + 1) throw new Bug(`commit at ${String(first)} after ${String(state.blocks)} blocks`)
    const ops: WriteOp[] = []
    for (const block of blocks) this.#addBlock(ops, state, block)
    for (const index of headsRemoved) ops.push({ type: 'del', key: indexKey(this.#keys.heads, index) })
    for (const index of headsAdded) ops.push({ type: 'put', key: indexKey(this.#keys.heads, index), value: NOTHING })
    for (const [index, latest] of states ?? []) {
      ops.push({ type: 'put', key: indexKey(this.#keys.states, index), value: encodeState(latest) })
    }
    for (const [index, sinceMs] of payloadsAside ?? []) {
      if (state.missing.has(index)) continue
      ops.push({ type: 'put', key: indexKey(this.#keys.aside, index), value: encodeAside(sinceMs) })
    }
    for (const index of payloadsBack ?? []) ops.push(this.#opOfBack(index))
    for (const dropped of payloadsDropped ?? []) ops.push(...this.#opsOfDropped(state, dropped))
    ops.push(this.#opOfMeta(state))
    await this.#write(ops, sync)
  }

  async block(index: number): Promise<StoredBlock | undefined> {
    await this.#read()
    const stored = await readRow(this.#db, indexKey(this.#keys.blocks, index))
    return stored === undefined ? undefined : decodeStoredBlock(stored)
  }

  async blocks(indexes: readonly number[]): Promise<readonly (StoredBlock | undefined)[]> {
    await this.#read()
    const keys = indexes.map((index) => indexKey(this.#keys.blocks, index))
    return readRows(this.#db, keys, decodeStoredBlock)
  }

  async frame(id: BlockId, n: number): Promise<Uint8Array | undefined> {
    await this.#read()
    return readRow(this.#db, this.#keys.frame(id, n))
  }

  async firstFrames(ids: readonly BlockId[]): Promise<readonly (Uint8Array | undefined)[]> {
    await this.#read()
    const keys = ids.map((id) => this.#keys.frame(id, 0))
    return readRows(this.#db, keys, plainBytes)
  }

  async putFrame(id: BlockId, n: number, bytes: Uint8Array): Promise<void> {
    const state = await this.#state()
    const here = state.arriving.get(id) ?? 0
    if (n > here) return
    state.arriving.delete(id)
    state.arriving.set(id, Math.max(here, n + 1))
    const ops: WriteOp[] = [
      { type: 'put', key: this.#keys.frame(id, n), value: bytes },
      { type: 'put', key: this.#keys.arrival(id), value: encodeArrival(state.nextArrival) },
    ]
    state.nextArrival += 1
    const [oldest] = state.arriving.keys()
    if (oldest !== undefined && state.arriving.size > ARRIVALS_KEPT) {
      ops.push(...this.#opsOfDrop(oldest, state.arriving.get(oldest) ?? 0))
      state.arriving.delete(oldest)
    }
    await this.#write(ops, false)
  }

  async frames(id: BlockId): Promise<number> {
    const state = await this.#read()
    return state.arriving.get(id) ?? countFrames(this.#db, this.#keys, id)
  }

  async payloadArrived(index: number, bytes: number): Promise<void> {
    const state = await this.#state()
    const id = state.missing.get(index)
    if (id === undefined) throw new Bug(`no payload is missing at ${String(index)}`)
    state.missing.delete(index)
    state.bytes += bytes
    state.arriving.delete(id)
    const ops: WriteOp[] = [
      { type: 'del', key: indexKey(this.#keys.missing, index) },
      { type: 'del', key: this.#keys.arrival(id) },
      this.#opOfMeta(state),
    ]
    await this.#write(ops, false)
  }

  async dropFrames(id: BlockId): Promise<void> {
    const state = await this.#state()
    const count = state.arriving.get(id) ?? (await this.frames(id))
    const ops = this.#opsOfDrop(id, Math.max(count, state.arriving.get(id) ?? 0))
    state.arriving.delete(id)
    await this.#write(ops, false)
  }

  async destroy(): Promise<void> {
    // A chain that cannot be read can still be deleted.
    await this.#loading?.catch(() => undefined)
    this.#isDestroyed = true
    await this.#settled
    await this.#removeAll()
  }

  /** Resolves when every commit and frame so far is written, or has failed. */
  async idle(): Promise<void> {
    await this.#loading?.catch(() => undefined)
    await this.#settled
  }

  #addBlock(ops: WriteOp[], state: CommitState, block: NewBlock<ChainRow>): void {
    const { row, headerBytes, signature, paySize } = block
    state.blocks += 1
    state.bytes += headerBytes.byteLength + (signature?.byteLength ?? 0)
    state.tail.push(row)
    const index = state.blocks
    ops.push({ type: 'put', key: indexKey(this.#keys.blocks, index), value: encodeBlock(block) })
    if (state.tail.length === PAGE_BLOCKS) {
      const key = indexKey(this.#keys.pages, index / PAGE_BLOCKS)
      ops.push({ type: 'put', key, value: encodePage(state.tail) })
      state.tail.length = 0
    }
    if (block.payload === 'missing') {
      ops.push(this.#opOfMissing(state, index, row.id))
    } else {
      state.bytes += paySize
      this.#addPayload(ops, state, block, block.payload)
    }
  }

  #addPayload(
    ops: WriteOp[],
    state: CommitState,
    { row, paySize }: NewBlock<ChainRow>,
    payload: Uint8Array | 'stored',
  ): void {
    const arrived = state.arriving.get(row.id)
    state.arriving.delete(row.id)
    if (payload === 'stored') {
      if (paySize > (arrived ?? 0) * FRAME_BYTES) throw new Bug(`the payload of ${row.id} is not here`)
    } else {
      if (arrived !== undefined) ops.push(...this.#opsOfDrop(row.id, arrived))
      for (const [n, value] of framesOfPayload(payload).entries())
        ops.push({ type: 'put', key: this.#keys.frame(row.id, n), value })
    }
    if (arrived !== undefined) ops.push({ type: 'del', key: this.#keys.arrival(row.id) })
  }

  #opsOfDropped(state: CommitState, { index, id, size }: DroppedPayload): WriteOp[] {
    if (state.missing.has(index)) return []
    const frames = Math.max(frameCount(size), state.arriving.get(id) ?? 0)
    state.arriving.delete(id)
    state.bytes -= size
    return [...this.#opsOfDrop(id, frames), this.#opOfMissing(state, index, id), this.#opOfBack(index)]
  }

  #opOfMissing(state: CommitState, index: number, id: BlockId): WriteOp {
    state.missing.set(index, id)
    return { type: 'put', key: indexKey(this.#keys.missing, index), value: encodeMissing(id) }
  }

  #opOfBack(index: number): WriteOp {
    return { type: 'del', key: indexKey(this.#keys.aside, index) }
  }

  #opsOfDrop(id: BlockId, frames: number): WriteOp[] {
    const ops: WriteOp[] = [{ type: 'del', key: this.#keys.arrival(id) }]
    for (let n = 0; n < frames; n += 1) ops.push({ type: 'del', key: this.#keys.frame(id, n) })
    return ops
  }

  #opOfMeta({ blocks, bytes }: CommitState): WriteOp {
    return { type: 'put', key: this.#keys.meta, value: encodeMeta({ blocks, bytes }) }
  }

  /** All calls wait for the same promise, so they continue in the order they were made. */
  #state(): Promise<CommitState> {
    this.#loading ??= loadState(this.#db, this.#keys)
    return this.#loading
  }

  async #read(): Promise<CommitState> {
    const state = await this.#state()
    await this.#settled
    if (this.#isDestroyed) throw new Bug('the chain was destroyed')
    return state
  }

  #write(ops: readonly WriteOp[], sync: boolean): Promise<void> {
    if (this.#isDestroyed) throw new Bug('the chain was destroyed')
    const written = this.#writer.write(ops, sync)
    this.#settled = written.catch(() => undefined)
    return written
  }
}
