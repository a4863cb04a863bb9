/** Coded refusals of the rules (spec §4, §5). */
import type { BlockId } from '../dag/ids.ts'

export type ReputationFault =
  /** Not sound: the block links one that is not accepted in the block's own past. */
  | { readonly code: 'REP_UNACCEPTED_BACK'; readonly back: BlockId }
  /** A vote made here that its author cannot pay for; of a post of the author's own, if it is to take that back. */
  | { readonly code: 'REP_NO_REPS'; readonly reps: number; readonly isTakingBack?: boolean }
  /** A dislike made here, of a post that its author took back before: it would cost once more, and change nothing. */
  | { readonly code: 'REP_TAKEN_BACK' }
