/** A block as the store gives it back: checked when it came in, so that anything wrong with it now is ours. */
import { decodeBlock, type Block } from '../../../dag/block.ts'
import { headerDigest } from '../../../dag/codec.ts'
import { Bug } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { paySizeIn } from '../../../dag/pay-size.ts'
import type { StoredBlock } from '../../../dag/store.ts'

/** @throws {Bug} if it is not there */
export function storedHere(index: number, stored: StoredBlock | undefined): StoredBlock {
  if (stored === undefined) throw new Bug(`block ${String(index)} is in the graph and not in the store`)
  return stored
}

/** @throws {Bug} if it is not there, or does not decode */
export function blockOfStored(index: number, stored: StoredBlock | undefined): Block {
  const { headerBytes, signature } = storedHere(index, stored)
  const block = decodeBlock(headerBytes, signature)
  if (!block.ok) throw new Bug(`block ${String(index)} does not decode: ${block.fault.code}`)
  return block.value
}

/**
 * Bytes of the payload that a stored header speaks of.
 * @param id - the block's, which its header's digest has to be: what was damaged on disk goes to no peer
 * @throws {Bug} if it is not
 */
export function paySizeOfStored(id: BlockId, { headerBytes }: StoredBlock): number {
  if (headerDigest(headerBytes) !== id) throw new Bug(`the header of block ${id} is not what it was`)
  return paySizeIn(headerBytes)
}
