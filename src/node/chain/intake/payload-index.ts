/**
 * How many bytes of one chain are stored, and which payloads are missing. `build-commit.ts` and `replica.ts` update it
 * whenever the store changes.
 *
 * Invariant: `missing` is the part of `#absent` that is wanted.
 */
import type { DroppedPayload, LoadedChain } from '../../../dag/store.ts'

export class PayloadIndex {
  /** Local indexes of blocks whose payload is wanted and not stored. */
  readonly missing = new Set<number>()
  /** Not stored, wanted or not. */
  readonly #absent: Set<number>
  #bytes: number

  constructor({ bytes, missing }: LoadedChain, isWanted: (index: number) => boolean) {
    this.#bytes = bytes
    this.#absent = new Set(missing)
    for (const index of missing) if (isWanted(index)) this.missing.add(index)
  }

  /** Bytes of headers, signatures and payloads stored. */
  get bytes(): number {
    return this.#bytes
  }

  has(index: number): boolean {
    return !this.#absent.has(index)
  }

  /** A block was stored, without its payload. */
  addBlock(bytes: number): void {
    this.#bytes += bytes
  }

  addPayload(index: number, bytes: number): void {
    this.#absent.delete(index)
    this.missing.delete(index)
    this.#bytes += bytes
  }

  /** A block was stored whose payload this node does not have. */
  lack(index: number): void {
    this.#absent.add(index)
  }

  /** A payload is wanted from now on. */
  want(index: number): void {
    if (this.#absent.has(index)) this.missing.add(index)
  }

  /** A payload is no longer wanted: it is hidden, or its block was dropped. */
  unwant(index: number): void {
    this.missing.delete(index)
  }

  /** The store deleted a payload. */
  dropped({ index, size }: DroppedPayload): void {
    if (this.#absent.has(index)) return
    this.#absent.add(index)
    this.#bytes -= size
  }
}
