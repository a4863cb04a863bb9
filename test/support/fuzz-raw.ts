/** What can be bent in bytes without a grammar of their own: sealed payloads, proofs, streams of frames. */
import { hexToBytes } from '@noble/hashes/utils.js'
import type { Dialect, Span } from './fuzz-mutate.ts'

const ZEROS = '00'.repeat(31)

/** Half a digest, a third of a nonce and a tag: what is moved around as a whole. */
const PART_BYTES = 16

/** Behind this, a message is only content. */
const LOOKED_AT_BYTES = 256

function parts(bytes: Uint8Array): Span[] {
  const spans: Span[] = []
  for (let from = 0; from < Math.min(bytes.length, LOOKED_AT_BYTES); from += PART_BYTES) {
    spans.push([from, Math.min(from + PART_BYTES, bytes.length)])
  }
  return spans
}

/** Bytes that curves and varints are particular about. */
export const RAW: Dialect = {
  spans: parts,
  words: [
    `${ZEROS}00`, // points of small order
    `01${ZEROS}`,
    `${ZEROS}80`,
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`, // the prime itself: 0, spelt another way
    `ee${'ff'.repeat(30)}7f`,
    'ff'.repeat(32),
    `edd3f55c1a631258d69cf7a2def9de14${'00'.repeat(15)}10`, // the order of the group
    '00',
    '80',
    '8000', // 0 as a varint, spelt longer
    '80808000',
    '8080808000',
    '808080808080808000',
    'ffffff7f', // the longest length of four bytes
    'ffffffff0f',
    'ffffffffffffff7f',
    'ffffffffffffffffff01',
    '80'.repeat(16),
  ].map((hex) => hexToBytes(hex)),
  edits: [],
}
