/**
 * Takes blocks into one chain, one after the other: what becomes of each (spec §3, §5), and what it changes for others.
 * All it decides is in memory until the settled blocks and what `block-states.ts` noted are stored (`build-commit.ts`); nothing
 * else may come between.
 */
import { MAX_AHEAD_MS } from '../../../dag/block-limits.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { ok } from '../../../dag/result.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { StoreOutcome } from '../../../protocol/pull-types.ts'
import type { Candidate } from '../../../reputation/chain-state.ts'
import type { Throttle } from '../../../reputation/throttle.ts'
import { validateBlock, type ValidationContext, type Incoming } from './validate-block.ts'
import type { Origin } from './chain-events.ts'
import { ThrottlePolicy } from './throttle-policy.ts'
import type { BlockStates } from './block-states.ts'
import type { Entry } from './entry.ts'
import type { SignatureState } from './signatures.ts'
import type { Unsettled } from './staging.ts'

/** When a block came, and what was found out about it on the way. */
export interface Arrival {
  readonly nowMs: number
  readonly signature: () => SignatureState
}

/** A block on its way in after its checks. */
interface Coming {
  readonly origin: Origin
  readonly nowMs: number
  /** Its local index, if it was here before and was dropped. */
  readonly known: number | undefined
  /** Its part of the graph, as of now, if that is known; then none of its backs is in the bag. */
  readonly candidate: Candidate | undefined
}

/** What stands below most blocks. */
const ALL_SETTLED: Unsettled = { staged: new Set(), bagged: [] }

/** What became of a block. */
type Taken = Exclude<StoreOutcome['state'], 'refused' | 'postponed'> | { readonly fault: BlockFault }

export class BlockImporter {
  readonly #blockStates: BlockStates
  readonly #throttlePolicy: ThrottlePolicy
  /** What a block is checked against; what is sound is ready for the graph, unless it stands on what is in the bag. */
  readonly #context: ValidationContext<Candidate | undefined>

