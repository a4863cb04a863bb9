/** One block that waits for its author's signature (spec §10), and what makes it stale. `drafts.ts` keeps them. */
import type { MadeBlock } from '../../dag/block.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import type { DraftRun } from './draft-run.ts'
import type { ChainEvent } from './intake/chain-events.ts'
import type { Replica } from './replica.ts'

export interface Draft {
  readonly made: MadeBlock
  readonly author: AuthorKey
  /** The author's accepted block that came last when the draft was made on the chain. */
  readonly latest: number | undefined
  readonly replica: Replica
  readonly run: DraftRun
  /** The draft it was made on; without the payload of that, which may be long gone. */
  readonly under: { readonly id: BlockId; readonly over: Promise<unknown> } | undefined
  above: Draft | undefined
  /** When it is too old, in ms of `performance.now`. */
  readonly untilMs: number
  /** Runs from when it is the lowest of its run until it is submitted. */
  lease: NodeJS.Timeout | undefined
  /** Resolves when nobody waits for it any more: it is in the chain, or is not going to be soon. */
  readonly over: PromiseWithResolvers<undefined>
  isSubmitted: boolean
  isStale: boolean
}

/** Whose drafts may stand one on the other. */
export function lineOf({ chain }: Replica, author: AuthorKey): string {
  return `${chain.id} ${author}`
}

/** A withdrawn block may be one that the draft stands on; it happens seldom, and a new draft costs little. */
export function overtakes({ id, author, kind }: ChainEvent, { author: by, run }: Draft): boolean {
  if (kind === 'withdrawn') return true
  // It may have been told only after the draft was made, on it.
  return (kind === 'post' || kind === 'like') && author === by && !run.standsOn(id)
}

/** Blocks that are stored by one write with it are told of when that is done. What it was made on is the last before it. */
export function isOvertaken({ author, latest, replica, under }: Draft): boolean {
  const last = under === undefined ? latest : replica.graph.indexOf(under.id)
  return replica.state.latestBy(author) !== last
}

/** A first post, where another forum has come: a new draft stands on its blocks. */
export function isFoundedByAnother({ made, author, replica }: Draft): boolean {
  if (made.block.header.height > 1 || !hasFirstPostPioneer(replica.chain)) return false
  return replica.state.pioneer !== undefined && replica.state.pioneer !== author
}
