/**
 * A `frame` reply to bytes and back (spec §8), by hand: a frame is the largest field of any message, and the library
 * copies it both ways. Byte for byte what the library writes. The reader only ever says yes; of anything else
 * `codec.ts` says what is wrong. Property tests compare the two.
 *
 *     a4  "t" "frame"  "id" n  "bytes" content  "offset" n
 */
import { CborReader, encodedText } from '../dag/cbor-reader.ts'
import { CborWriter } from '../dag/cbor-writer.ts'
import { MAX_PAYLOAD_OWNER_BYTES } from '../dag/block-limits.ts'
import { FRAME_BYTES } from '../dag/store.ts'
import { MAX_REQUEST_ID } from './sync-limits.ts'
import type { Reply } from './messages.ts'

export type FrameReply = Reply & { readonly t: 'frame' }

/** Field names and three numbers. */
const OVERHEAD_BYTES = 64

const START = encodedText([...encodedText([0xa4], 't'), ...encodedText([], 'frame')], 'id')
const CONTENT = encodedText([], 'bytes')
const OFFSET = encodedText([], 'offset')

/** Three parts; the second is the frame itself, not copied. */
export function frameParts({ t, id, bytes, offset }: FrameReply): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const head = new CborWriter(OVERHEAD_BYTES).map(4).text('t').text(t).text('id').int(id)
  const before = head.text('bytes').bytesHead(bytes.byteLength).take()
  return [before, bytes, new CborWriter(OVERHEAD_BYTES).text('offset').int(offset).take()]
}

/** The reply, its frame a view of the message; `undefined` if it is not canonical or breaks a bound. */
export function readFrameReply(message: Uint8Array): FrameReply | undefined {
  const reader = new CborReader(message)
  if (!reader.skip(START)) return undefined
  const id = reader.uint()
  if (id < 0 || id > MAX_REQUEST_ID || !reader.skip(CONTENT)) return undefined
  const length = reader.skipBytes(FRAME_BYTES)
  const end = reader.at
  if (length < 0 || !reader.skip(OFFSET)) return undefined
  const offset = reader.uint()
  if (offset < 0 || offset > MAX_PAYLOAD_OWNER_BYTES || !reader.isAtEnd) return undefined
  return { t: 'frame', id, offset, bytes: message.subarray(end - length, end) }
}
