/** A block as the store gives it back: checked when it came in, so that anything wrong with it now is ours. */
import { decodeBlock, type Block } from '../dag/block.ts'
import { Bug } from '../dag/faults.ts'
import type { StoredBlock } from '../dag/store.ts'

/** @throws {Bug} if it is not there, or does not decode */
export function blockOfStored(index: number, stored: StoredBlock | undefined): Block {
  if (stored === undefined) throw new Bug(`block ${String(index)} is in the graph and not in the store`)
  const { headerBytes, signature } = stored
  const block = decodeBlock(headerBytes, signature)
  if (!block.ok) throw new Bug(`block ${String(index)} does not decode: ${block.fault.code}`)
  return block.value
}
