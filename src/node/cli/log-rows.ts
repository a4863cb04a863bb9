/** Selects and orders the blocks of `log` (spec §11). Pure. */
import type { ListedBlock } from '../control/shapes.ts'

/** Held posts shown by default. Anybody can write them, so only a few are shown: they must not bury accepted ones. */
export const SHOWN_HELD = 5

export interface LogRows {
  readonly rows: readonly ListedBlock[]
  /** Held posts that are not shown. */
  readonly leftOut: number
}

/**
 * Returns the blocks that are not held in their listed order, with the newest held ones inserted by time.
 *
 * @param listed - as `lastBlocks` returns them
 */
export function rowsOf(listed: readonly ListedBlock[], heldLast: number): LogRows {
  const accepted = listed.filter(({ state }) => state !== 'held')
  const held = listed.filter(({ state }) => state === 'held').sort((a, b) => a.time - b.time)
  const shown = held.slice(-heldLast)
  const places = shown.map((post) => placeOf(post, accepted))
  const at = (place: number): ListedBlock[] => shown.filter((_post, n) => places[n] === place)
  return {
    rows: [...at(0), ...accepted.flatMap((block, row) => [block, ...at(row + 1)])],
    leftOut: held.length - shown.length,
  }
}

/**
 * The place after the last row that is not newer or that the post links to: times are claimed by authors and may be
 * wrong.
 */
function placeOf({ time, backs }: ListedBlock, rows: readonly ListedBlock[]): number {
  return 1 + rows.findLastIndex((row) => row.time <= time || backs.includes(row.id))
}
