/**
 * Takes blocks into one chain, one after the other: what becomes of each (spec §3, §5), and what it changes for others.
 * All it decides is in memory until the settled blocks and what `holdings.ts` noted are stored (`committing.ts`); nothing
 * else may come between.
 */
import { MAX_AHEAD_MS } from '../dag/limits.ts'
import type { BlockId } from '../dag/ids.ts'
import type { BlockFault } from '../protocol/faults.ts'
import type { StoreOutcome } from '../protocol/pull.ts'
import type { Throttle } from '../reputation/throttle.ts'
import { admit, type Incoming } from './admit.ts'
import type { Origin } from './chain-events.ts'
import { Delays } from './delays.ts'
import type { Holdings } from './holdings.ts'
import type { Entry } from './entry.ts'
import type { SignatureState } from './signatures.ts'

/** When a block came, and what was found out about it on the way. */
export interface Arrival {
  readonly nowMs: number
  readonly signature: () => SignatureState
}

/** What became of a block. */
type Taken = Exclude<StoreOutcome['state'], 'refused' | 'postponed'> | { readonly fault: BlockFault }

export class Intake {
  readonly #holdings: Holdings
  readonly #delays: Delays

  constructor(holdings: Holdings, throttle: Throttle) {
    const { reputation, bag } = holdings
    this.#holdings = holdings
    this.#delays = new Delays({ reputation, bag, throttle })
  }

