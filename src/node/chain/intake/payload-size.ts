/** How a payload is cut into frames (spec §8), and whether all of them are here. */
import { FRAME_BYTES } from '../../../dag/store.ts'
import type { ChainStore } from '../../../reputation/block-state.ts'
import type { Incoming } from './validate-block.ts'

/** Frames that a payload of this size is cut into. */
export function frameCount(size: number): number {
  return Math.ceil(size / FRAME_BYTES)
}

/** Frames of a payload that arrived may have had to go for others since: then it is missing, which harms nobody. */
export async function storedPayload(store: ChainStore, { block }: Incoming): Promise<'stored' | 'missing'> {
  return (await store.frames(block.id)) === frameCount(block.header.pay.size) ? 'stored' : 'missing'
}
