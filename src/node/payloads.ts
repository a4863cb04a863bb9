/**
 * Payloads of one chain as streams of frames (spec §8): reading one back, and checking one whose frames arrived bit by
 * bit, without ever holding more than a frame.
 */
import type { Block } from '../dag/block.ts'
import { sha256Stream } from '../dag/crypto.ts'
import { encodeAad } from '../dag/codec.ts'
import { payloadId } from '../dag/ids.ts'
import { groupVerifier } from '../dag/seal.ts'
import { frameCount } from './payload-size.ts'
import type { Chain } from '../dag/chain.ts'
import type { ChainStore } from '../dag/store.ts'

/** A chain and where it is kept: a replica, for one. */
export interface Stored {
  readonly chain: Chain
  readonly store: ChainStore
}

/** The frames of a stored payload in order; ends early if one is not here. */
export async function* framesOf(stored: Stored, block: Block): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < frameCount(block.header.pay.size); n++) {
    const frame = await stored.store.frame(block.id, n)
    if (frame === undefined) return
    yield frame
  }
}

/** A whole payload as stored, or `undefined` if some of it is not here. */
export async function readPayload(stored: Stored, block: Block): Promise<Uint8Array | undefined> {
  const payload = new Uint8Array(block.header.pay.size)
  let offset = 0
  for await (const frame of framesOf(stored, block)) {
    payload.set(frame, offset)
    offset += frame.byteLength
  }
  return offset === payload.byteLength ? payload : undefined
}

/** Whether the frames in the store are the payload that the header speaks of, and in groups open under the key. */
export async function storedPayloadHolds(stored: Stored, block: Block): Promise<boolean> {
  const { key } = stored.chain.params
  const hash = sha256Stream()
  const tag = key === undefined ? undefined : groupVerifier(key, encodeAad(block.header))
  let size = 0
  for await (const frame of framesOf(stored, block)) {
    size += frame.byteLength
    hash.update(frame)
    tag?.update(frame)
  }
  if (size !== block.header.pay.size || payloadId(hash.digest()) !== block.header.pay.id) return false
  return tag === undefined || tag.finish()
}
