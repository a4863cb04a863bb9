/**
 * Imports blocks into one chain, one after the other: decides what becomes of each (spec §3, §5) and what it changes for
 * others. All decisions are in memory until `commit-queue.ts` stores them.
 *
 * A block is validated (`validate-block.ts`), then judged: whether it is accepted, kept as held or surplus, set aside,
 * delayed, or refused.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import type { Header } from '../../../dag/header.ts'
import type { AuthorKey, BlockId } from '../../../dag/ids.ts'
import { Bug, ok } from '../../../dag/result.ts'
import type { ResolvedBlock } from '../../../dag/store.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { StoreOutcome } from '../../../protocol/pull-types.ts'
import type { Throttle } from '../../../reputation/throttle.ts'
import {
  validateBlock,
  type CheckedBlock,
  type Delay,
  type Incoming,
  type ValidationContext,
} from './validate-block.ts'
import type { Origin } from './chain-events.ts'
import { ThrottlePolicy } from './throttle-policy.ts'
import type { BlockStates } from './block-states.ts'
import type { SignatureState } from './signatures.ts'
import type { Unsettled } from './staging.ts'

/** How and when a block came. */
export interface Arrival {
  readonly origin: Origin
  readonly nowMs: number
  /** Called at most once, after all cheaper checks. */
  readonly signature: () => SignatureState
}

/** What is known of a checked block when it is judged. */
interface JudgeContext {
  readonly origin: Origin
  readonly nowMs: number
  /** Its local index, if it was on this node before and was dropped. */
  readonly known: number | undefined
  /** Resolved against the present graph; `undefined` if one of its backs is in the mempool, or it waited since. */
  readonly resolved: ResolvedBlock | undefined
  /** Author of a fresh block above it that frees it (spec §5, *Throttle*). */
  readonly freer?: AuthorKey | undefined
  /** Why it waited until now. */
  readonly delay?: Delay | undefined
}

/** For a block whose backs are all settled, as those of most blocks are. */
const ALL_SETTLED: Unsettled = { staged: new Set(), pooled: [] }

type Judgement = Exclude<StoreOutcome['state'], 'refused' | 'postponed'> | { readonly fault: BlockFault }

export class BlockImporter {
  readonly #blockStates: BlockStates
  readonly #takesPayload: (header: Header) => boolean
  readonly #throttlePolicy: ThrottlePolicy
  readonly #context: ValidationContext<ResolvedBlock | undefined>

