/**
 * What time alone changes in one chain (spec §3, §5): blocks whose time has come get in, those that a clock was set back
 * from go out, and what was delayed is tried again.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import { hasFirstPostPioneer } from '../../../dag/sound.ts'
import type { Holdings } from './block-states.ts'
import type { Intake } from './block-importer.ts'

/** Gives how many accepted blocks were taken back. */
export function settleClock(holdings: Holdings, intake: Intake, nowMs: number): { readonly setBack: number } {
  const setBack = retreat(holdings, nowMs)
  for (const index of holdings.unaccepted.due(nowMs)) release(holdings, index, nowMs)
  for (const { block } of holdings.bag.due(nowMs + MAX_AHEAD_MS)) {
    // One may have come in under another one before its turn.
    const entry = holdings.bag.take(block.id)
    if (entry !== undefined) intake.takeAgain(entry, nowMs)
  }
  // Those that still wait were told of when they came.
  holdings.pending.delayed = 0
  holdings.trim()
  return { setBack }
}

function release(holdings: Holdings, index: number, nowMs: number): void {
  const { graph, pioneer, chain } = holdings.reputation
  if (!graph.backs(index).every((back) => holdings.isIn(back))) return
  const isRival = graph.height(index) === 1 && hasFirstPostPioneer(chain) && pioneer !== undefined
  if (isRival && holdings.reputation.authorOf(index) !== pioneer) holdings.drop(index)
  else holdings.enterAgain(index, nowMs)
}

/** Takes back what is ahead of a clock that was set back, latest first: for the rest nothing changes by that. */
function retreat(holdings: Holdings, nowMs: number): number {
  const { reputation, unaccepted } = holdings
  const { graph } = reputation
  const isAhead = (index: number): boolean => graph.time(index) > nowMs + MAX_AHEAD_MS
  holdings.clearStaging()
  // What is not accepted is taken back too: it would get in as soon as somebody else lost what is in its way.
  if (![...graph.heads(), ...unaccepted.in('held', 'guest', 'surplus')].some(isAhead)) return 0
  const ahead: number[] = []
  for (let index = 1; index < graph.size; index += 1) if (isAhead(index) && reputation.isIn(index)) ahead.push(index)
  const accepted = new Set(ahead.filter((index) => graph.isAccepted(index)))
  for (const index of ahead.sort((a, b) => graph.compare(b, a))) {
    holdings.retreat(index, accepted.has(index) ? 'set-back' : 'ahead')
  }
  return accepted.size
}
