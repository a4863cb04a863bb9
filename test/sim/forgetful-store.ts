/** A store in memory that outlives its core, and can lose the end of what was written, as a disk does that is set back. */
import { MemoryStore } from '../support/memory-store.ts'
import type { Commit, LoadedChain, StoredBlock } from '../../src/dag/store.ts'
import type { ChainRow, ChainStore } from '../../src/reputation/block-state.ts'
import type { BlockId } from '../../src/dag/ids.ts'

type Write = (store: MemoryStore) => Promise<void>

export class ForgetfulStore implements ChainStore {
  #store = new MemoryStore()
  #writes: Write[]

  private constructor(writes: readonly Write[]) {
    this.#writes = [...writes]
  }

  static empty(): ForgetfulStore {
    return new ForgetfulStore([])
  }

  /** One with the same in it. */
  async copy(): Promise<ForgetfulStore> {
    const other = new ForgetfulStore(this.#writes)
    await other.forget(0)
    return other
  }

  /** How often something was written. */
  get writes(): number {
    return this.#writes.length
  }

  /** As it was so many writes ago. */
  async forget(count: number): Promise<void> {
    this.#writes = this.#writes.slice(0, Math.max(0, this.#writes.length - count))
    this.#store = new MemoryStore()
    for (const write of this.#writes) await write(this.#store)
  }

  load(take: (row: ChainRow) => void): Promise<LoadedChain> {
    return this.#store.load(take)
  }

  block(index: number): Promise<StoredBlock | undefined> {
    return this.#store.block(index)
  }

  frame(id: BlockId, n: number): Promise<Uint8Array | undefined> {
    return this.#store.frame(id, n)
  }

  blocks(indexes: readonly number[]): Promise<readonly (StoredBlock | undefined)[]> {
    return this.#store.blocks(indexes)
  }

  firstFrames(ids: readonly BlockId[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#store.firstFrames(ids)
  }

  frames(id: BlockId): Promise<number> {
    return this.#store.frames(id)
  }

  commit(commit: Commit<ChainRow>): Promise<void> {
    return this.#write((store) => store.commit(commit))
  }

  putFrame(id: BlockId, n: number, bytes: Uint8Array): Promise<void> {
    return this.#write((store) => store.putFrame(id, n, bytes))
  }

  payloadArrived(index: number, bytes: number): Promise<void> {
    return this.#write((store) => store.payloadArrived(index, bytes))
  }

  dropFrames(id: BlockId): Promise<void> {
    return this.#write((store) => store.dropFrames(id))
  }

  destroy(): Promise<void> {
    return this.#store.destroy()
  }

  #write(write: Write): Promise<void> {
    this.#writes.push(write)
    return write(this.#store)
  }
}
