/**
 * Checks the signatures of a list of blocks ahead of where it is read, on the thread pool: half of what it costs to take a
 * block in is its signature. What does not hold here is judged in its turn (`signatures.ts`).
 */
import { checkStructure, verifyBlockSoon, type Block } from '../dag/block.ts'
import type { Chain } from '../dag/chain.ts'

/** Handed to the pool at a time: enough to keep its threads busy, and few enough to be lost when the first is forged. */
const CHUNK = 64

export class SignaturesAhead {
  readonly #chain: Chain
  readonly #blocks: readonly Block[]
  #started = 0
  readonly #answers: Promise<boolean | undefined>[] = []

  constructor(chain: Chain, list: readonly { readonly block: Block }[]) {
    this.#chain = chain
    this.#blocks = list.map(({ block }) => block)
  }

  /** What OpenSSL says of the block at this position, if it was asked. Positions are asked for in ascending order. */
  async native(position: number): Promise<boolean | undefined> {
    // A single block gains nothing by going to another thread and back.
    if (this.#blocks.length === 1) return undefined
    const wanted = Math.min(this.#blocks.length, (Math.floor(position / CHUNK) + 2) * CHUNK)
    for (; this.#started < wanted; this.#started += 1) this.#answers.push(this.#check(this.#blocks[this.#started]))
    return this.#answers[position]
  }

  /** What is wrong at first sight is not worth a signature. */
  async #check(block: Block | undefined): Promise<boolean | undefined> {
    if (block === undefined || !checkStructure(this.#chain, block.header).ok) return undefined
    return verifyBlockSoon(block)
  }
}