  /** @param takesPayload - whether the payload of a block may be stored; if not it is missing, which stops nothing */
  constructor(blockStates: BlockStates, throttle: Throttle, takesPayload: (header: Header) => boolean = () => true) {
    const { state, mempool, staging } = blockStates
    this.#blockStates = blockStates
    this.#takesPayload = takesPayload
    this.#throttlePolicy = new ThrottlePolicy({ state, mempool, throttle })
    this.#context = {
      chain: state.chain,
      has: (back) => blockStates.hasBack(back),
      // A block over the mempool is checked when the blocks below it are in the graph.
      checkSound: (block) =>
        block.header.backs.some((back) => mempool.has(back)) ? ok(undefined) : staging.resolve(block),
    }
  }

  import(incoming: Incoming, { origin, nowMs, signature }: Arrival): StoreOutcome {
    const { block, payload } = incoming
    const { id } = block
    const known = this.#blockStates.state.graph.indexOf(id)
    if (this.#blockStates.hasAt(known, id)) return { id, state: 'known' }
    const checked = validateBlock(incoming, this.#context, signature)
    if (!checked.ok) return { id, state: 'refused', fault: checked.fault }
    if (checked.value.signature === 'postponed') return { id, state: 'postponed' }
    // It was checked all the same: in a group it proves membership.
    const isKept = origin === 'here' || payload === 'stored' || this.#takesPayload(block.header)
    const checkedBlock: CheckedBlock = {
      block,
      payload: isKept ? payload : 'missing',
      isOurs: origin === 'here',
      waitsFor: 'payer',
      k: undefined,
    }
    return this.#importChecked(checkedBlock, { origin, nowMs, known, resolved: checked.value.sound })
  }

  /**
   * Imports a block that was checked before and waits in the mempool. If it goes on waiting it keeps its place there.
   * @param freer - author of a fresh block above it
   */
  importAgain({ delay, ...checked }: CheckedBlock, nowMs: number, freer?: AuthorKey): StoreOutcome {
    const { mempool } = this.#blockStates
    const { id } = checked.block
    const context = { ...this.#contextAgain(checked, 'pull', nowMs), freer, delay }
    const outcome = this.#importChecked({ ...checked, waitsFor: 'payer' }, context)
    if (outcome.state !== 'delayed' && outcome.state !== 'ahead') mempool.take(id)
    return outcome
  }

  /** What judging blocks took since this was last asked, in steps. */
  takeWork(): number {
    return this.#blockStates.state.takeWork()
  }

  /** Keeps another peer's posts that are not accepted, and their pasts (`peer held`), at least until the pull ends. */
  keepGuests(ids: readonly BlockId[], nowMs: number, areTold = true): void {
    const { state, staging, mempool, changeSet, unaccepted } = this.#blockStates
    for (const id of ids) {
      const pooled = mempool.take(id)
      if (pooled !== undefined) this.#importChecked(pooled, this.#contextAgain(pooled, 'held', nowMs))
      const index = state.graph.indexOf(id)
      if (index === undefined || !state.isPost(index)) continue
      // One that was dropped before has its row still, and was recalled as surplus.
      if (index < staging.settled && unaccepted.get(index) !== 'surplus') continue
      this.#blockStates.keep(index, 'guest')
      if (areTold) changeSet.tell(index, 'held')
    }
  }

  #contextAgain({ block: { id } }: CheckedBlock, origin: Origin, nowMs: number): JudgeContext {
    return { origin, nowMs, known: this.#blockStates.state.graph.indexOf(id), resolved: undefined }
  }

  #importChecked(checked: CheckedBlock, context: JudgeContext): StoreOutcome {
    const { id } = checked.block
    const { graph } = this.#blockStates.state
    const before = graph.acceptedCount
    const judgement = this.#judge(checked, context)
    // During a pull nothing is trimmed: a payer still to come may need it, even a block that was dropped and came again.
    if (context.origin === 'here') this.#blockStates.trim()
    if (typeof judgement !== 'string') return { id, state: 'refused', fault: judgement.fault }
    if (judgement !== 'accepted') return { id, state: judgement }
    return { id, state: judgement, others: Math.max(0, graph.acceptedCount - before - 1) }
  }

  #judge(checked: CheckedBlock, context: JudgeContext): Judgement {
    const { header } = checked.block
    const { origin, nowMs, known, resolved } = context
    const isAhead = header.time > nowMs + MAX_AHEAD_MS
    if (known !== undefined) return this.#recall(known, checked, { isAhead, nowMs })
    if (isAhead) return this.#setAside(checked, origin)
    // The clock has reached this block, and was not yet advanced for the blocks below it.
    const { graph } = this.#blockStates.state
    const backs = resolved?.backs ?? header.backs.map((back) => graph.indexOf(back))
    if (backs.some((back) => this.#isSetAside(back))) return 'ahead'
    return this.#judgeOnBacks(checked, context)
  }

  /** Moves the blocks below from the mempool to the graph, appends the block, and asks the chain state. */
  #judgeOnBacks(checked: CheckedBlock, context: JudgeContext): Judgement {
    const { origin, nowMs, freer, delay: before } = context
    const { state, staging, mempool } = this.#blockStates
    const { graph } = state
    const policy = this.#throttlePolicy
    const isThrottled = origin !== 'here' && !policy.isExempt(checked)
    if (isThrottled && policy.isOnDelayedBack(checked) && policy.freerOf(checked, nowMs) === undefined) {
      return this.#delay(checked, origin, policy.delayAbove(checked, nowMs))
    }
    let { resolved } = context
    let unsettled = this.#unsettledBelow(checked, resolved)
    if (isThrottled && isOnDelayed(unsettled)) {
      if (!this.#freeBelow(checked, unsettled, nowMs)) {
        return this.#delay(checked, origin, policy.delayAbove(checked, nowMs))
      }
      resolved = undefined
      unsettled = this.#unsettledBelow(checked, resolved)
    }
    const { staged, pooled, lost } = unsettled
    if (lost !== undefined) {
      for (const { block } of pooled) mempool.take(block.id)
      return { fault: { code: 'DAG_MISSING_BACK', back: lost } }
    }
    const early = isThrottled
      ? (policy.delayByHeader(checked, nowMs, freer) ?? policy.delayAsBefore(checked, nowMs, { before, freer }))
      : undefined
    if (early !== undefined) return this.#delay(checked, origin, early)
    const sizeBefore = graph.size
    const below = [...staging.clear(staged), ...pooled]
    for (const { block } of pooled) mempool.take(block.id)
    const base = graph.size
    // A block that is unsound now stays unsound: it does not go back to the mempool.
    const sound = below.filter((each) => staging.append(each).ok)
    const isSameGraph = base === sizeBefore && below.length === 0
    const at = staging.append(checked, isSameGraph ? resolved : undefined)
    const takeBack = (): void => {
      const settled = Math.max(base, staging.settled)
      while (graph.size > settled) staging.pop()
      for (const each of sound.slice(settled - base)) mempool.put(each)
    }
    if (!at.ok) {
      takeBack()
      return { fault: at.fault }
    }
    if (origin === 'here' && !state.isPost(at.value) && state.wouldBeVoid(at.value)) {
      // A vote made here that would be accepted but would not count (spec §4) never enters V.
      const refused = this.#noReps(at.value, nowMs)
      takeBack()
      return refused
    }
    const freeing = (): AuthorKey | undefined => freer ?? policy.freerOf(checked, nowMs)
    for (let index = base; index <= at.value; index += 1) {
      const delay = isThrottled ? policy.delayInGraph(index, nowMs, freeing) : undefined
      if (delay !== undefined) {
        takeBack()
        return this.#delay(checked, origin, delay)
      }
      this.#blockStates.enter(index, nowMs)
    }
    if (graph.isAccepted(at.value)) return 'accepted'
    if (origin === 'here') return this.#hold(at.value, nowMs)
    // A pull may still bring a payer; gossip does not.
    if (origin === 'gossip') staging.pop()
    return 'surplus'
  }

  /** Lets delayed blocks in, pasts first, as far as a fresh block above them frees them. Whether it frees all of them. */
  #freeBelow(checked: CheckedBlock, { pooled }: Unsettled, nowMs: number): boolean {
    for (const below of pooled) {
      if (below.waitsFor !== 'turn' || !this.#blockStates.mempool.has(below.block.id)) continue
      const freer = this.#throttlePolicy.freerOf(checked, nowMs)
      if (freer === undefined || this.importAgain(below, nowMs, freer).state === 'delayed') return false
    }
    return true
  }

  #unsettledBelow({ block }: CheckedBlock, resolved: ResolvedBlock | undefined): Unsettled {
    const { staging } = this.#blockStates
    const isOnSettled = resolved?.backs.every((back) => back < staging.settled && this.#blockStates.isIn(back)) === true
    return isOnSettled ? ALL_SETTLED : staging.below(block.header.backs)
  }

  /** A post made here waits for a like; a vote that its author cannot pay for is refused. */
  #hold(index: number, nowMs: number): Judgement {
    const { state, staging, changeSet } = this.#blockStates
    if (!state.isPost(index)) {
      const refused = this.#noReps(index, nowMs)
      staging.pop()
      return refused
    }
    this.#blockStates.keep(index, 'held')
    changeSet.tell(index, 'held')
    return 'held'
  }

  /** The fault of a vote that its author cannot pay for. */
  #noReps(index: number, nowMs: number): Judgement {
    const { state } = this.#blockStates
    const [author, vote] = [state.authorOf(index), state.likeOf(index)]
    if (author === undefined || vote === undefined) throw new Bug('a vote is signed')
    const isTakingBack = state.authorOf(vote.target) === author
    return { fault: { code: 'REP_NO_REPS', reps: state.repsOf(author, nowMs), ...(isTakingBack && { isTakingBack }) } }
  }

  /** Ahead of the clock. A block made here is stored; any other can be fetched again. */
  #setAside(checked: CheckedBlock, origin: Origin): Judgement {
    if (!checked.isOurs) {
      this.#pool({ ...checked, waitsFor: 'clock' }, origin)
      return 'ahead'
    }
    this.#blockStates.clearStaging()
    const at = this.#blockStates.staging.append(checked)
    if (!at.ok) return at
    this.#blockStates.keep(at.value, 'ahead')
    return 'ahead'
  }

  /** A dropped block came again; its row is still in the graph and in the store. */
  #recall(index: number, checked: CheckedBlock, { isAhead, nowMs }: { isAhead: boolean; nowMs: number }): Judgement {
    const { state, staging, changeSet, unaccepted } = this.#blockStates
    const { graph } = state
    const resolved = staging.resolve(checked.block)
    if (!resolved.ok) return resolved
    if (!isAhead && !graph.backs(index).every((back) => this.#blockStates.isIn(back))) return 'ahead'
    state.recall(index, resolved.value, state.k(index))
    changeSet.touched.add(index)
    changeSet.recalled.push({ index, checked })
    changeSet.unwanted.delete(index)
    if (isAhead) unaccepted.set(index, 'ahead')
    else this.#blockStates.enterAgain(index, nowMs)
    return isAhead ? 'ahead' : graph.isAccepted(index) ? 'accepted' : 'surplus'
  }

  /** Blocks that came by gossip enter only while there is room: no end of a pull trims them, and a pull can fetch them. */
  #pool(checked: CheckedBlock, origin: Origin): void {
    const { mempool } = this.#blockStates
    if (origin !== 'gossip' || mempool.hasRoom) mempool.put(checked)
  }

  #delay(checked: CheckedBlock, origin: Origin, delay: Delay): Judgement {
    this.#pool({ ...checked, waitsFor: 'turn', delay }, origin)
    this.#blockStates.changeSet.delayed += 1
    return 'delayed'
  }

  #isSetAside(index: number | undefined): boolean {
    const state = index === undefined ? undefined : this.#blockStates.unaccepted.get(index)
    return state === 'ahead' || state === 'set-back'
  }
}

function isOnDelayed({ pooled }: Unsettled): boolean {
  return pooled.some(({ waitsFor }) => waitsFor === 'turn')
}
