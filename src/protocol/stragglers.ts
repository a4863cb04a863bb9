/**
 * How long a pull has waited for its peer, and when others may overtake it (spec §8, step 3, *overtaking*), pure. Times
 * are arguments, in milliseconds of any monotonic clock.
 */
import { wireBytes } from './blocks-writer.ts'
import { BLOCKS_REPLY_BYTES } from './sync-limits.ts'
import type { Reply } from './messages.ts'

/** A peer whose reply is pending for less is not slow: 256 KiB over a line of 100 KiB/s take as long. */
export const OVERTAKE_MS = 3_000
/**
 * The same for a stranger's reply that a known peer's pull waits for. Any stranger can list blocks, and then keep who
 * would bring them waiting.
 */
export const OVERTAKE_STRANGER_MS = 300
/** Times the last reply of the pull that waits: where all lines are slow, none is overtaken. */
export const OVERTAKE_FACTOR = 4

/**
 * A reply that settles less than was asked for holds at least this much if it is honest: else the next block would fit.
 */
const SHORT_REPLY_BYTES = BLOCKS_REPLY_BYTES / 4

type BlocksReply = Reply & { readonly t: 'blocks' }

export class Stragglers {
  /** The `get`s without a reply. */
  readonly #asked = new Map<number, { readonly ids: number; readonly sentMs: number }>()
  #replyMs = 0
  /** Since when the peer has given little at a time. */
  #shortSinceMs: number | undefined

  /** How long the last `blocks` reply took; 0 before the first. */
  get replyMs(): number {
    return this.#replyMs
  }

  /** `ids` blocks were asked for. */
  ask(tag: number, ids: number, nowMs: number): void {
    this.#asked.set(tag, { ids, sentMs: nowMs })
  }

  /** The reply, or `undefined` if none will come. Returns the bytes of its blocks. */
  take(tag: number, reply: BlocksReply | undefined, nowMs: number): number {
    const asked = this.#asked.get(tag)
    this.#asked.delete(tag)
    if (asked === undefined || reply === undefined) return 0
    this.#replyMs = nowMs - asked.sentMs
    const bytes = reply.blocks.reduce((sum, block) => sum + wireBytes(block), 0)
    const isLittle = reply.asked < asked.ids && bytes < SHORT_REPLY_BYTES
    this.#shortSinceMs = isLittle ? (this.#shortSinceMs ?? asked.sentMs) : undefined
    return bytes
  }

  /** How long a `blocks` reply has been pending. Short replies do not reset it: an honest peer fills its replies. */
  pendingMs(nowMs: number): number {
    const [oldest] = this.#asked.values()
    if (oldest === undefined) return 0
    return nowMs - Math.min(oldest.sentMs, this.#shortSinceMs ?? oldest.sentMs)
  }
}

/** A pull among others of one chain. */
export interface ConcurrentPull {
  readonly stragglers: Stragglers
  /** Nobody named its peer, and it has given nothing yet. */
  readonly isStranger: boolean
  /** Whether it is blocked on a block that the other one has claimed. */
  waitsFor(other: this): boolean
}

/** Pulls that block others and whose peers are much slower. The caller cuts them. */
export function overtaken<T extends ConcurrentPull>(all: readonly T[], nowMs: number): T[] {
  return all.filter((slow) =>
    all.some((waiting) => {
      if (waiting === slow || !waiting.waitsFor(slow)) return false
      const leastMs = slow.isStranger && !waiting.isStranger ? OVERTAKE_STRANGER_MS : OVERTAKE_MS
      return slow.stragglers.pendingMs(nowMs) > Math.max(leastMs, OVERTAKE_FACTOR * waiting.stragglers.replyMs)
    }),
  )
}
