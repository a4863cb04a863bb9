/**
 * One pull: the requester's side of a sync of one chain with one peer, as a pure step function (spec §8). It takes
 * inputs and returns effects; the driver has the sockets, stores and timeouts. The other side is `responder.ts`.
 *
 *     open ─► are all its heads here? ── yes ─► finish
 *              │ no             │ yes, and it has more than a page of them
 *              ▼                │
 *            diff ─► ids ─► get │ get … ─► store in order
 *              ▲      │         │
 *    more pages└──────┤         ▼
 *                     └──────► folds (`set-reconciliation.ts`) ─► get … ─► store …
 *        half of a page was here already, and more to come; if all its heads fit in a page, after four such pages
 *
 * The next page of a list is asked for while the last blocks of the current one are on their way. Other pulls of the
 * same chain may run at the same time: this one waits for the blocks that they have claimed (`claims.ts`).
 */
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import { blockVerdict, type BlockFault, type ProtocolFault } from './faults.ts'
import { Fetch, type PulledBlock } from './fetch.ts'
import { SetReconciliation } from './set-reconciliation.ts'
import { GIVEN_UP_IDS, HAVE_IDS, IDS_PER_PAGE, UNPAID_IDS } from './sync-limits.ts'
import { proofFor, proofHolds } from './membership-proof.ts'
import type { Reply, RequestBody } from './messages.ts'
import type { IdsReply, PullState } from './pull-state.ts'
import type { PullEffect, PullEnd, PullInput, StoreOutcome } from './pull-types.ts'

export { newPullState, type PullState } from './pull-state.ts'

export type PullStep = readonly [PullState, readonly PullEffect[]]

/** After `finish` every input is ignored: replies may come late. */
export function step(state: PullState, input: PullInput): PullStep {
  return [state, state.isOver ? [] : effectsOf(state, input)]
}

function effectsOf(state: PullState, input: PullInput): PullEffect[] {
  switch (input.on) {
    case 'start':
      return [open(state)]
    case 'reply':
      return onReply(state, input.tag, input.reply)
    case 'stored':
      return onStored(state, input.outcomes)
    case 'changed':
      return fetchMore(state)
    case 'failed':
      return finish(state, { why: 'failed', reason: input.reason })
  }
}

/** Blocks known to be missing that have not been stored; cheap, and may rise as more are found. */
export function wantedNow({ page, foundIds, reconciliation }: PullState): number {
  return (page?.fetch.left ?? 0) + foundIds.length + (reconciliation?.found ?? 0)
}

/** The block that this pull is blocked on, if another pull has claimed it. */
export function awaited({ page }: PullState): BlockId | undefined {
  return page?.fetch.awaited
}

function ask(state: PullState, request: RequestBody): PullEffect {
  const tag = state.nextTag++
  state.asked.set(tag, request.t)
  return { do: 'ask', tag, request }
}

function finish(state: PullState, end: PullEnd): PullEffect[] {
  state.isOver = true
  const { fresh, givenUp, missingHeads: heads, commonHeads } = state
  const seen = state.seen === undefined ? {} : { seen: state.seen }
  const { has } = state.options.world
  const wanted = [...(state.page?.wanted ?? []), ...state.foundIds]
  const unsettled = wanted.filter((id) => !givenUp.has(id) && !has(id)).length + (state.reconciliation?.found ?? 0)
  return [{ do: 'finish', fresh, missing: givenUp.size + unsettled, heads, commonHeads, ...seen, end }]
}

function faulty(state: PullState, fault: ProtocolFault): PullEffect[] {
  return finish(state, { why: 'faulty', fault })
}

function open(state: PullState): PullEffect {
  const { rendezvous, membership } = state.options
  const proof = membership === undefined ? {} : { proof: proofFor(membership, 'requester') }
  return ask(state, { t: 'open', chain: rendezvous, ...proof })
}

function onReply(state: PullState, tag: number, reply: Reply): PullEffect[] {
  const asked = state.asked.get(tag)
  if (asked === undefined) return faulty(state, { code: 'SYNC_UNKNOWN_REPLY', id: reply.id })
  state.asked.delete(tag)
  if (reply.t === 'refuse') return onRefuse(state, reply)
  if (asked === 'open' && reply.t === 'opened') return onOpened(state, reply)
  if (asked === 'diff' && reply.t === 'ids') return onIds(state, reply)
  if (asked === 'folds' && reply.t === 'folds' && state.reconciliation !== undefined) {
    const taken = state.reconciliation.take(tag, reply)
    return taken.ok ? reconcile(state) : faulty(state, taken.fault)
  }
  if (asked === 'get' && reply.t === 'blocks' && state.page !== undefined) {
    const taken = state.page.fetch.take(tag, reply)
    return taken.ok ? fetchMore(state) : faulty(state, taken.fault)
  }
  return faulty(state, { code: 'SYNC_WRONG_REPLY', asked, got: reply.t })
}

