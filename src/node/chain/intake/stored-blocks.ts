/** Reads blocks back from the store. They were checked before they were stored: anything wrong with one is a `Bug`. */
import { decodeBlock, type Block } from '../../../dag/block.ts'
import { headerDigest } from '../../../dag/codec.ts'
import { Bug } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { paySizeIn } from '../../../dag/pay-size.ts'
import type { StoredBlock } from '../../../dag/store.ts'
import type { ChainStore } from '../../../reputation/block-state.ts'

/** What has to be known of the commit queue to read behind it. */
export interface CommitProgress {
  /** Resolves when every block of the graph was passed to the store. */
  idle(): Promise<void>
  /** Why commits fail, if they do. */
  readonly failure: Error | undefined
}

/** Reads blocks of the graph, which is ahead of the store: waits for a block that is being committed. */
export class StoredBlocks {
  readonly #store: ChainStore
  readonly #commits: CommitProgress

  constructor(store: ChainStore, commits: CommitProgress) {
    this.#store = store
    this.#commits = commits
  }

  /** @throws {Bug} if the store lacks a block that the graph has */
  async block(index: number): Promise<Block> {
    const stored = await this.#store.block(index)
    if (stored !== undefined) return blockOfStored(index, stored)
    await this.#commits.idle()
    const late = await this.#store.block(index)
    if (late === undefined && this.#commits.failure !== undefined) throw this.#commits.failure
    return blockOfStored(index, late)
  }

  /** Many blocks, not decoded, in the order asked. @throws as {@link block} */
  async blocks(indexes: readonly number[]): Promise<StoredBlock[]> {
    let stored = await this.#store.blocks(indexes)
    if (stored.includes(undefined)) {
      await this.#commits.idle()
      stored = await this.#store.blocks(indexes)
    }
    if (stored.includes(undefined) && this.#commits.failure !== undefined) throw this.#commits.failure
    return stored.map((block, n) => storedHere(indexes[n] ?? 0, block))
  }
}

/** @throws {Bug} if it is `undefined` */
export function storedHere(index: number, stored: StoredBlock | undefined): StoredBlock {
  if (stored === undefined) throw new Bug(`block ${String(index)} is in the graph and not in the store`)
  return stored
}

/** @throws {Bug} if it is `undefined` or does not decode */
export function blockOfStored(index: number, stored: StoredBlock | undefined): Block {
  const { headerBytes, signature } = storedHere(index, stored)
  const block = decodeBlock(headerBytes, signature)
  if (!block.ok) throw new Bug(`block ${String(index)} does not decode: ${block.fault.code}`)
  return block.value
}

/**
 * Bytes of the payload that a stored header names.
 * @param id - the block's id, which must be the header's digest: a header that the disk damaged is sent to no peer
 * @throws {Bug} if it is not
 */
export function paySizeOfStored(id: BlockId, { headerBytes }: StoredBlock): number {
  if (headerDigest(headerBytes) !== id) throw new Bug(`the header of block ${id} is not what it was`)
  return paySizeIn(headerBytes)
}
