/** What the throttle keeps back of a chain (spec §5), for people: how many blocks, until about when, and why. */
import type { AuthorKey } from '../../../dag/ids.ts'
import type { Throttle } from '../../../reputation/throttle.ts'
import type { Mempool } from './mempool.ts'

/** Delayed blocks are tried again about once a minute. */
const AGAIN_MS = 60_000

export interface Delays {
  readonly blocks: number
  /** When the last of them is expected to be in; earlier if fresh blocks free them. */
  readonly untilMs: number
  /** Ends a sentence that begins with `because`. */
  readonly why: string
}

/** `undefined` if nothing is kept back. */
export function delaysOf(mempool: Mempool, throttle: Throttle, nowMs: number): Delays | undefined {
  const blocks = mempool.keptBack
  if (blocks === 0) return undefined
  const rewrites = new Map<AuthorKey, number>()
  const due: number[] = [nowMs]
  let [old, large] = [0, 0]
  for (const { delay } of mempool.delayed()) {
    if (delay?.why === 'old') old += 1
    if (delay?.why === 'rewrite') rewrites.set(delay.author, (rewrites.get(delay.author) ?? 0) + 1)
    if (delay?.why !== 'large') continue
    large += 1
    due.push(delay.untilMs)
  }
  // Most of what was left out is the rest of a long branch.
  if (old > 0) due.push(throttle.oldDueMs(nowMs, old + mempool.leftOut))
  for (const [author, count] of rewrites) due.push(throttle.rewritesDueMs(author, nowMs, count))
  const rewriting = [...rewrites.values()].reduce((sum, count) => sum + count, 0)
  const why = [
    ...(old === 0 ? [] : ['some claim to be more than a day old although this node was in sync then']),
    ...(rewriting === 0 ? [] : ['some would take back what is accepted here']),
    ...(large === 0 ? [] : ['some would bring in too much at once']),
  ]
  return {
    blocks,
    untilMs: Math.max(...due) + AGAIN_MS,
    why: why.length === 0 ? 'they stand on blocks that were kept back' : why.join(', and '),
  }
}
