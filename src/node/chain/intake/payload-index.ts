/** How many bytes of one chain are here, and which payloads are not. Kept in step with the store by whoever changes it. */
import type { DroppedPayload, LoadedChain } from '../../../dag/store.ts'

export class PayloadIndex {
  /** Local indexes of blocks whose payload is wanted and not here. */
  readonly missing = new Set<number>()
  /** Those that are not here, wanted or not. */
  readonly #absent: Set<number>
  #bytes: number

  constructor({ bytes, missing }: LoadedChain, isWanted: (index: number) => boolean) {
    this.#bytes = bytes
    this.#absent = new Set(missing)
    for (const index of missing) if (isWanted(index)) this.missing.add(index)
  }

  /** Bytes of headers, signatures and payloads kept. */
  get bytes(): number {
    return this.#bytes
  }

  has(index: number): boolean {
    return !this.#absent.has(index)
  }

  /** A block is stored, without its payload. */
  addBlock(bytes: number): void {
    this.#bytes += bytes
  }

  addPayload(index: number, bytes: number): void {
    this.#absent.delete(index)
    this.missing.delete(index)
    this.#bytes += bytes
  }

  /** A block is stored whose payload did not come. */
  lack(index: number): void {
    this.#absent.add(index)
  }

  /** A payload is wanted from now on, if it is not here. */
  want(index: number): void {
    if (this.#absent.has(index)) this.missing.add(index)
  }

  /** A payload is not wanted any more: hidden, or its block was dropped. */
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
