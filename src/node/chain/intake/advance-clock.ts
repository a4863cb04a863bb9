/**
 * What time alone changes in one chain (spec §3, §4, §5): blocks whose time has come enter V, blocks that a clock was set back
 * from leave it, delayed blocks are tried again, and payloads that were kept aside for their time are deleted.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import { hasFirstPostPioneer } from '../../../dag/sound.ts'
import { DAY_MS } from '../../../reputation/rules.ts'
import type { BlockStates } from './block-states.ts'
import type { BlockImporter } from './block-importer.ts'
import type { PayloadIndex } from './payload-index.ts'

/** How long the payload of a hidden post is kept aside, unless told otherwise (spec §4). */
export const KEEP_HIDDEN_MS = 30 * DAY_MS

/** Returns how many accepted blocks were set back. */
export function advanceClock(
  blockStates: BlockStates,
  importer: BlockImporter,
  nowMs: number,
): { readonly setBack: number } {
  const setBack = setBackFrom(blockStates, nowMs)
  for (const index of blockStates.unaccepted.due(nowMs)) release(blockStates, index, nowMs)
  for (const { block } of blockStates.mempool.due(nowMs + MAX_AHEAD_MS)) {
    // An earlier one may have brought it in already, as part of its past.
    const due = blockStates.mempool.get(block.id)
    if (due !== undefined) importer.importAgain(due, nowMs)
  }
  blockStates.mempool.expireLeftOut(nowMs)
  blockStates.mempool.expireSurplus(nowMs)
  // Blocks that stay delayed were reported when they came.
  blockStates.changeSet.delayed = 0
  blockStates.trim()
  return { setBack }
}

/** Deletes payloads that were kept aside at this time, in ms, or before. One whose post shows again in this change stays. */
export function deleteKeptAside({ state, changeSet }: BlockStates, payloads: PayloadIndex, latestMs: number): void {
  for (const index of payloads.asideSince(latestMs)) if (state.isHidden(index)) changeSet.deletePayload(index)
}

function release(blockStates: BlockStates, index: number, nowMs: number): void {
  const { graph, pioneer, chain } = blockStates.state
  if (!graph.backs(index).every((back) => blockStates.isIn(back))) return
  const isFirstPost = graph.height(index) === 1 && hasFirstPostPioneer(chain)
  const hasOtherPioneer = pioneer !== undefined && blockStates.state.authorOf(index) !== pioneer
  if (isFirstPost && hasOtherPioneer) blockStates.drop(index)
  else blockStates.enterAgain(index, nowMs)
}

/** Removes blocks ahead of the clock from V, latest first: that changes nothing for the blocks before them. */
function setBackFrom(blockStates: BlockStates, nowMs: number): number {
  const { state, unaccepted } = blockStates
  const { graph } = state
  const isAhead = (index: number): boolean => graph.time(index) > nowMs + MAX_AHEAD_MS
  blockStates.clearStaging()
  // Blocks that are not accepted count too: a loss of another block could make them accepted.
  if (![...graph.heads(), ...unaccepted.in('held', 'guest', 'surplus')].some(isAhead)) return 0
  const ahead: number[] = []
  for (let index = 1; index < graph.size; index += 1) if (isAhead(index) && state.isIn(index)) ahead.push(index)
  const accepted = new Set(ahead.filter((index) => graph.isAccepted(index)))
  for (const index of ahead.sort((a, b) => graph.compare(b, a))) {
    blockStates.retreat(index, accepted.has(index) ? 'set-back' : 'ahead')
  }
  return accepted.size
}
