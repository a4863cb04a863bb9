/** A block as the store gives it back: checked when it came in, so that anything wrong with it now is ours. */
import { decodeBlock, type Block } from '../dag/block.ts'
import { Bug } from '../dag/faults.ts'
import type { StoredBlock } from '../dag/store.ts'

/** @throws {Bug} if it does not decode */
export function blockOfStored(index: number, { headerBytes, signature }: StoredBlock): Block {
  const block = decodeBlock(headerBytes, signature)
  if (!block.ok) throw new Bug(`block ${String(index)} does not decode: ${block.fault.code}`)
  return block.value
}