  /** Takes one block in. Its payload, if it is `stored`, is. */
  take(incoming: Incoming, origin: Origin, { nowMs, signature }: Arrival): StoreOutcome {
    const { id } = incoming.block
    if (this.#holdings.has(id)) return { id, state: 'known' }
    const { graph } = this.#holdings.reputation
    const checked = admit(incoming, {
      signature,
      chain: this.#holdings.reputation.chain,
      has: (back) => graph.indexOf(back) === 0 || this.#holdings.has(back),
      checkSound: (block) =>
        block.header.backs.some((back) => this.#holdings.bag.has(back))
          ? { ok: true, value: true }
          : this.#holdings.staging.candidateOf(block),
    })
    if (!checked.ok) return { id, state: 'refused', fault: checked.fault }
    if (checked.value === 'postponed') return { id, state: 'postponed' }
    return this.#admit({ ...incoming, isOurs: origin === 'here', waitsFor: 'payer' }, origin, nowMs)
  }

  /** Takes in what was checked before, and waited. */
  takeAgain(entry: Entry, nowMs: number): StoreOutcome {
    return this.#admit({ ...entry, waitsFor: 'payer' }, 'pull', nowMs)
  }

  /** Keeps posts of another peer that are not accepted, with what they stand on (`peer held`), until the pull ends at least. */
  keepGuests(ids: readonly BlockId[], nowMs: number): void {
    const { reputation, staging } = this.#holdings
    for (const id of ids) {
      const entry = this.#holdings.bag.take(id)
      if (entry !== undefined) this.#admit(entry, 'held', nowMs)
      const index = reputation.graph.indexOf(id)
      const isStaged = index !== undefined && index >= staging.settled
      if (!isStaged || !reputation.isPost(index)) continue
      this.#holdings.keep(index, 'guest')
      this.#holdings.pending.tell(index, 'held')
    }
  }

  #admit(entry: Entry, origin: Origin, nowMs: number): StoreOutcome {
    const { id, header } = entry.block
    const { graph } = this.#holdings.reputation
    const before = graph.acceptedCount
    const taken = this.#judge(entry, { origin, nowMs, isAhead: header.time > nowMs + MAX_AHEAD_MS })
    // During a pull nothing goes that a payer still to come may need, not even what was dropped before and came again.
    if (origin === 'here') this.#holdings.trim()
    if (typeof taken !== 'string') return { id, state: 'refused', fault: taken.fault }
    if (taken !== 'accepted') return { id, state: taken }
    return { id, state: taken, others: Math.max(0, graph.acceptedCount - before - 1) }
  }

  #judge(entry: Entry, { origin, nowMs, isAhead }: { origin: Origin; nowMs: number; isAhead: boolean }): Taken {
    const { id, header } = entry.block
    const { graph } = this.#holdings.reputation
    const known = graph.indexOf(id)
    if (known !== undefined) return this.#recall(known, entry, { isAhead, nowMs })
    if (isAhead) return this.#setAside(entry, origin)
    // The clock got there, and what stands below has not been told yet.
    if (header.backs.some((back) => this.#isAside(graph.indexOf(back)))) return 'ahead'
    return this.#stand(entry, origin, nowMs)
  }

  /** Puts a block on what it stands on, and judges it there. */
  #stand(entry: Entry, origin: Origin, nowMs: number): Taken {
    const { graph } = this.#holdings.reputation
    if (origin !== 'here' && this.#delays.mustWaitWithBacks(entry, nowMs)) return this.#delay(entry, origin)
    const { staged, bagged, lost } = this.#holdings.staging.below(entry.block.header.backs)
    if (lost !== undefined) {
      for (const { block } of bagged) this.#holdings.bag.take(block.id)
      return { fault: { code: 'DAG_MISSING_BACK', back: lost } }
    }
    if (origin !== 'here' && this.#delays.mustWait(entry, bagged, nowMs)) return this.#delay(entry, origin)
    const pile = [...this.#holdings.staging.clear(staged), ...bagged]
    for (const { block } of bagged) this.#holdings.bag.take(block.id)
    const base = graph.size
    const from = this.#holdings.staging.settled
    // What is unsound stays so: nobody is to look at it again.
    const sound = pile.filter((below) => this.#holdings.staging.append(below).ok)
    const at = this.#holdings.staging.append(entry)
    if (!at.ok || (origin !== 'here' && this.#delays.isTooMuch({ from, index: at.value }, pile, nowMs))) {
      while (graph.size > base) this.#holdings.staging.pop()
      for (const below of sound) this.#holdings.bag.put(below)
      return at.ok ? this.#delay(entry, origin) : { fault: at.fault }
    }
    for (let index = base; index <= at.value; index += 1) this.#holdings.enter(index, nowMs)
    if (graph.isAccepted(at.value)) {
      if (origin !== 'here') this.#delays.noteAccepted({ from, index: at.value }, nowMs)
      return 'accepted'
    }
    if (origin === 'here') return this.#hold(at.value, nowMs)
    // What nobody pays for is kept only while a pull may bring who does.
    if (origin === 'gossip') this.#holdings.staging.pop()
    return 'surplus'
  }

  /** A post made here waits for a like; a vote that its author cannot pay for is not made. */
  #hold(index: number, nowMs: number): Taken {
    const author = this.#holdings.reputation.authorOf(index)
    if (!this.#holdings.reputation.isPost(index) && author !== undefined) {
      this.#holdings.staging.pop()
      return { fault: { code: 'REP_NO_REPS', reps: this.#holdings.reputation.repsOf(author, nowMs) } }
    }
    this.#holdings.keep(index, 'held')
    this.#holdings.pending.tell(index, 'held')
    return 'held'
  }

  /** Ahead of the clock. One made here is stored; others can be fetched again. */
  #setAside(entry: Entry, origin: Origin): Taken {
    if (!entry.isOurs) {
      this.#wait({ ...entry, waitsFor: 'clock' }, origin)
      return 'ahead'
    }
    this.#holdings.clearStaging()
    const at = this.#holdings.staging.append(entry)
    if (!at.ok) return at
    this.#holdings.keep(at.value, 'ahead')
    return 'ahead'
  }

  /** A block that was dropped came again: its row is known. */
  #recall(index: number, entry: Entry, { isAhead, nowMs }: { isAhead: boolean; nowMs: number }): Taken {
    const { graph } = this.#holdings.reputation
    const candidate = this.#holdings.staging.candidateOf(entry.block)
    if (!candidate.ok) return candidate
    if (!isAhead && !graph.backs(index).every((back) => this.#holdings.isIn(back))) return 'ahead'
    this.#holdings.reputation.recall(index, candidate.value, this.#holdings.reputation.k(index))
    this.#holdings.pending.touched.add(index)
    this.#holdings.pending.recalled.push({ index, entry })
    this.#holdings.pending.unwanted.delete(index)
    if (isAhead) this.#holdings.unaccepted.set(index, 'ahead')
    else this.#holdings.enterAgain(index, nowMs)
    return isAhead ? 'ahead' : graph.isAccepted(index) ? 'accepted' : 'surplus'
  }

  /** No pull ends what comes by gossip: it gets in while there is room, and is pulled when it is wanted. */
  #wait(entry: Entry, origin: Origin): void {
    const { bag } = this.#holdings
    if (origin !== 'gossip' || bag.hasRoom) bag.put(entry)
  }

  #delay(entry: Entry, origin: Origin): Taken {
    this.#wait({ ...entry, waitsFor: 'turn' }, origin)
    this.#holdings.pending.delayed += 1
    return 'delayed'
  }

  #isAside(index: number | undefined): boolean {
    const state = index === undefined ? undefined : this.#holdings.unaccepted.get(index)
    return state === 'ahead' || state === 'set-back'
  }
}
