/**
 * Checks the signatures of a list of blocks ahead of where it is read, on other threads: half of what it costs to take a
 * block in is its signature. Only good answers count: what did not hold here is judged in its turn (`signatures.ts`).
 */
import { checkStructure, verifyBlockSoon, type Block } from '../dag/block.ts'
import type { Chain } from '../dag/chain.ts'
import type { VerifyBlocks } from './verify-workers.ts'

/** Asked about at a time: so many cost the asking thread little, and the first of them can be read 4 ms later. */
export const CHUNK = 64

/** On the thread pool that Node has anyway: each block is a job of its own, which costs a third of a verification. */
export const verifyOnPool: VerifyBlocks = (blocks) => Promise.all(blocks.map(verifyBlockSoon))

export class SignaturesAhead {
  readonly #good = new Set<Block>()
  readonly #chunks: readonly Promise<void>[]

  /** Asks about all of them at once: what comes first is answered first. */
  constructor(chain: Chain, list: readonly { readonly block: Block }[], verify: VerifyBlocks) {
    const chunks: Promise<void>[] = []
    // A single block gains nothing by going to another thread and back.
    for (let at = 0; at < list.length && list.length > 1; at += CHUNK) {
      const blocks = list.slice(at, at + CHUNK).map(({ block }) => block)
      chunks.push(this.#check(chain, blocks, verify))
    }
    this.#chunks = chunks
  }

  /** Resolves when what can be known of the block at this position is. */
  async reach(position: number): Promise<void> {
    await this.#chunks[Math.floor(position / CHUNK)]
  }

  /** Whether its signature is known to hold. */
  holds(block: Block): boolean {
    return this.#good.has(block)
  }

  /** What is wrong at first sight is not worth a signature, and nobody is claimed by an unsigned block. */
  async #check(chain: Chain, blocks: readonly Block[], verify: VerifyBlocks): Promise<void> {
    const signed = blocks.filter(({ header, signature }) => {
      const isSigned = header.author !== undefined && signature !== undefined
      return isSigned && checkStructure(chain, header).ok
    })
    if (signed.length === 0) return
    const holds = await verify(signed)
    for (const [n, block] of signed.entries()) if (holds[n] === true) this.#good.add(block)
  }
}
