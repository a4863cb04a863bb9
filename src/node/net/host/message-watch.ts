/**
 * Follows the length-prefixed messages on a stream without keeping their bytes (spec §9). kad-dht reads messages of any
 * size; here a stream ends when a length is announced that is above the bound, before its bytes have come.
 */
import type { Stream } from '@libp2p/interface'
import { LENGTH_PREFIX_BYTES } from '../../../protocol/stream-limits.ts'
import { partsOf, type Chunk } from './length-prefix-decoder.ts'
import { StreamCut } from './streams.ts'

export interface MessageRules {
  readonly limitBytes: number
  /** Called as each message begins; false ends the stream. */
  readonly onMessage?: () => boolean
}

/** Ends the stream at the first message against the rules. Must be called before anybody else listens. */
export function watchMessages(stream: Stream, rules: MessageRules): void {
  const lengths = new MessageLengths()
  stream.addEventListener('message', ({ data }) => {
    for (const bytes of lengths.follow(data)) {
      if (bytes > rules.limitBytes) stream.abort(new StreamCut('a message is too large'))
      else if (rules.onMessage?.() === false) stream.abort(new StreamCut('too many messages'))
      else continue
      return
    }
  })
}

/**
 * The lengths in front of messages, as their bytes pass.
 *
 * Invariants: `#left` bytes of the current message are still to come; only while it is 0, `#length` holds the first
 * `#digits` bytes of the next length, seven bits each, lowest first.
 */
export class MessageLengths {
  #left = 0
  #length = 0
  #digits = 0

  /** The lengths of the messages that begin in this chunk; `Infinity` for a length that is too long itself. */
  follow(chunk: Chunk): number[] {
    const begun: number[] = []
    for (const bytes of partsOf(chunk)) {
      for (let at = 0; at < bytes.byteLength;) {
        const part = Math.min(this.#left, bytes.byteLength - at)
        this.#left -= part
        at += part
        if (at === bytes.byteLength) break
        const byte = bytes[at] ?? 0
        at += 1
        this.#length += (byte & 0x7f) * 2 ** (7 * this.#digits)
        this.#digits += 1
        if (byte >= 0x80 && this.#digits < LENGTH_PREFIX_BYTES) continue
        this.#left = byte >= 0x80 ? Infinity : this.#length
        this.#length = 0
        this.#digits = 0
        begun.push(this.#left)
      }
    }
    return begun
  }
}