  constructor(blockStates: BlockStates, throttle: Throttle) {
    const { state: reputation, mempool, staging } = blockStates
    this.#blockStates = blockStates
    this.#throttlePolicy = new ThrottlePolicy({ state: reputation, mempool, throttle })
    this.#context = {
      chain: reputation.chain,
      has: (back) => blockStates.hasBack(back),
      checkSound: (block) =>
        block.header.backs.some((back) => mempool.has(back)) ? ok(undefined) : staging.candidateOf(block),
    }
  }

  /** Takes one block in. Its payload, if it is `stored`, is. */
  take(incoming: Incoming, origin: Origin, { nowMs, signature }: Arrival): StoreOutcome {
    const { block, payload } = incoming
    const { id } = block
    const known = this.#blockStates.state.graph.indexOf(id)
    if (this.#blockStates.hasAt(known, id)) return { id, state: 'known' }
    const checked = validateBlock(incoming, this.#context, signature)
    if (!checked.ok) return { id, state: 'refused', fault: checked.fault }
    if (checked.value.signature === 'postponed') return { id, state: 'postponed' }
    const entry: Entry = { block, payload, isOurs: origin === 'here', waitsFor: 'payer', k: undefined }
    return this.#admit(entry, { origin, nowMs, known, candidate: checked.value.sound })
  }

  /** Takes in what was checked before, and waited. */
  takeAgain(entry: Entry, nowMs: number): StoreOutcome {
    return this.#admit({ ...entry, waitsFor: 'payer' }, this.#again(entry, 'pull', nowMs))
  }

  /** Keeps posts of another peer that are not accepted, with what they stand on (`peer held`), until the pull ends at least. */
  keepGuests(ids: readonly BlockId[], nowMs: number): void {
    const { state: reputation, staging } = this.#blockStates
    for (const id of ids) {
      const entry = this.#blockStates.mempool.take(id)
      if (entry !== undefined) this.#admit(entry, this.#again(entry, 'held', nowMs))
      const index = reputation.graph.indexOf(id)
      const isStaged = index !== undefined && index >= staging.settled
      if (!isStaged || !reputation.isPost(index)) continue
      this.#blockStates.keep(index, 'guest')
      this.#blockStates.changeSet.tell(index, 'held')
    }
  }

  #again({ block: { id } }: Entry, origin: Origin, nowMs: number): Coming {
    return { origin, nowMs, known: this.#blockStates.state.graph.indexOf(id), candidate: undefined }
  }

  #admit(entry: Entry, coming: Coming): StoreOutcome {
    const { id } = entry.block
    const { origin } = coming
    const { graph } = this.#blockStates.state
    const before = graph.acceptedCount
    const taken = this.#judge(entry, coming)
    // During a pull nothing goes that a payer still to come may need, not even what was dropped before and came again.
    if (origin === 'here') this.#blockStates.trim()
    if (typeof taken !== 'string') return { id, state: 'refused', fault: taken.fault }
    if (taken !== 'accepted') return { id, state: taken }
    return { id, state: taken, others: Math.max(0, graph.acceptedCount - before - 1) }
  }

  #judge(entry: Entry, coming: Coming): Taken {
    const { header } = entry.block
    const { origin, nowMs, known, candidate } = coming
    const isAhead = header.time > nowMs + MAX_AHEAD_MS
    if (known !== undefined) return this.#recall(known, entry, { isAhead, nowMs })
    if (isAhead) return this.#setAside(entry, origin)
    // The clock got there, and what stands below has not been told yet.
    const { graph } = this.#blockStates.state
    const backs = candidate?.backs ?? header.backs.map((back) => graph.indexOf(back))
    if (backs.some((back) => this.#isAside(back))) return 'ahead'
    return this.#stand(entry, coming)
  }

  /** Puts a block on what it stands on, and judges it there. */
  #stand(entry: Entry, { origin, nowMs, candidate }: Coming): Taken {
    const { graph } = this.#blockStates.state
    if (origin !== 'here' && this.#throttlePolicy.mustWaitWithBacks(entry, nowMs)) return this.#delay(entry, origin)
    const { staged, bagged, lost } = this.#below(entry, candidate)
    if (lost !== undefined) {
      for (const { block } of bagged) this.#blockStates.mempool.take(block.id)
      return { fault: { code: 'DAG_MISSING_BACK', back: lost } }
    }
    if (origin !== 'here' && this.#throttlePolicy.mustWait(entry, bagged, nowMs)) return this.#delay(entry, origin)
    const sizeBefore = graph.size
    const pile = [...this.#blockStates.staging.clear(staged), ...bagged]
    for (const { block } of bagged) this.#blockStates.mempool.take(block.id)
    const base = graph.size
    const from = this.#blockStates.staging.settled
    // What is unsound stays so: nobody is to look at it again.
    const sound = pile.filter((below) => this.#blockStates.staging.append(below).ok)
    const isSameGraph = base === sizeBefore && pile.length === 0
    const at = this.#blockStates.staging.append(entry, isSameGraph ? candidate : undefined)
    if (!at.ok || (origin !== 'here' && this.#throttlePolicy.isTooMuch({ from, index: at.value }, pile, nowMs))) {
      while (graph.size > base) this.#blockStates.staging.pop()
      for (const below of sound) this.#blockStates.mempool.put(below)
      return at.ok ? this.#delay(entry, origin) : { fault: at.fault }
    }
    const refusal = origin === 'here' ? this.#refusalOf(at.value, nowMs) : undefined
    if (refusal !== undefined) {
      while (graph.size > base) this.#blockStates.staging.pop()
      for (const below of sound) this.#blockStates.mempool.put(below)
      return { fault: refusal }
    }
    for (let index = base; index <= at.value; index += 1) this.#blockStates.enter(index, nowMs)
    if (graph.isAccepted(at.value)) {
      if (origin !== 'here') this.#throttlePolicy.noteAccepted({ from, index: at.value }, nowMs)
      return 'accepted'
    }
    if (origin === 'here') return this.#hold(at.value, nowMs)
    // What nobody pays for is kept only while a pull may bring who does.
    if (origin === 'gossip') this.#blockStates.staging.pop()
    return 'surplus'
  }

  #below({ block }: Entry, candidate: Candidate | undefined): Unsettled {
    const { staging } = this.#blockStates
    const isOnSettled =
      candidate?.backs.every((back) => back < staging.settled && this.#blockStates.isIn(back)) === true
    return isOnSettled ? ALL_SETTLED : staging.below(block.header.backs)
  }

  /** A vote made here that would be accepted and not count (spec §4) is not made; nothing goes by it yet. */
  #refusalOf(index: number, nowMs: number): BlockFault | undefined {
    const { state } = this.#blockStates
    const author = state.authorOf(index)
    if (author === undefined || state.isPost(index) || !state.wouldBeVoid(index)) return undefined
    return { code: 'REP_NO_REPS', reps: state.repsOf(author, nowMs) }
  }

  /** A post made here waits for a like; a vote that its author cannot pay for is not made. */
  #hold(index: number, nowMs: number): Taken {
    const author = this.#blockStates.state.authorOf(index)
    if (!this.#blockStates.state.isPost(index) && author !== undefined) {
      this.#blockStates.staging.pop()
      return { fault: { code: 'REP_NO_REPS', reps: this.#blockStates.state.repsOf(author, nowMs) } }
    }
    this.#blockStates.keep(index, 'held')
    this.#blockStates.changeSet.tell(index, 'held')
    return 'held'
  }

  /** Ahead of the clock. One made here is stored; others can be fetched again. */
  #setAside(entry: Entry, origin: Origin): Taken {
    if (!entry.isOurs) {
      this.#wait({ ...entry, waitsFor: 'clock' }, origin)
      return 'ahead'
    }
    this.#blockStates.clearStaging()
    const at = this.#blockStates.staging.append(entry)
    if (!at.ok) return at
    this.#blockStates.keep(at.value, 'ahead')
    return 'ahead'
  }

  /** A block that was dropped came again: its row is known. */
  #recall(index: number, entry: Entry, { isAhead, nowMs }: { isAhead: boolean; nowMs: number }): Taken {
    const { graph } = this.#blockStates.state
    const candidate = this.#blockStates.staging.candidateOf(entry.block)
    if (!candidate.ok) return candidate
    if (!isAhead && !graph.backs(index).every((back) => this.#blockStates.isIn(back))) return 'ahead'
    this.#blockStates.state.recall(index, candidate.value, this.#blockStates.state.k(index))
    this.#blockStates.changeSet.touched.add(index)
    this.#blockStates.changeSet.recalled.push({ index, entry })
    this.#blockStates.changeSet.unwanted.delete(index)
    if (isAhead) this.#blockStates.unaccepted.set(index, 'ahead')
    else this.#blockStates.enterAgain(index, nowMs)
    return isAhead ? 'ahead' : graph.isAccepted(index) ? 'accepted' : 'surplus'
  }

  /** No pull ends what comes by gossip: it gets in while there is room, and is pulled when it is wanted. */
  #wait(entry: Entry, origin: Origin): void {
    const { mempool } = this.#blockStates
    if (origin !== 'gossip' || mempool.hasRoom) mempool.put(entry)
  }

  #delay(entry: Entry, origin: Origin): Taken {
    this.#wait({ ...entry, waitsFor: 'turn' }, origin)
    this.#blockStates.changeSet.delayed += 1
    return 'delayed'
  }

  #isAside(index: number | undefined): boolean {
    const state = index === undefined ? undefined : this.#blockStates.unaccepted.get(index)
    return state === 'ahead' || state === 'set-back'
  }
}
