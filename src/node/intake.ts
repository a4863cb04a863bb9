/**
 * Takes blocks into one chain, one after the other: what becomes of each (spec §3, §5), and what it changes for others.
 * All it decides is in memory until the settled blocks and {@link Intake.takePending} are stored (`committing.ts`); nothing else may
 * come between.
 */
import { MAX_AHEAD_MS } from '../dag/limits.ts'
import type { BlockId } from '../dag/ids.ts'
import type { BlockState } from '../dag/store.ts'
import { hasFirstPostPioneer } from '../dag/sound.ts'
import type { BlockFault } from '../protocol/faults.ts'
import type { StoreOutcome } from '../protocol/pull.ts'
import type { Reputation } from '../reputation/reputation.ts'
import type { Throttle } from '../reputation/throttle.ts'
import { admit, type Incoming } from './admit.ts'
import { Bag } from './bag.ts'
import type { Origin } from './chain-events.ts'
import { Delays } from './delays.ts'
import { Pending } from './pending.ts'
import { Shunned } from './shunned.ts'
import { Staging, type Entry } from './staging.ts'
import { Unaccepted } from './unaccepted.ts'

/** When a block came, and what was found out about it on the way. */
export interface Arrival {
  readonly nowMs: number
  readonly isSignatureGood: boolean
}

/** What became of a block. */
type Taken = Exclude<StoreOutcome['state'], 'refused'> | { readonly fault: BlockFault }

export class Intake {
  readonly reputation: Reputation
  readonly bag = new Bag()
  readonly staging: Staging
  readonly unaccepted: Unaccepted
  readonly shunned: Shunned
  readonly #delays: Delays
  /** Made here, by local index. */
  readonly #ours: Set<number>
  #pending: Pending
  /** Blocks of the bag might be paid now: somebody lost one that was. */
  #isBagStale = false

  constructor(reputation: Reputation, { ours, throttle }: { ours: Set<number>; throttle: Throttle }) {
    this.reputation = reputation
    this.staging = new Staging(reputation, this.bag)
    this.unaccepted = new Unaccepted(reputation.graph)
    this.shunned = new Shunned(reputation)
    this.#delays = new Delays({ reputation, bag: this.bag, throttle })
    this.#ours = ours
    this.#pending = new Pending(reputation)
  }

  /** Begins a new list of changes, and gives the one so far. */
  takePending(): Pending {
    const taken = this.#pending
    this.#pending = new Pending(this.reputation)
    return taken
  }

  /** Whether a block is here: accepted or not, in the graph or in the bag. */
  has(id: BlockId): boolean {
    const index = this.reputation.graph.indexOf(id)
    return (index !== undefined && this.isLive(index)) || this.bag.has(id)
  }

  /** Whether a known block is here, and not one that was dropped. */
  isLive(index: number): boolean {
    const { graph } = this.reputation
    return index >= this.staging.settled || graph.isAccepted(index) || this.unaccepted.get(index) !== undefined
  }

  /** Whether a settled block was made here. */
  isOurs(index: number): boolean {
    return this.#ours.has(index)
  }

  stateOf(index: number): BlockState {
    if (!this.reputation.graph.isAccepted(index)) return this.unaccepted.get(index) ?? 'dropped'
    return this.reputation.isPaid(index) ? 'paid' : 'unpaid'
  }

  /** Takes one block in. Its payload, if it is `stored`, is. */
  take(incoming: Incoming, origin: Origin, { nowMs, isSignatureGood }: Arrival): StoreOutcome {
    const { id } = incoming.block
    if (this.has(id)) return { id, state: 'known' }
    const { graph } = this.reputation
    const checked = admit(incoming, {
      isSignatureGood,
      chain: this.reputation.chain,
      has: (back) => graph.indexOf(back) === 0 || this.has(back),
      checkSound: (block) =>
        block.header.backs.some((back) => this.bag.has(back))
          ? { ok: true, value: true }
          : this.staging.candidateOf(block),
    })
    if (!checked.ok) return { id, state: 'refused', fault: checked.fault }
    return this.#admit({ ...incoming, isOurs: origin === 'here', waitsFor: 'payer' }, origin, nowMs)
  }

  /** Accepts what the clock has reached, takes back what it was set back from, and tries what was delayed (spec §3, §5). */
  settleClock(nowMs: number): { readonly setBack: number } {
    const setBack = this.#retreat(nowMs)
    for (const index of this.unaccepted.due(nowMs)) this.#release(index, nowMs)
    for (const { block } of this.bag.due(nowMs + MAX_AHEAD_MS)) {
      // One may have come in under another one before its turn.
      const entry = this.bag.take(block.id)
      if (entry !== undefined) this.#admit({ ...entry, waitsFor: 'payer' }, 'pull', nowMs)
    }
    // Those that still wait were told of when they came.
    this.#pending.delayed = 0
    this.#trim()
    return { setBack }
  }

