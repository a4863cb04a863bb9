/**
 * What the peer of a pull owes it, and when others need not wait for it (spec §8, step 3, *overtaking*), pure: times are
 * arguments, in milliseconds of any clock that only goes forward.
 */
import { wireBytes } from './blocks-writer.ts'
import { BLOCKS_REPLY_BYTES } from './limits.ts'
import type { Reply } from './messages.ts'

/** A peer that owes a reply for less is not slow: a reply of 256 KiB over a line of 100 KiB/s takes as long. */
export const OVERTAKE_MS = 3_000
/** So many times as long as the last reply to the pull that waits: where all lines are bad, nobody is overtaken. */
export const OVERTAKE_FACTOR = 4

/** A reply that settles less than was asked for holds at least this much, if it is honest: else the next block would fit. */
const LITTLE_BYTES = BLOCKS_REPLY_BYTES / 4

type BlocksReply = Reply & { readonly t: 'blocks' }

export class Stragglers {
  /** When each `get` without a reply was sent. */
  readonly #asked = new Map<number, { readonly ids: number; readonly sentMs: number }>()
  #replyMs = 0
  /** Since when the peer has given a little at a time. */
  #littleSinceMs: number | undefined

  /** How long the last reply with blocks took to come; 0 before the first. */
  get replyMs(): number {
    return this.#replyMs
  }

  /** So many blocks were asked for. */
  ask(tag: number, ids: number, nowMs: number): void {
    this.#asked.set(tag, { ids, sentMs: nowMs })
  }

  /** The reply; none when there will be no other one. Gives the bytes of the blocks that came. */
  take(tag: number, reply: BlocksReply | undefined, nowMs: number): number {
    const asked = this.#asked.get(tag)
    this.#asked.delete(tag)
    if (asked === undefined || reply === undefined) return 0
    this.#replyMs = nowMs - asked.sentMs
    const bytes = reply.blocks.reduce((sum, block) => sum + wireBytes(block), 0)
    const isLittle = reply.asked < asked.ids && bytes < LITTLE_BYTES
    this.#littleSinceMs = isLittle ? (this.#littleSinceMs ?? asked.sentMs) : undefined
    return bytes
  }

  /** How long the peer has owed a reply with blocks; short ones do not count, for an honest peer fills its replies. */
  owingMs(nowMs: number): number {
    const [oldest] = this.#asked.values()
    if (oldest === undefined) return 0
    return nowMs - Math.min(oldest.sentMs, this.#littleSinceMs ?? oldest.sentMs)
  }
}

/** A pull among others of one chain. */
export interface Rival {
  readonly stragglers: Stragglers
  /** Whether it cannot go on before the other one has given up what it is asking for. */
  waitsFor(other: this): boolean
}

/** Pulls that others wait for and whose peers are much slower: to be cut, so that the others go on. */
export function overtaken<T extends Rival>(all: readonly T[], nowMs: number): T[] {
  return all.filter((slow) =>
    all.some((waiting) => {
      if (waiting === slow || !waiting.waitsFor(slow)) return false
      return slow.stragglers.owingMs(nowMs) > Math.max(OVERTAKE_MS, OVERTAKE_FACTOR * waiting.stragglers.replyMs)
    }),
  )
}