function onRefuse(state: PullState, reply: Reply & { readonly t: 'refuse' }): PullEffect[] {
  const { code } = reply
  if (code === 'incompatible') {
    const end = noteFounder(state, reply.pioneer, reply.blocks)
    if (end !== undefined) return finish(state, end)
  }
  return finish(state, { why: code === 'unknown-chain' || code === 'busy' ? code : 'refused' })
}

/**
 * The end of the pull if the peer follows another founder than this node, or this node none (spec §2). What the peer says
 * is its word: a false one only ends the pull, and a block of another founder is found unsound when it comes.
 */
function noteFounder(state: PullState, founder: AuthorKey, blocks: number): PullEnd | undefined {
  const { world } = state.options
  const ours = world.founder()
  state.seen = { founder, blocks }
  if (ours !== undefined && ours !== founder) return { why: 'incompatible', ours, theirs: founder }
  return world.needsFounder() ? { why: 'no-founder' } : undefined
}

function onOpened(state: PullState, reply: Reply & { readonly t: 'opened' }): PullEffect[] {
  const { membership, world } = state.options
  if (membership !== undefined && !proofHolds(reply.proof, membership, 'responder')) {
    return faulty(state, { code: 'SYNC_BAD_PROOF' })
  }
  const { heads, more, pioneer } = reply
  const end = pioneer === undefined ? undefined : noteFounder(state, pioneer, reply.blocks)
  if (end !== undefined) return finish(state, end)
  // Who names nobody has nothing of a forum, or has it not on disk yet.
  if (pioneer === undefined && heads.length > 0 && (world.needsFounder() || world.founder() !== undefined)) {
    return finish(state, { why: 'stalled' })
  }
  if (more && heads.length === 0) return faulty(state, { code: 'SYNC_BAD_PAGE', why: 'no heads, and more to come' })
  state.peerBlocks = reply.blocks
  state.commonHeads = heads.filter((id) => world.has(id))
  if (more) state.pagesBeforeFolds = 1
  state.missingHeads = heads.filter((id) => !world.has(id))
  if (state.missingHeads.length > 0) {
    // Valid only if the first page has all heads: a new one further back would not be seen.
    const before = more ? undefined : world.fruitless(state.missingHeads)
    return before === undefined ? [diff(state)] : finish(state, { why: before })
  }
  // One request for the root fold says more than further pages of heads.
  return more ? reconcile(state) : finish(state, { why: 'done' })
}

function diff(state: PullState): PullEffect {
  const { rendezvous, world } = state.options
  const have = [...new Set([...state.commonHeads, ...world.haveList()])].slice(0, HAVE_IDS)
  const after = state.lastListed === undefined ? {} : { after: state.lastListed }
  return ask(state, { t: 'diff', chain: rendezvous, have, ...after })
}

function onIds(state: PullState, reply: IdsReply): PullEffect[] {
  if (state.page === undefined) return takeIds(state, reply)
  state.nextPage = reply
  return []
}

