/**
 * How many bytes of one chain are stored, which payloads are missing, and which are kept aside because their posts are hidden
 * (spec §4). `build-commit.ts` and `replica.ts` update it whenever the store changes.
 *
 * Invariants: `missing` is the part of `#absent` that is wanted; nothing of `#aside` is absent.
 */
import type { DroppedPayload, LoadedChain } from '../../../dag/store.ts'

export class PayloadIndex {
  /** Local indexes of blocks whose payload is wanted and not stored. */
  readonly missing = new Set<number>()
  /** Not stored, wanted or not. */
  readonly #absent: Set<number>
  /** Since when, in ms. */
  readonly #aside: Map<number, number>
  #bytes: number
  readonly #onBytes: (change: number) => void

  /** @param onBytes - called with each change of {@link PayloadIndex.bytes}, what was loaded included */
  constructor(
    { bytes, missing, aside }: LoadedChain,
    isWanted: (index: number) => boolean,
    onBytes: (change: number) => void = () => undefined,
  ) {
    this.#bytes = bytes
    this.#onBytes = onBytes
    onBytes(bytes)
    this.#absent = new Set(missing)
    this.#aside = new Map(aside)
    for (const index of missing) if (isWanted(index)) this.missing.add(index)
  }

  /** Bytes of headers, signatures and payloads stored, those kept aside among them. */
  get bytes(): number {
    return this.#bytes
  }

  has(index: number): boolean {
    return !this.#absent.has(index)
  }

  isAside(index: number): boolean {
    return this.#aside.has(index)
  }

  /** Local indexes of blocks whose payloads are kept aside since this time, in ms, or an earlier one. */
  asideSince(latestMs: number): number[] {
    return [...this.#aside].filter(([, sinceMs]) => sinceMs <= latestMs).map(([index]) => index)
  }

  /** A block was stored, without its payload. */
  addBlock(bytes: number): void {
    this.#add(bytes)
  }

  addPayload(index: number, bytes: number): void {
    this.#absent.delete(index)
    this.missing.delete(index)
    this.#add(bytes)
  }

  /** A block was stored whose payload this node does not have. */
  lack(index: number): void {
    this.#absent.add(index)
  }

  /** A stored payload is kept aside from this time on. */
  keepAside(index: number, sinceMs: number): void {
    if (!this.#absent.has(index)) this.#aside.set(index, sinceMs)
  }

  /** A payload is wanted from now on, and kept aside no longer. */
  want(index: number): void {
    this.#aside.delete(index)
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
    this.#aside.delete(index)
    this.#add(-size)
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#onBytes(bytes)
  }
}
