/**
 * One pull: the requester's side of a sync of one chain with one peer, as a pure step function (spec §8). It is fed
 * inputs and returns effects; sockets, stores and timeouts are the driver's. The other side is `responder.ts`.
 *
 *     open ─► heads of theirs all had? ── yes ─► finish
 *              │ no             │ yes, and there are more than a page of them
 *              ▼                │
 *            diff ─► ids ─► get │ get … ─► store in order
 *              ▲      │         │
 *    more pages└──────┤         ▼
 *                     └──────► folds (`set-reconciliation.ts`) ─► get … ─► store …
 *        half of a page was had, and more to come; where all their heads are in a page, of four such pages
 *
 * The next page of a list is asked for while the last blocks of this one are on their way. Other pulls of the same chain may
 * go on at the same time: what they are asking for is waited for (`claims.ts`).
 */
import type { BlockId } from '../dag/ids.ts'
import { blockVerdict, type BlockFault, type ProtocolFault } from './faults.ts'
import { Fetch, type PulledBlock } from './fetch.ts'
import { SetReconciliation } from './set-reconciliation.ts'
import { GIVEN_UP_IDS, HAVE_IDS, IDS_PER_PAGE, PAGES_IN_VAIN, UNPAID_IDS } from './limits.ts'
import { proofFor, proofHolds } from './membership-proof.ts'
import type { Reply, Request, RequestBody } from './messages.ts'
import type { PullEffect, PullEnd, PullInput, PullOptions, StoreOutcome } from './pull-types.ts'

/** Mutated by {@link step}; nobody else looks inside. */
export interface PullState {
  readonly options: PullOptions
  readonly asked: Map<number, Request['t']>
  nextTag: number
  isOver: boolean
  /** Heads of theirs that are had: they describe what both sides have better than anything of ours. */
  commonHeads: readonly BlockId[]
  /** Those that were not. */
  otherHeads: readonly BlockId[]
  /** Ids listed by the peer that were had before they were listed. */
  listedKnown: number
  page:
    | {
        readonly fetch: Fetch
        readonly wanted: readonly BlockId[]
        readonly then: 'diff' | 'fold' | 'finish'
        gained: boolean
      }
    | undefined
  /** The page behind that one, if it came early. */
  nextPage: IdsReply | undefined
  lastListed: BlockId | undefined
  /** Pages of the list of which half was had, as many as may come before folds take over; these run once at most. */
  pagesBeforeFolds: number
  folding: SetReconciliation | undefined
  /** Ids found by folds that are in no page yet. */
  folded: readonly BlockId[]
  readonly givenUp: Set<BlockId>
  /** Blocks that the peer says it accepts. */
  theirs: number
  /** Blocks stored since one was accepted: no more may stand under a payer still to come. */
  unpaid: number
  fresh: number
}

type IdsReply = Reply & { readonly t: 'ids' }

export type PullStep = readonly [PullState, readonly PullEffect[]]

export function newPull(options: PullOptions): PullState {
  return {
    options,
    asked: new Map(),
    nextTag: 1,
    isOver: false,
    commonHeads: [],
    otherHeads: [],
    listedKnown: 0,
    page: undefined,
    nextPage: undefined,
    lastListed: undefined,
    pagesBeforeFolds: PAGES_IN_VAIN,
    folding: undefined,
    folded: [],
    givenUp: new Set(),
    theirs: 0,
    unpaid: 0,
    fresh: 0,
  }
}

/** After `finish` every input is ignored: late replies are no news. */
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
      return goOn(state)
    case 'failed':
      return finish(state, { why: 'failed', reason: input.reason })
  }
}

/** Blocks that are known to be wanted and may not be here yet, at little cost; more may come to light. */
export function wantedNow({ page, folded, folding }: PullState): number {
  return (page?.fetch.left ?? 0) + folded.length + (folding?.found ?? 0)
}

/** The block that this pull waits for, if another one is asking for it. */
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
  const { fresh, givenUp, otherHeads: heads, commonHeads } = state
  const { has } = state.options.world
  const wanted = [...(state.page?.wanted ?? []), ...state.folded]
  const unsettled = wanted.filter((id) => !givenUp.has(id) && !has(id)).length + (state.folding?.found ?? 0)
  return [{ do: 'finish', fresh, missing: givenUp.size + unsettled, heads, commonHeads, end }]
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
  if (asked === 'folds' && reply.t === 'folds' && state.folding !== undefined) {
    const taken = state.folding.take(tag, reply)
    return taken.ok ? fold(state) : faulty(state, taken.fault)
  }
  if (asked === 'get' && reply.t === 'blocks' && state.page !== undefined) {
    const taken = state.page.fetch.take(tag, reply)
    return taken.ok ? goOn(state) : faulty(state, taken.fault)
  }
  return faulty(state, { code: 'SYNC_WRONG_REPLY', asked, got: reply.t })
}

function onRefuse(state: PullState, { code, pioneer }: Reply & { readonly t: 'refuse' }): PullEffect[] {
  const ours = state.options.world.pioneer()
  if (code === 'incompatible' && ours !== undefined && pioneer !== undefined) {
    return finish(state, { why: 'incompatible', ours, theirs: pioneer })
  }
  return finish(state, { why: code === 'unknown-chain' || code === 'busy' ? code : 'refused' })
}