  /** The pull is over: what nobody paid for waits in the bag, and what is stored and does not fit goes. */
  endPull(): void {
    this.staging.clear(new Set())
    if (this.#isBagStale) this.bag.dropSurplus()
    this.#isBagStale = false
    this.bag.settle()
    this.#trim()
  }

  /** Keeps posts of another peer that are not accepted, with what they stand on (`peer held`), until the pull ends at least. */
  keepGuests(ids: readonly BlockId[], nowMs: number): void {
    for (const id of ids) {
      const entry = this.bag.take(id)
      if (entry !== undefined) this.#admit(entry, 'held', nowMs)
      const index = this.reputation.graph.indexOf(id)
      if (index === undefined || index < this.staging.settled || this.reputation.graph.isAccepted(index)) continue
      if (!this.reputation.isPost(index)) continue
      this.#settle(index)
      this.unaccepted.set(index, 'guest')
      this.#pending.tell(index, 'held')
    }
  }

  /** Forgets a block that is not accepted, and what stands on it. */
  drop(index: number): void {
    this.#forget([...this.unaccepted.above(index), index])
  }

  /** Tops first. */
  #forget(indexes: readonly number[]): void {
    if (indexes.length === 0) return
    this.staging.clear(new Set())
    for (const at of indexes) {
      this.unaccepted.delete(at)
      this.reputation.drop(at)
      this.#pending.touched.add(at)
      this.#pending.unwanted.add(at)
    }
    this.bag.dropAbove(indexes.map((at) => this.reputation.graph.id(at)))
  }

