/**
 * Fetching one large payload in frames (spec §8): which to ask for next, and in what order they may be stored. Goes on
 * where an earlier arrival stopped. Holds at most the frames in flight; the digest of the whole is the driver's to check.
 */
import { Bug, fail, ok, type Result } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import { FRAME_BYTES } from '../dag/store.ts'
import type { ProtocolFault } from './faults.ts'
import { FRAMES_IN_FLIGHT } from './limits.ts'

/** A frame to be stored now; `n` counts from 0. */
export interface ReadyFrame {
  readonly n: number
  readonly bytes: Uint8Array
}

export class PayloadFetch {
  readonly block: BlockId
  readonly size: number
  readonly #frames: number
  /** Frames that came before one with a lower number. */
  readonly #early = new Map<number, Uint8Array>()
  #nextAsk: number
  #nextStore: number

  /** @param options `size`: bytes of the whole; `framesHere`: how many from the front are stored already. */
  constructor(options: { readonly block: BlockId; readonly size: number; readonly framesHere: number }) {
    this.block = options.block
    this.size = options.size
    this.#frames = Math.ceil(options.size / FRAME_BYTES)
    this.#nextAsk = Math.min(options.framesHere, this.#frames)
    this.#nextStore = this.#nextAsk
  }

  /** Nothing was here before: all of it comes by this fetch. */
  get isFromStart(): boolean {
    return this.#nextStore === 0
  }

  /** All frames came in; the digest is to be checked now. */
  get isComplete(): boolean {
    return this.#nextStore === this.#frames
  }

  /** Offsets to ask for now; each is given once. */
  ask(): number[] {
    const offsets: number[] = []
    for (; this.#nextAsk < this.#frames && this.#nextAsk - this.#nextStore < FRAMES_IN_FLIGHT; this.#nextAsk++) {
      offsets.push(this.#nextAsk * FRAME_BYTES)
    }
    return offsets
  }

  /** Takes a frame that was asked for, and gives those that can be stored now, in order. */
  take(offset: number, bytes: Uint8Array): Result<readonly ReadyFrame[], ProtocolFault> {
    const n = offset / FRAME_BYTES
    if (!Number.isInteger(n) || n < this.#nextStore || n >= this.#nextAsk || this.#early.has(n)) {
      return fail({ code: 'SYNC_BAD_FRAME', block: this.block, offset, why: 'it was not asked for' })
    }
    if (bytes.byteLength !== Math.min(FRAME_BYTES, this.size - offset)) {
      return fail({ code: 'SYNC_BAD_FRAME', block: this.block, offset, why: `${String(bytes.byteLength)} bytes` })
    }
    this.#early.set(n, bytes)
    return ok(this.#drain())
  }

  /** The digest was another one: all of it is to be asked for again (of one peer; spec §8). */
  reset(): void {
    if (!this.isComplete) throw new Bug('a digest is only known of a whole payload')
    this.#nextAsk = 0
    this.#nextStore = 0
  }

  #drain(): ReadyFrame[] {
    const ready: ReadyFrame[] = []
    for (;;) {
      const bytes = this.#early.get(this.#nextStore)
      if (bytes === undefined) return ready
      this.#early.delete(this.#nextStore)
      ready.push({ n: this.#nextStore, bytes })
      this.#nextStore += 1
    }
  }
}