function takeIds(state: PullState, { ids, more }: IdsReply): PullEffect[] {
  const { world } = state.options
  const last = ids.at(-1)
  if (last === undefined && more) return faulty(state, { code: 'SYNC_BAD_PAGE', why: 'no ids, and more to come' })
  const missing = ids.filter((id) => !world.has(id))
  const isHonest = state.listedKnown.add(ids.length - missing.length, world.size())
  if (!isHonest) return faulty(state, { code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
  state.lastListed = last
  // An honest list continues after its last id, so it does not name a given-up id again.
  if (missing.some((id) => state.givenUp.has(id))) return finish(state, { why: 'stalled' })
  if (2 * missing.length <= ids.length) state.pagesBeforeFolds -= 1
  return startPage(state, missing, !more ? 'finish' : state.pagesBeforeFolds <= 0 ? 'fold' : 'diff')
}

function startPage(state: PullState, wanted: readonly BlockId[], then: 'diff' | 'fold' | 'finish'): PullEffect[] {
  const { world } = state.options
  for (const block of wanted) {
    const fault = world.unsound(block)
    // Found unsound before; it is not validated a second time.
    if (fault !== undefined) return faulty(state, { code: 'SYNC_BAD_BLOCK', block, fault })
  }
  state.page = { fetch: new Fetch(wanted, world), wanted, then, gained: wanted.length === 0 }
  return fetchMore(state)
}

/** Finds missing blocks by folds as far as there is room; then fetches them, page by page. */
function reconcile(state: PullState): PullEffect[] {
  const { rendezvous, world } = state.options
  const reconciliation = (state.reconciliation ??= new SetReconciliation(world, (id) => state.givenUp.has(id)))
  state.pagesBeforeFolds = Number.POSITIVE_INFINITY
  state.page = undefined
  if (state.foundIds.length === 0) {
    const effects: PullEffect[] = []
    for (;;) {
      const prefixes = reconciliation.ask(state.nextTag)
      if (prefixes === undefined) break
      effects.push(ask(state, { t: 'folds', chain: rendezvous, prefixes }))
    }
    if (reconciliation.isAsking) return effects
    state.foundIds = reconciliation.window()
  }
  if (state.foundIds.length === 0) {
    if (reconciliation.isDone) return finish(state, { why: 'done' })
    state.reconciliation = undefined
    // The list may name again what folds listed and the peer did not bring.
    state.givenUp.clear()
    return [diff(state)]
  }
  const missing = state.foundIds.slice(0, IDS_PER_PAGE).filter((id) => !world.has(id))
  state.foundIds = state.foundIds.slice(IDS_PER_PAGE)
  return startPage(state, missing, 'fold')
}

function onStored(state: PullState, outcomes: readonly StoreOutcome[]): PullEffect[] {
  const { page } = state
  if (page === undefined) return []
  const blocks = page.fetch.stored()
  const kept = outcomes.filter(({ state: became }) => became !== 'refused' && became !== 'postponed')
  page.gained ||= kept.length > 0
  for (const outcome of kept) {
    if (outcome.state === 'accepted') state.fresh += 1 + outcome.others
    state.unpaid = outcome.state === 'accepted' ? 0 : state.unpaid + 1
  }
  const end = endOfOutcomes(outcomes, blocks)
  if (end !== undefined) return finish(state, end)
  return outcomes.some(({ state: became }) => became === 'postponed')
    ? finish(state, { why: 'postponed' })
    : fetchMore(state)
}

/** The end of the pull that these outcomes cause, if any; also used after it has ended in another way. */
export function endOfOutcomes(outcomes: readonly StoreOutcome[], blocks: readonly PulledBlock[]): PullEnd | undefined {
  for (const [position, outcome] of outcomes.entries()) {
    if (outcome.state !== 'refused') continue
    const end = endOfRefused(outcome.id, outcome.fault, blocks[position]?.state === 'inline')
    if (end !== undefined) return end
  }
  return undefined
}

/** The end of the pull that a refused block causes, if any. A payload that was not sent cannot be at fault. */
function endOfRefused(id: BlockId, fault: BlockFault, cameWithPayload: boolean): PullEnd | undefined {
  if (fault.code === 'DAG_OTHER_PIONEER') return { why: 'incompatible', ours: fault.ours, theirs: fault.theirs }
  if (blockVerdict(fault) === 'ignore' || (fault.code === 'DAG_BAD_PAYLOAD' && !cameWithPayload)) return undefined
  return { why: 'faulty', fault: { code: 'SYNC_BAD_BLOCK', block: id, fault } }
}

/** Asks and stores as far as there is room; at the end of a page, moves on to the next. */
function fetchMore(state: PullState): PullEffect[] {
  const { page, options } = state
  if (page === undefined) return []
  const effects: PullEffect[] = []
  for (let ids = page.fetch.ask(state.nextTag); ids !== undefined; ids = page.fetch.ask(state.nextTag)) {
    effects.push(ask(state, { t: 'get', chain: options.rendezvous, ids }))
  }
  for (let blocks = page.fetch.toStore(); blocks !== undefined; blocks = page.fetch.toStore()) {
    effects.push({ do: 'store', blocks })
  }
  if (page.fetch.isDone) return [...effects, ...endPage(state, page)]
  // Do not read ahead on a list that has brought nothing so far.
  const isNextWanted = page.then === 'diff' && page.gained && page.fetch.isAllAsked
  if (isNextWanted && !isListAsked(state)) effects.push(diff(state))
  return effects
}

function isListAsked({ asked, nextPage }: PullState): boolean {
  return nextPage !== undefined || [...asked.values()].includes('diff')
}

function endPage(state: PullState, page: NonNullable<PullState['page']>): PullEffect[] {
  const { world } = state.options
  const missing = page.wanted.filter((id) => !world.has(id))
  for (const id of missing) state.givenUp.add(id)
  // Blocks that came another way meanwhile count as progress.
  const isGain = page.gained || missing.length < page.wanted.length
  const isTooMuch = state.givenUp.size > GIVEN_UP_IDS || state.unpaid > UNPAID_IDS
  if (!isGain || isTooMuch) return finish(state, { why: 'stalled' })
  state.page = undefined
  if (page.then === 'fold') return reconcile(state)
  if (page.then === 'finish') return finish(state, { why: 'done' })
  const { nextPage } = state
  state.nextPage = undefined
  if (nextPage !== undefined) return takeIds(state, nextPage)
  return isListAsked(state) ? [] : [diff(state)]
}