function onOpened(state: PullState, reply: Reply & { readonly t: 'opened' }): PullEffect[] {
  const { membership, world } = state.options
  if (membership !== undefined && !proofHolds(reply.proof, membership, 'responder')) {
    return faulty(state, { code: 'SYNC_BAD_PROOF' })
  }
  const ours = world.pioneer()
  if (ours !== undefined && reply.pioneer !== undefined && ours !== reply.pioneer) {
    return finish(state, { why: 'incompatible', ours, theirs: reply.pioneer })
  }
  const { heads, more } = reply
  if (more && heads.length === 0) return faulty(state, { code: 'SYNC_BAD_PAGE', why: 'no heads, and more to come' })
  state.theirs = reply.blocks
  state.commonHeads = heads.filter((id) => world.has(id))
  if (more) state.pagesBeforeFolds = 1
  state.otherHeads = heads.filter((id) => !world.has(id))
  if (state.otherHeads.length > 0) {
    // A head behind the first page would not be seen.
    const before = more ? undefined : world.fruitless(state.otherHeads)
    return before === undefined ? [diff(state)] : finish(state, { why: before })
  }
  // One question for the fold of everything says more than further pages of heads, however many there are.
  return more ? fold(state) : finish(state, { why: 'done' })
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
  const lacked = ids.filter((id) => !world.has(id))
  state.listedKnown += ids.length - lacked.length
  // An honest list names a block once, so it cannot name more known ones than there are.
  if (state.listedKnown > world.size()) return faulty(state, { code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
  state.lastListed = last
  // An honest list goes on behind its last id, so what was given up does not come again.
  if (lacked.some((id) => state.givenUp.has(id))) return finish(state, { why: 'stalled' })
  if (2 * lacked.length <= ids.length) state.pagesBeforeFolds -= 1
  return startPage(state, lacked, !more ? 'finish' : state.pagesBeforeFolds <= 0 ? 'fold' : 'diff')
}

function startPage(state: PullState, wanted: readonly BlockId[], then: 'diff' | 'fold' | 'finish'): PullEffect[] {
  const { world } = state.options
  for (const block of wanted) {
    const fault = world.unsound(block)
    // It is as wrong as it was when it was looked at, and is not looked at again.
    if (fault !== undefined) return faulty(state, { code: 'SYNC_BAD_BLOCK', block, fault })
  }
  state.page = { fetch: new Fetch(wanted, world), wanted, then, gained: wanted.length === 0 }
  return goOn(state)
}

/** Looks for what is missing by folds as far as there is room; then fetches what was found, page by page. */
function fold(state: PullState): PullEffect[] {
  const { rendezvous, world } = state.options
  const folding = (state.folding ??= new SetReconciliation(world, (id) => state.givenUp.has(id)))
  state.pagesBeforeFolds = Number.POSITIVE_INFINITY
  state.page = undefined
  if (state.folded.length === 0) {
    const effects: PullEffect[] = []
    for (;;) {
      const prefixes = folding.ask(state.nextTag)
      if (prefixes === undefined) break
      effects.push(ask(state, { t: 'folds', chain: rendezvous, prefixes }))
    }
    if (folding.isAsking) return effects
    state.folded = folding.window()
  }
  if (state.folded.length === 0) {
    if (folding.isDone) return finish(state, { why: 'done' })
    state.folding = undefined
    // The list names what was given up once more.
    state.givenUp.clear()
    return [diff(state)]
  }
  const lacked = state.folded.slice(0, IDS_PER_PAGE).filter((id) => !world.has(id))
  state.folded = state.folded.slice(IDS_PER_PAGE)
  return startPage(state, lacked, 'fold')
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
    : goOn(state)
}

/** How what became of these blocks ends the pull, if it does; also of one that has ended otherwise meanwhile. */
export function endOfOutcomes(outcomes: readonly StoreOutcome[], blocks: readonly PulledBlock[]): PullEnd | undefined {
  for (const [position, outcome] of outcomes.entries()) {
    if (outcome.state !== 'refused') continue
    const end = endOfRefused(outcome.id, outcome.fault, blocks[position]?.state === 'inline')
    if (end !== undefined) return end
  }
  return undefined
}

/** How a refused block ends the pull, if it does. A payload that was not sent cannot be a bad one. */
function endOfRefused(id: BlockId, fault: BlockFault, cameWithPayload: boolean): PullEnd | undefined {
  if (fault.code === 'DAG_OTHER_PIONEER') return { why: 'incompatible', ours: fault.ours, theirs: fault.theirs }
  if (blockVerdict(fault) === 'ignore' || (fault.code === 'DAG_BAD_PAYLOAD' && !cameWithPayload)) return undefined
  return { why: 'faulty', fault: { code: 'SYNC_BAD_BLOCK', block: id, fault } }
}

/** Asks and stores as far as there is room; at the end of a page, goes on to the next. */
function goOn(state: PullState): PullEffect[] {
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
  // Of a list that was worth nothing so far no more is asked for.
  const isNextWanted = page.then === 'diff' && page.gained && page.fetch.isAllAsked
  if (isNextWanted && !isListAsked(state)) effects.push(diff(state))
  return effects
}

function isListAsked({ asked, nextPage }: PullState): boolean {
  return nextPage !== undefined || [...asked.values()].includes('diff')
}

function endPage(state: PullState, page: NonNullable<PullState['page']>): PullEffect[] {
  const { world } = state.options
  const lacked = page.wanted.filter((id) => !world.has(id))
  for (const id of lacked) state.givenUp.add(id)
  // What came meanwhile by another way is progress too.
  const isGain = page.gained || lacked.length < page.wanted.length
  const isTooMuch = state.givenUp.size > GIVEN_UP_IDS || state.unpaid > UNPAID_IDS
  if (!isGain || isTooMuch) return finish(state, { why: 'stalled' })
  state.page = undefined
  if (page.then === 'fold') return fold(state)
  if (page.then === 'finish') return finish(state, { why: 'done' })
  const { nextPage } = state
  state.nextPage = undefined
  if (nextPage !== undefined) return takeIds(state, nextPage)
  return isListAsked(state) ? [] : [diff(state)]
}
