/**
 * Checks the signatures of a list of blocks ahead of where it is read, on other threads: half of what it costs to take a
 * block in is its signature. Only good answers count: what did not hold here is judged in its turn (`signatures.ts`).
 */
import { checkStructure, type Block } from '../../../dag/block.ts'
import type { Chain } from '../../../dag/chain.ts'
import type { BlockVerifier } from './verify-workers.ts'

/** Asked about at a time: so many cost the asking thread little, and the first of them can be read 4 ms later. */
export const CHUNK = 64

/** Where no other thread is to be had, each is checked in its turn. */
export const NO_VERIFIER: BlockVerifier = { prepare: () => Promise.resolve(), verify: () => Promise.resolve([]) }

export class SignaturesAhead {
  readonly #list: readonly { readonly block: Block }[]
  /** By position. */
  readonly #good: boolean[] = []
  readonly #chunks: readonly Promise<void>[]

  /** Asks about all of them at once: what comes first is answered first. */
  constructor(chain: Chain, list: readonly { readonly block: Block }[], verifier: BlockVerifier) {
    this.#list = list
    const chunks: Promise<void>[] = []
    // A single block gains nothing by going to another thread and back.
    for (let at = 0; at < list.length && list.length > 1; at += CHUNK) chunks.push(this.#check(chain, at, verifier))
    this.#chunks = chunks
  }

  /** Resolves when what can be known of the block at this position is. */
  async reach(position: number): Promise<void> {
    await this.#chunks[Math.floor(position / CHUNK)]
  }

  /** Whether the signature of the block at this position is known to hold. */
  holds(position: number): boolean {
    return this.#good[position] === true
  }

  /** What is wrong at first sight is not worth a signature, and nobody is claimed by an unsigned block. */
  async #check(chain: Chain, from: number, verifier: BlockVerifier): Promise<void> {
    const signed: Block[] = []
    const positions: number[] = []
    for (const [n, { block }] of this.#list.slice(from, from + CHUNK).entries()) {
      const isSigned = block.header.author !== undefined && block.signature !== undefined
      if (!isSigned || !checkStructure(chain, block.header).ok) continue
      signed.push(block)
      positions.push(from + n)
    }
    if (signed.length === 0) return
    const holds = await verifier.verify(signed)
    for (const [n, position] of positions.entries()) if (holds[n] === true) this.#good[position] = true
  }
}
