/**
 * What time alone changes in one chain (spec §3, §5): blocks whose time has come get in, those that a clock was set back
 * from go out, and what was delayed is tried again.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import { hasFirstPostPioneer } from '../../../dag/sound.ts'
import type { BlockStates } from './block-states.ts'
import type { BlockImporter } from './block-importer.ts'

/** Gives how many accepted blocks were taken back. */
export function settleClock(
  blockStates: BlockStates,
  importer: BlockImporter,
  nowMs: number,
): { readonly setBack: number } {
  const setBack = retreat(blockStates, nowMs)
  for (const index of blockStates.unaccepted.due(nowMs)) release(blockStates, index, nowMs)
  for (const { block } of blockStates.mempool.due(nowMs + MAX_AHEAD_MS)) {
    // One may have come in under another one before its turn.
    const entry = blockStates.mempool.take(block.id)
    if (entry !== undefined) importer.takeAgain(entry, nowMs)
  }
  // Those that still wait were told of when they came.
  blockStates.changeSet.delayed = 0
  blockStates.trim()
  return { setBack }
}

function release(blockStates: BlockStates, index: number, nowMs: number): void {
  const { graph, pioneer, chain } = blockStates.state
  if (!graph.backs(index).every((back) => blockStates.isIn(back))) return
  const isRival = graph.height(index) === 1 && hasFirstPostPioneer(chain) && pioneer !== undefined
  if (isRival && blockStates.state.authorOf(index) !== pioneer) blockStates.drop(index)
  else blockStates.enterAgain(index, nowMs)
}

/** Takes back what is ahead of a clock that was set back, latest first: for the rest nothing changes by that. */
function retreat(blockStates: BlockStates, nowMs: number): number {
  const { state: reputation, unaccepted } = blockStates
  const { graph } = reputation
  const isAhead = (index: number): boolean => graph.time(index) > nowMs + MAX_AHEAD_MS
  blockStates.clearStaging()
  // What is not accepted is taken back too: it would get in as soon as somebody else lost what is in its way.
  if (![...graph.heads(), ...unaccepted.in('held', 'guest', 'surplus')].some(isAhead)) return 0
  const ahead: number[] = []
  for (let index = 1; index < graph.size; index += 1) if (isAhead(index) && reputation.isIn(index)) ahead.push(index)
  const accepted = new Set(ahead.filter((index) => graph.isAccepted(index)))
  for (const index of ahead.sort((a, b) => graph.compare(b, a))) {
    blockStates.retreat(index, accepted.has(index) ? 'set-back' : 'ahead')
  }
  return accepted.size
}
