/**
 * A `frame` reply to bytes and back (spec §8), by hand: a frame is the largest thing that a message holds, and the library
 * copies it both ways. Byte for byte what the library writes, and reading only ever says yes to that: of anything else
 * `codec.ts` says what is wrong. Property tests compare the two.
 *
 *     a4  "t" "frame"  "id" n  "bytes" content  "offset" n
 */
import { CborReader, spelt } from '../dag/cbor-reader.ts'
import { CborWriter } from '../dag/cbor-writer.ts'
import { MAX_PAYLOAD_OWNER_BYTES } from '../dag/block-limits.ts'
import { FRAME_BYTES } from '../dag/store.ts'
import { MAX_REQUEST_ID } from './limits.ts'
import type { Reply } from './messages.ts'

export type FrameReply = Reply & { readonly t: 'frame' }

/** Names of fields and three numbers. */
const AROUND_BYTES = 64

const START = spelt([...spelt([0xa4], 't'), ...spelt([], 'frame')], 'id')
const CONTENT = spelt([], 'bytes')
const OFFSET = spelt([], 'offset')

/** In three parts, of which the second is the frame itself. */
export function frameParts({ t, id, bytes, offset }: FrameReply): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const head = new CborWriter(AROUND_BYTES).map(4).text('t').text(t).text('id').int(id)
  const before = head.text('bytes').bytesHead(bytes.byteLength).take()
  return [before, bytes, new CborWriter(AROUND_BYTES).text('offset').int(offset).take()]
}

/** A reply whose frame is a view of the message; nothing if it is not spelt like that, or beyond a bound. */
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
