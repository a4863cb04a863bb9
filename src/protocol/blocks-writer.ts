/**
 * A `blocks` reply to bytes (spec §8), by hand: most of what a peer that catches up is sent is this. Byte for byte what the
 * library writes, which tests hold it to.
 */
import { CborWriter } from '../dag/cbor-writer.ts'
import { Bug } from '../dag/result.ts'
import type { Reply, WireBlock } from './messages.ts'

export type BlocksReply = Reply & { readonly t: 'blocks' }

/** Around one block: a list and three values. */
const AROUND_BLOCK_BYTES = 36
/** Around all of them: names of fields, numbers, the list. */
const AROUND_BLOCKS_BYTES = 64

/** The third place of a block says by its type where the payload is: bytes here, text elsewhere. */
export function encodeBlocks({ t, id, asked, blocks }: BlocksReply): Uint8Array {
  let most = AROUND_BLOCKS_BYTES
  for (const block of blocks) most += AROUND_BLOCK_BYTES + wireBytes(block)
  const writer = new CborWriter(most).map(4).text('t').text(t).text('id').int(id).text('asked').int(asked)
  writer.text('blocks').list(blocks.length)
  for (const { headerBytes, signature, state, payload } of blocks) {
    if ((state === 'inline') !== (payload !== undefined)) throw new Bug('a payload is present iff its state is inline')
    writer.list(3).bytes(headerBytes).bytes(signature)
    if (payload === undefined) writer.text(state)
    else writer.bytes(payload)
  }
  return writer.take()
}

/** Of its parts, without what stands around them. */
export function wireBytes({ headerBytes, signature, payload }: WireBlock): number {
  return headerBytes.byteLength + (signature?.byteLength ?? 0) + (payload?.byteLength ?? 0)
}
