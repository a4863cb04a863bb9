/**
 * Payloads of one chain as streams of frames (spec §8): reads one back, and checks one as its frames arrive, with never more
 * than one frame in memory.
 */
import type { Block } from '../../dag/block.ts'
import { sha256Stream } from '../../dag/crypto.ts'
import { encodeAad } from '../../dag/codec.ts'
import { payloadId } from '../../dag/ids.ts'
import { groupVerifier, type GroupVerifier } from '../../dag/seal.ts'
import type { Chain } from '../../dag/chain.ts'
import { frameCount } from '../../dag/store.ts'
import type { ChainStore } from '../../reputation/block-state.ts'

/** A chain and its store; a replica is one. */
export interface Stored {
  readonly chain: Chain
  readonly store: ChainStore
}

/** The frames of a stored payload in order; ends at the first that is missing. */
export async function* framesOf(stored: Stored, block: Block): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < frameCount(block.header.pay.size); n++) {
    const frame = await stored.store.frame(block.id, n)
    if (frame === undefined) return
    yield frame
  }
}

/** A whole payload as stored, or `undefined` if a frame is missing. */
export async function readPayload(stored: Stored, block: Block): Promise<Uint8Array | undefined> {
  const payload = new Uint8Array(block.header.pay.size)
  let offset = 0
  for await (const frame of framesOf(stored, block)) {
    payload.set(frame, offset)
    offset += frame.byteLength
  }
  return offset === payload.byteLength ? payload : undefined
}

/** Checks a payload frame by frame: its size and digest are those in the header, and in a group it opens under the key. */
export class PayloadCheck {
  readonly #pay: Block['header']['pay']
  readonly #hash = sha256Stream()
  readonly #tag: GroupVerifier | undefined
  #bytes = 0

  constructor({ params: { key } }: Chain, { header }: Block) {
    this.#pay = header.pay
    this.#tag = key === undefined ? undefined : groupVerifier(key, encodeAad(header))
  }

  /** The next frame. It is not retained. */
  update(frame: Uint8Array): void {
    this.#bytes += frame.byteLength
    this.#hash.update(frame)
    this.#tag?.update(frame)
  }

  /** Call once, after the last frame. */
  holds(): boolean {
    const { id, size } = this.#pay
    if (this.#bytes !== size || payloadId(this.#hash.digest()) !== id) return false
    return this.#tag === undefined || this.#tag.finish()
  }
}

/** Whether the stored frames are the payload that the header names. */
export async function storedPayloadHolds(stored: Stored, block: Block): Promise<boolean> {
  const check = new PayloadCheck(stored.chain, block)
  for await (const frame of framesOf(stored, block)) check.update(frame)
  return check.holds()
}
