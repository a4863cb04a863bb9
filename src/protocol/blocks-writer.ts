/**
 * Writes a `blocks` reply (spec §8) by hand: the hot path of serving a peer that catches up. Byte for byte what the
 * library writes: tests compare the two.
 */
import { CborWriter } from '../dag/cbor-writer.ts'
import { Bug } from '../dag/result.ts'
import type { Reply, WireBlock } from './messages.ts'

export type BlocksReply = Reply & { readonly t: 'blocks' }

/** Overhead of one block: a list head and three values. */
const BLOCK_OVERHEAD_BYTES = 36
/** Overhead of the message: field names, numbers, the list head. */
const MESSAGE_OVERHEAD_BYTES = 64

/** The type of a block's third value says where the payload is: bytes here, text elsewhere. */
export function encodeBlocks({ t, id, asked, blocks }: BlocksReply): Uint8Array {
  let capacity = MESSAGE_OVERHEAD_BYTES
  for (const block of blocks) capacity += BLOCK_OVERHEAD_BYTES + wireBytes(block)
  const writer = new CborWriter(capacity).map(4).text('t').text(t).text('id').int(id).text('asked').int(asked)
  writer.text('blocks').list(blocks.length)
  for (const { headerBytes, signature, state, payload } of blocks) {
    if ((state === 'inline') !== (payload !== undefined)) throw new Bug('a payload is present iff its state is inline')
    writer.list(3).bytes(headerBytes).bytes(signature)
    if (payload === undefined) writer.text(state)
    else writer.bytes(payload)
  }
  return writer.take()
}

/** Bytes of a block's parts, without their encoding. */
export function wireBytes({ headerBytes, signature, payload }: WireBlock): number {
  return headerBytes.byteLength + (signature?.byteLength ?? 0) + (payload?.byteLength ?? 0)
}
