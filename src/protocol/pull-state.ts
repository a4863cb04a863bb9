/** The state of one pull (spec §8) and its invariants. `pull-machine.ts` is the step function over it. */
import type { BlockId } from '../dag/ids.ts'
import type { Fetch } from './fetch.ts'
import { MOSTLY_KNOWN_PAGES } from './sync-limits.ts'
import { ListedKnown } from './listed-known.ts'
import type { Reply, Request } from './messages.ts'
import type { PullOptions, SeenFounder } from './pull-types.ts'
import type { SetReconciliation } from './set-reconciliation.ts'

/**
 * Mutated only by `step` in `pull-machine.ts`.
 *
 * Invariants, between two steps:
 * 1. `asked` has exactly the tags of the requests without a reply, with the kind of each. Tags below `nextTag` were
 *    used, each once.
 * 2. Once `isOver`, nothing changes any more: `finish` was returned, exactly once.
 * 3. `commonHeads` and `missingHeads` are disjoint. Together they are the heads in `opened`; both are empty before
 *    it.
 * 4. At most one list is read ahead: either a `diff` is in `asked`, or `nextPage` is set, or neither. `nextPage` is
 *    set only while `page` is.
 * 5. `page` is the page being fetched; only its fetch has `get`s in `asked`. Its `wanted` are ids that were not here
 *    when it began.
 * 6. While `reconciliation` asks for folds there is no `page`. It has exactly the `folds` in `asked`. `foundIds` are
 *    ids that it handed out and that are in no page yet: empty while it asks.
 * 7. `listedKnown` is checked with each list: an honest one names each block once.
 * 8. `lastListed` is the last id of the last list taken; the next `diff` continues after it. It is undefined before
 *    the first.
 * 9. `givenUp` are ids that the peer listed and that are not here after their page ended, at most `GIVEN_UP_IDS`. A
 *    list that names one of them again ends the pull.
 * 10. `pagesBeforeFolds` only falls, until folds begin; then it is infinite: folds run once at most.
 * 11. `unpaid` counts blocks stored since the last accepted one; `fresh` counts accepted blocks, and never falls.
 */
export interface PullState {
  readonly options: PullOptions
  readonly asked: Map<number, Request['t']>
  nextTag: number
  isOver: boolean
  /** The peer's heads that are here: they describe what both sides have better than any of our own. */
  commonHeads: readonly BlockId[]
  /** The peer's heads that were not. */
  missingHeads: readonly BlockId[]
  /** Ids that the peer listed and that were here already. */
  readonly listedKnown: ListedKnown
  page:
    | {
        readonly fetch: Fetch
        readonly wanted: readonly BlockId[]
        readonly then: 'diff' | 'fold' | 'finish'
        gained: boolean
      }
    | undefined
  /** The following page, if it came early. */
  nextPage: IdsReply | undefined
  lastListed: BlockId | undefined
  /** Mostly-known pages still tolerated before switching to folds. */
  pagesBeforeFolds: number
  reconciliation: SetReconciliation | undefined
  /** Ids found by folds and not in a page yet. */
  foundIds: readonly BlockId[]
  readonly givenUp: Set<BlockId>
  /** Blocks that the peer says it accepts. */
  peerBlocks: number
  /** What the peer says of its founder. */
  seen: SeenFounder | undefined
  /** Blocks stored since the last accepted one: they wait for a payer. */
  unpaid: number
  fresh: number
}

export type IdsReply = Reply & { readonly t: 'ids' }

export function newPullState(options: PullOptions): PullState {
  return {
    options,
    asked: new Map(),
    nextTag: 1,
    isOver: false,
    commonHeads: [],
    missingHeads: [],
    listedKnown: new ListedKnown(),
    page: undefined,
    nextPage: undefined,
    lastListed: undefined,
    pagesBeforeFolds: MOSTLY_KNOWN_PAGES,
    reconciliation: undefined,
    foundIds: [],
    givenUp: new Set(),
    peerBlocks: 0,
    seen: undefined,
    unpaid: 0,
    fresh: 0,
  }
}
