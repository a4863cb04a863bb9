/**
 * Reads a payload's size from its header's bytes without decoding them (spec §3): for the responder, which sends
 * thousands of blocks to a peer that catches up and needs nothing else of them. Only for headers whose digest was
 * compared with their id: nothing is checked here. `header-reader.ts` has the format; a test compares the two.
 */

const TEXT = 0x60

/** Position of the seal's text: after the map, "v" and 1, "pay" and its map, "cid" and its link, and "seal". */
const SEAL_AT = 1 + 3 + 5 + 4 + 41 + 5
/** The encoded field name "size". */
const SIZE_NAME_BYTES = 5

/** @param header - a canonical header */
export function paySizeIn(header: Uint8Array): number {
  const sealBytes = 1 + (header[SEAL_AT] ?? TEXT) - TEXT
  const at = SEAL_AT + sealBytes + SIZE_NAME_BYTES
  const first = header[at] ?? 0
  if (first < 24) return first
  const end = at + 2 ** (first - 24)
  let size = 0
  for (let n = at + 1; n <= end; n += 1) size = size * 256 + (header[n] ?? 0)
  return size
}
