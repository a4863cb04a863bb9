/** How a payload is cut into frames (spec §8). */
import { FRAME_BYTES } from '../dag/store.ts'

/** Frames that a payload of this size is cut into. */
export function frameCount(size: number): number {
  return Math.ceil(size / FRAME_BYTES)
}
