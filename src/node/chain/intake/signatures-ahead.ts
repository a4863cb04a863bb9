/**
 * Checks the signatures of a list of blocks on other threads, ahead of the import: the signature is half of the cost of a
 * block. Only good answers count; any other signature is checked again in its turn (`signatures.ts`).
 */
import { checkStructure, type Block } from '../../../dag/block.ts'
import type { Chain } from '../../../dag/chain.ts'
import type { BlockVerifier } from './verify-workers.ts'

/** Blocks per question to a thread: small enough that the answer comes within 4 ms, large enough to be cheap to send. */
export const CHUNK = 64

/** Without other threads, each signature is checked in its turn. */
export const NO_VERIFIER: BlockVerifier = { prepare: () => Promise.resolve(), verify: () => Promise.resolve([]) }

export class SignaturesAhead {
  readonly #list: readonly { readonly block: Block }[]
  /** By position in the list. */
  readonly #good: boolean[] = []
  readonly #chunks: readonly Promise<void>[]

  /** Sends all questions at once; they are answered in the order of the list. */
  constructor(chain: Chain, list: readonly { readonly block: Block }[], verifier: BlockVerifier) {
    this.#list = list
    const chunks: Promise<void>[] = []
    // For a single block the way to another thread and back costs more than it saves.
    for (let at = 0; at < list.length && list.length > 1; at += CHUNK) chunks.push(this.#check(chain, at, verifier))
    this.#chunks = chunks
  }

  /** Resolves when the block at this position was answered. */
  async reach(position: number): Promise<void> {
    await this.#chunks[Math.floor(position / CHUNK)]
  }

  /** Whether the signature of the block at this position is known to hold. */
  holds(position: number): boolean {
    return this.#good[position] === true
  }

  /** Skips unsigned blocks, and those that fail a cheaper check anyway. */
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
