/**
 * Signatures of blocks made here and signed elsewhere (spec §10, *Drafts*), checked on other threads where several come in one turn of
 * the event loop. A signature that comes alone is checked on this thread, in its turn: that is quicker than the way there and back.
 */
import type { Block } from '../../../dag/block.ts'
import { CHUNK } from './signatures-ahead.ts'
import type { BlockVerifier } from './verify-workers.ts'

interface Waiting {
  readonly block: Block
  readonly resolve: (holds: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Fewer than these are checked on this thread: it is done with them before it has the answer. */
const FEW = 4

/** Invariant: while `#waiting` is not empty, `#ask` is due in this turn. */
export class VerifyTogether {
  readonly #verifier: BlockVerifier
  #waiting: Waiting[] = []

  constructor(verifier: BlockVerifier) {
    this.#verifier = verifier
  }

  /** Whether the signature is known to hold; `false` means that nothing is known. */
  holds(block: Block): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#ask())
      this.#waiting.push({ block, resolve, reject })
    })
  }

  #ask(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let at = 0; at < waiting.length; at += CHUNK) void this.#answer(waiting.slice(at, at + CHUNK))
  }

  async #answer(some: readonly Waiting[]): Promise<void> {
    try {
      const found = some.length < FEW ? [] : await this.#verifier.verify(some.map(({ block }) => block))
      for (const [n, { resolve }] of some.entries()) resolve(found[n] === true)
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }
}
