/** A {@link ChainStore} in memory, for tests and as the plainest reading of the port. Keeps nothing over a restart. */
import { Bug } from '../../src/dag/result.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import {
  ARRIVALS_KEPT,
  FRAME_BYTES,
  framesOfPayload,
  type Commit,
  type DroppedPayload,
  type LoadedChain,
  type NewBlock,
  type StoredBlock,
} from '../../src/dag/store.ts'
import type { ChainRow, ChainStore } from '../../src/reputation/block-state.ts'

export class MemoryStore implements ChainStore {
  readonly #rows: ChainRow[] = []
  readonly #blocks: StoredBlock[] = []
  readonly #heads = new Set<number>()
  readonly #missing = new Set<number>()
  readonly #aside = new Map<number, number>()
  readonly #frames = new Map<BlockId, Uint8Array[]>()
  /** Payloads whose block is not here, or lacks them; the one longest untouched first. */
  readonly #arriving = new Set<BlockId>()
  #bytes = 0
  #isDestroyed = false

  get isDestroyed(): boolean {
    return this.#isDestroyed
  }

  load(take: (row: ChainRow) => void): Promise<LoadedChain> {
    return this.#now(() => {
      this.#rows.forEach((row) => {
        take(row)
      })
      return {
        heads: [...this.#heads].sort((a, b) => a - b),
        missing: [...this.#missing].sort((a, b) => a - b),
        aside: new Map([...this.#aside].sort(([a], [b]) => a - b)),
        bytes: this.#bytes,
      }
    })
  }

  commit(commit: Commit<ChainRow>): Promise<void> {
    const { first, blocks, headsAdded, headsRemoved, states, payloadsDropped, payloadsAside, payloadsBack } = commit
    return this.#now(() => {
      if (first !== this.#rows.length + 1)
        throw new Bug(`commit at ${String(first)} after ${String(this.#rows.length)}`)
      for (const block of blocks) this.#add(block)
      for (const index of headsRemoved) this.#heads.delete(index)
      for (const index of headsAdded) this.#heads.add(index)
      for (const [index, state] of states ?? []) {
        const row = this.#rows[index - 1]
        if (row !== undefined) this.#rows[index - 1] = { ...row, state }
      }
      for (const [index, sinceMs] of payloadsAside ?? []) if (!this.#missing.has(index)) this.#aside.set(index, sinceMs)
      for (const index of payloadsBack ?? []) this.#aside.delete(index)
      for (const dropped of payloadsDropped ?? []) this.#dropPayload(dropped)
    })
  }

  block(index: number): Promise<StoredBlock | undefined> {
    return this.#now(() => this.#blocks[index - 1])
  }

  blocks(indexes: readonly number[]): Promise<readonly (StoredBlock | undefined)[]> {
    return this.#now(() => indexes.map((index) => this.#blocks[index - 1]))
  }

  frame(id: BlockId, n: number): Promise<Uint8Array | undefined> {
    return this.#now(() => this.#frames.get(id)?.[n])
  }

  firstFrames(ids: readonly BlockId[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#now(() => ids.map((id) => this.#frames.get(id)?.[0]))
  }

  putFrame(id: BlockId, n: number, bytes: Uint8Array): Promise<void> {
    return this.#now(() => {
      const frames = this.#arriving.has(id) ? (this.#frames.get(id) ?? []) : []
      if (n > frames.length) return
      frames[n] = bytes
      this.#frames.set(id, frames)
      this.#arriving.delete(id)
      this.#arriving.add(id)
      const [oldest] = this.#arriving
      if (oldest !== undefined && this.#arriving.size > ARRIVALS_KEPT) this.#drop(oldest)
    })
  }

  frames(id: BlockId): Promise<number> {
    return this.#now(() => this.#frames.get(id)?.length ?? 0)
  }

  payloadArrived(index: number, bytes: number): Promise<void> {
    return this.#now(() => {
      if (!this.#missing.delete(index)) throw new Bug(`no payload is missing at ${String(index)}`)
      this.#bytes += bytes
      const row = this.#rows[index - 1]
      if (row !== undefined) this.#arriving.delete(row.id)
    })
  }

  dropFrames(id: BlockId): Promise<void> {
    return this.#now(() => {
      this.#drop(id)
    })
  }

  destroy(): Promise<void> {
    return this.#now(() => {
      this.#isDestroyed = true
    })
  }

  #drop(id: BlockId): void {
    this.#frames.delete(id)
    this.#arriving.delete(id)
  }

  #dropPayload({ index, id, size }: DroppedPayload): void {
    if (this.#missing.has(index)) return
    this.#missing.add(index)
    this.#aside.delete(index)
    this.#bytes -= size
    this.#drop(id)
  }

  #add({ row, headerBytes, signature, payload, paySize }: NewBlock<ChainRow>): void {
    this.#rows.push(row)
    const index = this.#rows.length
    this.#blocks.push(signature === undefined ? { headerBytes } : { headerBytes, signature })
    this.#bytes += headerBytes.byteLength + (signature?.byteLength ?? 0)
    if (payload === 'missing') {
      this.#missing.add(index)
      return
    }
    if (payload !== 'stored') this.#frames.set(row.id, framesOfPayload(payload))
    else if (paySize > (this.#frames.get(row.id)?.length ?? 0) * FRAME_BYTES) throw new Bug(`no frames for ${row.id}`)
    this.#bytes += paySize
    this.#arriving.delete(row.id)
  }

  /** Calls take effect at once, in order; what they throw rejects, as on a disk. */
  #now<T>(run: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#isDestroyed) throw new Bug('the chain was destroyed')
      resolve(run())
    })
  }
}
