/**
 * Fetches one large payload in frames (spec §8): which frames to ask for next, and in what order to store them. Resumes
 * an earlier, partial fetch. Holds at most the frames in flight. The driver checks the digest of the whole.
 */
import { Bug, fail, ok, type Result } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import { FRAME_BYTES } from '../dag/store.ts'
import type { ProtocolFault } from './faults.ts'
import { FRAMES_IN_FLIGHT } from './sync-limits.ts'

/** A frame to store now; `n` counts from 0. */
export interface ReadyFrame {
  readonly n: number
  readonly bytes: Uint8Array
}

export class PayloadFetch {
  readonly block: BlockId
  readonly size: number
  readonly #frames: number
  /** Frames that arrived before one with a lower number. */
  readonly #early = new Map<number, Uint8Array>()
  #nextAsk: number
  #nextStore: number

  /** @param options `size`: bytes of the whole payload; `framesHere`: how many, from the front, are stored already */
  constructor(options: { readonly block: BlockId; readonly size: number; readonly framesHere: number }) {
    this.block = options.block
    this.size = options.size
    this.#frames = Math.ceil(options.size / FRAME_BYTES)
    this.#nextAsk = Math.min(options.framesHere, this.#frames)
    this.#nextStore = this.#nextAsk
  }

  /** No frame was stored before: this fetch brings all of it. */
  get isFromStart(): boolean {
    return this.#nextStore === 0
  }

  /** All frames arrived: the digest can be checked. */
  get isComplete(): boolean {
    return this.#nextStore === this.#frames
  }

  /** Offsets to ask for now. Each is returned once. */
  ask(): number[] {
    const offsets: number[] = []
    for (; this.#nextAsk < this.#frames && this.#nextAsk - this.#nextStore < FRAMES_IN_FLIGHT; this.#nextAsk++) {
      offsets.push(this.#nextAsk * FRAME_BYTES)
    }
    return offsets
  }

  /** Takes a frame that was asked for. Returns the frames that can be stored now, in order. */
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

  /** The digest is wrong: asks for all of it again (from one peer; spec §8). */
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
