/**
 * Reads a canonical `blocks` reply (spec §8) in one pass: the hot path of a peer that catches up. It only ever says
 * yes; after a no, the caller decodes with the library, which knows the reason. What it accepts is what the library
 * reads: tests compare the two.
 */
import { CborReader, encodedText } from '../dag/cbor-reader.ts'
import { MAX_HEADER_BYTES, SIGNATURE_BYTES } from '../dag/block-limits.ts'
import type { BlocksReply } from './blocks-writer.ts'
import { GET_IDS, INLINE_PAYLOAD_BYTES, MAX_REQUEST_ID } from './sync-limits.ts'
import type { WireBlock } from './messages.ts'

const START = encodedText([...encodedText([0xa4], 't'), ...encodedText([], 'blocks')], 'id')
const ASKED = encodedText([], 'asked')
const BLOCKS = encodedText([], 'blocks')
const BLOCK = Uint8Array.of(0x83)
const NULL = Uint8Array.of(0xf6)
const STATES = (['frames', 'hidden', 'absent'] as const).map((state) => ({ state, text: encodedText([], state) }))

/** The reply, if these bytes are its canonical encoding; else `undefined`. */
export function readBlocksReply(bytes: Uint8Array): BlocksReply | undefined {
  const reader = new CborReader(bytes)
  if (!reader.skip(START)) return undefined
  const id = reader.uint()
  if (id < 0 || id > MAX_REQUEST_ID || !reader.skip(ASKED)) return undefined
  const asked = reader.uint()
  if (asked < 0 || asked > GET_IDS || !reader.skip(BLOCKS)) return undefined
  const count = reader.listLength()
  if (count < 0 || count > asked) return undefined
  const blocks: WireBlock[] = []
  for (let n = 0; n < count; n += 1) {
    const block = readBlock(reader)
    if (block === undefined) return undefined
    blocks.push(block)
  }
  return reader.isAtEnd ? { t: 'blocks', id, asked, blocks } : undefined
}

function readBlock(reader: CborReader): WireBlock | undefined {
  if (!reader.skip(BLOCK)) return undefined
  const header = reader.skipBytes(MAX_HEADER_BYTES)
  const headerEnd = reader.at
  if (header < 0) return undefined
  const isUnsigned = reader.skip(NULL)
  if (!isUnsigned && reader.skipBytes(SIGNATURE_BYTES) !== SIGNATURE_BYTES) return undefined
  const signatureEnd = reader.at
  const known = STATES.find(({ text }) => reader.skip(text))
  const payload = known === undefined ? reader.skipBytes(INLINE_PAYLOAD_BYTES) : 0
  if (payload < 0) return undefined
  // Copied, so that a block that is kept does not keep the whole reply alive.
  const from = headerEnd - header
  const own = new Uint8Array(reader.bytes.subarray(from, reader.at))
  return {
    headerBytes: own.subarray(0, header),
    signature: isUnsigned ? undefined : own.subarray(signatureEnd - SIGNATURE_BYTES - from, signatureEnd - from),
    state: known?.state ?? 'inline',
    payload: known === undefined ? own.subarray(own.byteLength - payload) : undefined,
  }
}
