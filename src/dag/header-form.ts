/** The fixed bytes of a canonical header (spec §3), for its reader and its writer. */
import { encodedText } from './cbor-reader.ts'
import type { Seal } from './header.ts'

/** A link up to its digest: tag 42, 37 bytes, a zero, CIDv1, the codec, sha2-256 of 32 bytes. */
function linkStart(codec: number): number[] {
  return [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, codec, 0x12, 0x20]
}

/** To a block, up to its digest. */
export const BLOCK_LINK = Uint8Array.from(linkStart(0x71))
/** To a payload. */
export const PAYLOAD_LINK = Uint8Array.from(linkStart(0x55))

/** Each with what always follows it: the version; of a like its map and the name of its first field; the head of a public key. */
export const FIELDS = {
  version: encodedText([], 'v', [0x01]),
  re: encodedText([], 're'),
  pay: encodedText([], 'pay'),
  cid: encodedText([], 'cid'),
  name: encodedText([], 'name'),
  seal: encodedText([], 'seal'),
  size: encodedText([], 'size'),
  type: encodedText([], 'type'),
  like: encodedText([...encodedText([], 'like'), 0xa2], 'n'),
  target: encodedText([], 'target'),
  time: encodedText([], 'time'),
  backs: encodedText([], 'backs'),
  author: encodedText([], 'author', [0x58, 0x20]),
  height: encodedText([], 'height'),
} as const

export const SEALS: Readonly<Record<Seal, Uint8Array>> = {
  none: encodedText([], 'none'),
  group: encodedText([], 'group'),
  owner: encodedText([], 'owner'),
}