  #admit(entry: Entry, origin: Origin, nowMs: number): StoreOutcome {
    const { id, header } = entry.block
    const { graph } = this.reputation
    const before = graph.acceptedCount
    const taken = this.#judge(entry, { origin, nowMs, isAhead: header.time > nowMs + MAX_AHEAD_MS })
    // During a pull nothing goes that a payer still to come may need, not even what was dropped before and came again.
    if (origin === 'here') this.#trim()
    if (typeof taken !== 'string') return { id, state: 'refused', fault: taken.fault }
    if (taken !== 'accepted') return { id, state: taken }
    return { id, state: taken, others: Math.max(0, graph.acceptedCount - before - 1) }
  }

  #judge(entry: Entry, { origin, nowMs, isAhead }: { origin: Origin; nowMs: number; isAhead: boolean }): Taken {
    const { id, header } = entry.block
    const { graph } = this.reputation
    const known = graph.indexOf(id)
    if (known !== undefined) return this.#recall(known, entry, { isAhead, nowMs })
    if (isAhead) return this.#setAside(entry)
    // The clock got there, and what stands below has not been told yet.
    if (header.backs.some((back) => this.#isAside(graph.indexOf(back)))) return 'ahead'
    return this.#stand(entry, origin, nowMs)
  }

  /** Puts a block on what it stands on, and judges it there. */
  #stand(entry: Entry, origin: Origin, nowMs: number): Taken {
    const { graph } = this.reputation
    if (origin !== 'here' && this.#delays.mustWaitWithBacks(entry, nowMs)) return this.#delay(entry)
    const { staged, bagged, lost } = this.staging.below(entry.block.header.backs)
    if (lost !== undefined) {
      for (const { block } of bagged) this.bag.take(block.id)
      return { fault: { code: 'DAG_MISSING_BACK', back: lost } }
    }
    if (origin !== 'here' && this.#delays.mustWait(entry, bagged, nowMs)) return this.#delay(entry)
    const pile = [...this.staging.clear(staged), ...bagged]
    for (const { block } of bagged) this.bag.take(block.id)
    const base = graph.size
    // What is unsound stays so: nobody is to look at it again.
    const sound = pile.filter((below) => this.staging.append(below).ok)
    const at = this.staging.append(entry)
    if (!at.ok || (origin !== 'here' && this.#delays.isTooMuch(at.value, pile, nowMs))) {
      while (graph.size > base) this.staging.pop()
      for (const below of sound) this.bag.put(below)
      return at.ok ? this.#delay(entry) : { fault: at.fault }
    }
    for (let index = base; index <= at.value; index += 1) this.#enter(index, nowMs)
    if (graph.isAccepted(at.value)) return 'accepted'
    if (origin === 'here') return this.#hold(at.value, nowMs)
    // What nobody pays for is kept only while a pull may bring who does.
    if (origin === 'gossip') this.staging.pop()
    return 'surplus'
  }

  /** A post made here waits for a like; a vote that its author cannot pay for is not made. */
  #hold(index: number, nowMs: number): Taken {
    const author = this.reputation.authorOf(index)
    if (!this.reputation.isPost(index) && author !== undefined) {
      this.staging.pop()
      return { fault: { code: 'REP_NO_REPS', reps: this.reputation.repsOf(author, nowMs) } }
    }
    this.#settle(index)
    this.unaccepted.set(index, 'held')
    this.#pending.tell(index, 'held')
    return 'held'
  }

  /** Ahead of the clock. One made here is stored; others can be fetched again. */
  #setAside(entry: Entry): Taken {
    if (!entry.isOurs) {
      this.bag.put({ ...entry, waitsFor: 'clock' })
      return 'ahead'
    }
    this.staging.clear(new Set())
    const at = this.staging.append(entry)
    if (!at.ok) return at
    this.#settle(at.value)
    this.unaccepted.set(at.value, 'ahead')
    return 'ahead'
  }

  /** A block that was dropped came again: its row is known. */
  #recall(index: number, entry: Entry, { isAhead, nowMs }: { isAhead: boolean; nowMs: number }): Taken {
    const { graph } = this.reputation
    const candidate = this.staging.candidateOf(entry.block)
    if (!candidate.ok) return candidate
    if (!isAhead && !graph.backs(index).every((back) => this.#isIn(back))) return 'ahead'
    this.reputation.recall(index, candidate.value, this.reputation.k(index))
    this.#pending.touched.add(index)
    this.#pending.recalled.push({ index, entry })
    this.#pending.unwanted.delete(index)
    if (isAhead) this.unaccepted.set(index, 'ahead')
    else this.#return(index, nowMs)
    return isAhead ? 'ahead' : graph.isAccepted(index) ? 'accepted' : 'surplus'
  }

  /** Goes by a settled block that was set aside or dropped. */
  #return(index: number, nowMs: number): void {
    this.unaccepted.delete(index)
    this.#pending.touched.add(index)
    this.#enter(index, nowMs)
    if (!this.reputation.graph.isAccepted(index)) this.#shelve(index)
  }

  #release(index: number, nowMs: number): void {
    const { graph, pioneer, chain } = this.reputation
    if (!graph.backs(index).every((back) => this.#isIn(back))) return
    const isRival = graph.height(index) === 1 && hasFirstPostPioneer(chain) && pioneer !== undefined
    if (isRival && this.reputation.authorOf(index) !== pioneer) this.drop(index)
    else this.#return(index, nowMs)
  }

  /** Takes back what is ahead of a clock that was set back, latest first: for the rest nothing changes by that. */
  #retreat(nowMs: number): number {
    const { graph } = this.reputation
    const isAhead = (index: number): boolean => graph.time(index) > nowMs + MAX_AHEAD_MS
    // What is not accepted is taken back too: it would get in as soon as somebody else lost what is in its way.
    this.staging.clear(new Set())
    if (![...graph.heads(), ...this.unaccepted.in('held', 'guest', 'surplus')].some(isAhead)) return 0
    const ahead: number[] = []
    for (let index = 1; index < graph.size; index += 1)
      if (isAhead(index) && this.reputation.isIn(index)) ahead.push(index)
    const wereAccepted = new Set(ahead.filter((index) => graph.isAccepted(index)))
    for (const index of ahead.sort((a, b) => graph.compare(b, a))) {
      const effects = this.reputation.retreat(index)
      this.#pending.note(effects)
      this.#isBagStale ||= effects.isLoss
      for (const block of effects.withdrawn) this.#shelve(block)
      this.unaccepted.set(index, wereAccepted.has(index) ? 'set-back' : 'ahead')
      this.#pending.touched.add(index)
    }
    return wereAccepted.size
  }

  /** Goes by a block, with what follows for others. */
  #enter(index: number, nowMs: number): void {
    const effects = this.reputation.enter(index)
    const author = this.reputation.authorOf(index)
    this.#pending.note(effects)
    this.#settle(effects.accepted.at(-1) ?? 0)
    for (const block of effects.accepted) this.unaccepted.delete(block)
    for (const block of effects.withdrawn) {
      this.#shelve(block)
      this.#pending.tell(block, 'withdrawn')
      if (this.reputation.authorOf(block) === author) this.shunned.noteWithdrawn(block, nowMs)
    }
    this.#isBagStale ||= effects.isLoss
  }

  /** Keeps a settled block that is gone by and not accepted (spec §5, *held*, *surplus*). */
  #shelve(index: number): void {
    this.unaccepted.set(index, this.#ours.has(index) ? 'held' : 'surplus')
  }

  /** Everything up to this block is to be stored. */
  #settle(upTo: number): void {
    const from = this.staging.settled
    for (const [position, { isOurs }] of this.staging.settle(upTo).entries()) {
      const index = from + position
      if (isOurs) this.#ours.add(index)
      if (!this.reputation.graph.isAccepted(index)) this.#shelve(index)
    }
  }

  #trim(): void {
    this.#forget(this.unaccepted.excess())
  }

  #delay(entry: Entry): Taken {
    this.bag.put({ ...entry, waitsFor: 'turn' })
    this.#pending.delayed += 1
    return 'delayed'
  }

  #isIn(index: number): boolean {
    return index === 0 || this.reputation.isIn(index)
  }

  #isAside(index: number | undefined): boolean {
    const state = index === undefined ? undefined : this.unaccepted.get(index)
    return state === 'ahead' || state === 'set-back'
  }
}
