/** Explains to a user why a block has its state (spec §5, §10 `chain.get`). Decides nothing. */
import type { AuthorKey } from '../dag/ids.ts'
import type { BlockState } from './block-state.ts'
import type { ChainState } from './chain-state.ts'
import { DAY_MS, isEnough, isGroupUnlimited, NEEDED_REPS } from './rules.ts'

/**
 * A phrase without a full stop.
 * @param now - ms since the epoch, for the author's present reps
 */
export function explain(
  reputation: ChainState,
  index: number,
  { state, now }: { state: BlockState; now: number },
): string {
  switch (state) {
    case 'paid':
      return whyPaid(reputation, index)
    case 'unpaid':
      return 'somebody with reps liked it, or built on it'
    case 'held':
    case 'guest':
    case 'surplus':
      return `held: ${whyHeld(reputation, index, now)}`
    case 'ahead':
    case 'set-back':
      return "set aside: its time is ahead of this node's clock"
    case 'dropped':
      return 'dropped'
  }
}

function whyPaid(reputation: ChainState, index: number): string {
  if (isGroupUnlimited(reputation.chain)) return 'members of a group post without limit'
  if (reputation.isUnlimited(index)) return 'the owner posts without limit'
  return `its author had ${repsInWords(reputation.k(index))}`
}

function whyHeld(reputation: ChainState, index: number, now: number): string {
  return whyHeldBy(reputation, { author: reputation.authorOf(index), k: reputation.k(index) }, now)
}

/** The same of a post that is in no graph: its author, and what it had in the post's own eyes. */
export function whyHeldBy(
  reputation: ChainState,
  { author, k }: { readonly author: AuthorKey | undefined; readonly k: number },
  now: number,
): string {
  if (author === undefined) return 'it is unsigned, and needs a like by somebody who has reps'
  if (isEnough(k)) return 'its author spent the reps on blocks beside it; it needs a like'
  const reps = repsInWords(reputation.repsOf(author, now))
  return `author has ${reps}, needs ${String(NEEDED_REPS)} or a like by somebody who has reps`
}

/** Close enough for a time that is shown to the minute. */
const NEXT_WITHIN_MS = 1000

/**
 * When an author who has no reps now will have some, if nothing else happens: within a day each post of his gives back what it
 * took. `undefined`: not by himself.
 */
export function nextRepsMs(reputation: ChainState, author: AuthorKey, nowMs: number): number | undefined {
  const has = (ms: number): boolean => isEnough(reputation.repsOf(author, ms))
  let [without, having] = [nowMs, nowMs + DAY_MS]
  if (has(without) || !has(having)) return undefined
  while (having - without > NEXT_WITHIN_MS) {
    const middle = Math.floor((without + having) / 2)
    if (has(middle)) having = middle
    else without = middle
  }
  return having
}

/** “1 rep”, “0 reps”. */
export function repsInWords(reps: number): string {
  return `${String(reps)} ${reps === 1 ? 'rep' : 'reps'}`
}
