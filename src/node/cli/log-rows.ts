/** Which of the listed blocks make the conversation, and in which order (spec §11, `log`). Pure. */
import type { ListedBlock } from '../control/shapes.ts'

/** Anybody can write posts that are held: a few are shown, so that they cannot bury what was accepted. */
export const SHOWN_HELD = 5

export interface LogRows {
  readonly rows: readonly ListedBlock[]
  /** How many held posts are not among them. */
  readonly leftOut: number
}

/**
 * The blocks that are not held, in the order they are listed, and the newest held ones at their time between them.
 *
 * @param listed - as `lastBlocks` gives them
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

/** Behind every row that is not newer, and that it links to: times are what authors wrote, and may be wrong. */
function placeOf({ time, backs }: ListedBlock, rows: readonly ListedBlock[]): number {
  return 1 + rows.findLastIndex((row) => row.time <= time || backs.includes(row.id))
}
