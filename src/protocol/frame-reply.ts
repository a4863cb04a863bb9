/**
 * A `frame` reply to bytes and back (spec §8), by hand: a frame is the largest thing that a message holds, and the library
 * copies it both ways. Byte for byte what the library writes, and reading only ever says yes to that: of anything else
 * `codec.ts` says what is wrong. Property tests compare the two.
 *
 *     a4  "t" "frame"  "id" n  "bytes" content  "offset" n
 */
import { CborWriter } from '../dag/cbor-writer.ts'
import { MAX_PAYLOAD_OWNER_BYTES } from '../dag/limits.ts'
import { FRAME_BYTES } from '../dag/store.ts'
import { MAX_REQUEST_ID } from './limits.ts'
import type { Reply } from './messages.ts'

export type FrameReply = Reply & { readonly t: 'frame' }

/** Names of fields and three numbers. */
const AROUND_BYTES = 64

/** A short text: its length, and itself. */
const textBytes = (text: string): number => 1 + text.length

/** Up to the number of `id`. */
const BEFORE_ID_BYTES = 1 + textBytes('t') + textBytes('frame') + textBytes('id')

/** In three parts, of which the second is the frame itself. */
export function frameParts({ t, id, bytes, offset }: FrameReply): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const head = new CborWriter(AROUND_BYTES).map(4).text('t').text(t).text('id').int(id)
  const before = head.text('bytes').bytesHead(bytes.byteLength).take()
  return [before, bytes, new CborWriter(AROUND_BYTES).text('offset').int(offset).take()]
}

/** A reply whose frame is a view of the message; nothing if it is not spelt like that, or beyond a bound. */
export function readFrameReply(message: Uint8Array): FrameReply | undefined {
  const id = argumentAt(message, BEFORE_ID_BYTES)
  const length = argumentAt(message, id.end + textBytes('bytes'))
  const bytes = message.subarray(length.end, length.end + length.value)
  const offset = argumentAt(message, length.end + length.value + textBytes('offset'))
  if (id.value > MAX_REQUEST_ID || length.value > FRAME_BYTES || offset.value > MAX_PAYLOAD_OWNER_BYTES)
    return undefined
  const reply: FrameReply = { t: 'frame', id: id.value, offset: offset.value, bytes }
  return isSpelling(message, frameParts(reply)) ? reply : undefined
}

/** What was read without a look at the names is what is meant if it is spelt the same. */
function isSpelling(message: Uint8Array, [before, bytes, after]: ReturnType<typeof frameParts>): boolean {
  const behind = before.byteLength + bytes.byteLength
  return (
    message.byteLength === behind + after.byteLength && begins(message, 0, before) && begins(message, behind, after)
  )
}

function begins(message: Uint8Array, at: number, part: Uint8Array): boolean {
  return part.every((byte, n) => message[at + n] === byte)
}

/** The number in a head of up to 32 bits, and where it ends. */
function argumentAt(message: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const short = (message[at] ?? 0) & 0x1f
  if (short < 24 || short > 26) return { value: short, end: at + 1 }
  const end = at + 1 + 2 ** (short - 24)
  let value = 0
  for (let n = at + 1; n < end; n += 1) value = value * 256 + (message[n] ?? 0)
  return { value, end }
}
