/**
 * Reads a payload's size from its header's bytes without decoding them (spec §3): for the responder, which sends
 * thousands of blocks to a peer that catches up and needs nothing else of them. Only for headers whose digest was
 * compared with their id: nothing is checked here. `header-reader.ts` has the format; a test compares the two.
 */

const TEXT = 0x60
/** First byte of a text of 24 to 255 bytes; its length follows. */
const TEXT_OF_8_BITS = 0x78

/** Where "re" or "pay" begins: after the map, and "v" and 1. */
const FIRST_AT = 1 + 3
/** "re" and its link. It has two letters, so its first byte is this one; that of "pay" is another. */
const RE = TEXT + 2
const RE_BYTES = 3 + 41
/** "pay" and its map, "cid" and its link. */
const TO_NAME_BYTES = 5 + 4 + 41
/** The encoded field names "name", "seal" and "size", of equal length; the first differs from the others here. */
const FIELD_BYTES = 5
const N = 0x6e

/** @param header - a canonical header */
export function paySizeIn(header: Uint8Array): number {
  let at = FIRST_AT + (header[FIRST_AT] === RE ? RE_BYTES : 0) + TO_NAME_BYTES
  if (header[at + 1] === N) at = afterText(header, at + FIELD_BYTES)
  at = afterText(header, at + FIELD_BYTES) + FIELD_BYTES
  const first = header[at] ?? 0
  if (first < 24) return first
  const end = at + 2 ** (first - 24)
  let size = 0
  for (let n = at + 1; n <= end; n += 1) size = size * 256 + (header[n] ?? 0)
  return size
}

/** Where a text of at most 255 bytes ends. */
function afterText(header: Uint8Array, at: number): number {
  const first = header[at] ?? TEXT
  return first === TEXT_OF_8_BITS ? at + 2 + (header[at + 1] ?? 0) : at + 1 + first - TEXT
}
