/**
 * The second way to find what is missing (spec §8, step 2), for DAGs so wide that no list of names describes them: walks
 * down the responder's trie of accepted blocks (`dag/fold.ts`) beside our own, skips what is equal, and collects the ids
 * that are not here. Pure, and driven by `session.ts`: {@link Folding.ask}, {@link Folding.take}, {@link Folding.window}.
 *
 *     ''  ── 1 ═ equal, skipped        in the order of keys:  found │ [asked][listed][asked][waiting] │ [waiting]…
 *         ── 8 ── 2 ═ equal                                        │            front             │   rest
 *              └─ C ── ids: here, here, lacked
 *
 * No reply can keep it busy: prefixes only get longer, the number of slots is bounded, and so are the prefixes that are
 * looked at until there is something to fetch. What changes in the responder's set meanwhile comes with the next pull.
 */
import { LEAF_BLOCKS, type Prefix } from '../dag/fold.ts'
import { fail, ok, type Result } from '../dag/faults.ts'
import type { BlockId } from '../dag/ids.ts'
import type { ProtocolFault } from './faults.ts'
import { FOLD_ASKED, FOLD_IDS, FOLD_PREFIXES, FOLD_WAITING, FOLDS_IN_FLIGHT } from './limits.ts'
import type { Fold, Reply } from './messages.ts'
import type { PullWorld } from './pull.ts'

/** Prefixes asked for where there is no room left: so many that the search goes on, and few enough to do no harm. */
const PREFIXES_WITHOUT_ROOM = 8

/** Slots that stand for one when it turns out to have parts. */
const PARTS = 16

type FoldList = Extract<Fold, { readonly ids: unknown }>
type FoldParts = Extract<Fold, { readonly at: unknown }>

interface Listed {
  readonly id: BlockId
  readonly rank: number
}

/** A prefix whose blocks differ, `count` of them over there. */
interface Waiting {
  readonly at: 'waiting'
  readonly prefix: Prefix
  readonly count: number
}
type Asked = Omit<Waiting, 'at'> & { readonly at: 'asked'; readonly tag: number }
/** Blocks that are not here. */
interface Found {
  readonly at: 'listed'
  readonly blocks: Listed[]
}
type Slot = Waiting | Asked | Found

export class Folding {
  readonly #world: Pick<PullWorld, 'has' | 'size' | 'folds'>
  readonly #isGivenUp: (id: BlockId) => boolean
  /** In front of everything that is still to be looked at. */
  #found: Listed[] = []
  /** Behind that, up to the last slot that does not wait. */
  #front: Slot[] = []
  /** All others; the next one is the last. */
  readonly #rest: Waiting[] = [{ at: 'waiting', prefix: '', count: Number.POSITIVE_INFINITY }]
  readonly #tags = new Set<number>()
  /** Ids in slots, and found. */
  readonly #listed = new Set<BlockId>()
  /** Ids listed that were here. */
  #listedKnown = 0
  /** Prefixes asked for since the last window. */
  #asked = 0

  /** @param isGivenUp ids that the peer was asked for in vain */
  constructor(world: Pick<PullWorld, 'has' | 'size' | 'folds'>, isGivenUp: (id: BlockId) => boolean) {
    this.#world = world
    this.#isGivenUp = isGivenUp
  }

  /** Everything that differs was looked at, and handed out. */
  get isDone(): boolean {
    return this.#found.length + this.#front.length + this.#rest.length === 0
  }

  /** Replies are still to come. */
  get isAsking(): boolean {
    return this.#tags.size > 0
  }

  /** Ids found and not handed out yet. */
  get found(): number {
    return this.#listed.size
  }

  /**
   * The next prefixes to ask for under `tag`, if there is room, and no window full. One that was promised to be a list
   * takes the room of its ids, any other that of its parts too: what is held is bounded, and what comes later has to wait.
   */
  ask(tag: number): readonly Prefix[] | undefined {
    if (this.#tags.size >= FOLDS_IN_FLIGHT || this.#asked >= FOLD_ASKED || this.#found.length >= FOLD_IDS) {
      return undefined
    }
    const least = this.#tags.size === 0 ? PREFIXES_WITHOUT_ROOM : 0
    const room = { ids: 2 * FOLD_IDS - this.#listed.size, slots: FOLD_WAITING - this.#front.length - this.#rest.length }
    const prefixes: Prefix[] = []
    const reserve = ({ count }: Waiting | Asked): void => {
      room.ids -= LEAF_BLOCKS
      if (count > LEAF_BLOCKS) room.slots -= PARTS
    }
    const claim = (slot: Waiting): Asked | undefined => {
      reserve(slot)
      const fits = (room.ids >= 0 && room.slots >= 0) || prefixes.length < least
      if (!fits || prefixes.length === FOLD_PREFIXES) return undefined
      prefixes.push(slot.prefix)
      return { at: 'asked', prefix: slot.prefix, count: slot.count, tag }
    }
    for (const slot of this.#front) if (slot.at === 'asked') reserve(slot)
    this.#front = this.#front.map((slot) => (slot.at === 'waiting' ? (claim(slot) ?? slot) : slot))
    for (let next = this.#rest.at(-1); next !== undefined; next = this.#rest.at(-1)) {
      const claimed = claim(next)
      if (claimed === undefined) break
      this.#front.push(claimed)
      this.#rest.pop()
    }
    if (prefixes.length === 0) return undefined
    this.#asked += prefixes.length
    this.#tags.add(tag)
    return prefixes
  }

  /** The reply to what was asked under `tag`. */
  take(tag: number, { folds }: Reply & { readonly t: 'folds' }): Result<true, ProtocolFault> {
    const front: Slot[] = []
    let taken = 0
    for (const slot of this.#front) {
      if (slot.at !== 'asked' || slot.tag !== tag) {
        put(front, slot)
        continue
      }
      const fold = folds[taken]
      if (fold === undefined) return fail({ code: 'SYNC_BAD_PAGE', why: 'fewer folds than prefixes' })
      const slots = 'ids' in fold ? this.#takeList(fold) : this.#takeParts(slot, fold)
      if (!slots.ok) return slots
      for (const found of slots.value) put(front, found)
      taken += 1
    }
    if (taken !== folds.length) return fail({ code: 'SYNC_BAD_PAGE', why: 'more folds than prefixes' })
    this.#tags.delete(tag)
    this.#settle(front)
    return ok(true)
  }

  /**
   * Ids to fetch next, in this order. None, and not {@link Folding.isDone}: too much was looked at in vain, and it is
   * better to ask in another way. To be called when nothing is asked for.
   */
  window(): BlockId[] {
    const ids = this.#found.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1)).map(({ id }) => id)
    for (const id of ids) this.#listed.delete(id)
    this.#found = []
    this.#asked = 0
    return ids
  }

  /** What is found first of all is not looked at again, nor what waits behind all that is not. */
  #settle(front: Slot[]): void {
    const [first] = front
    if (first?.at === 'listed') {
      this.#found = this.#found.concat(first.blocks)
      front.shift()
    }
    for (let last = front.at(-1); last?.at === 'waiting'; last = front.at(-1)) {
      this.#rest.push(last)
      front.pop()
    }
    this.#front = front
  }

  #takeList({ ids, ranks }: FoldList): Result<Found[], ProtocolFault> {
    const blocks: Listed[] = []
    for (const [position, id] of ids.entries()) {
      if (this.#world.has(id)) {
        this.#listedKnown += 1
        continue
      }
      if (this.#listed.has(id)) return fail({ code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
      if (this.#isGivenUp(id)) continue
      this.#listed.add(id)
      blocks.push({ id, rank: ranks[position] ?? 0 })
    }
    // Each block has one key, so an honest peer cannot list more known ones than there are.
    if (this.#listedKnown > this.#world.size()) return fail({ code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
    return ok(blocks.length > 0 ? [{ at: 'listed', blocks }] : [])
  }

  #takeParts({ prefix, count }: Asked, { at, parts }: FoldParts): Result<Waiting[], ProtocolFault> {
    if (!at.startsWith(prefix)) return fail({ code: 'SYNC_BAD_PAGE', why: 'parts of another prefix' })
    if (count <= LEAF_BLOCKS) {
      // It was to be a list, and has grown: there was no room reserved for its parts, so it waits for its turn again.
      return ok([{ at: 'waiting', prefix, count: Number.POSITIVE_INFINITY }])
    }
    const slots: Waiting[] = []
    for (const part of parts) {
      const longer = at + part.digit.toString(16).toUpperCase()
      if (isSame(this.#world.folds.fingerprint(longer), part.fingerprint)) continue
      slots.push({ at: 'waiting', prefix: longer, count: part.count })
    }
    return ok(slots)
  }
}

/** Lists that follow each other become one, so that there are not many more slots than prefixes asked for. */
function put(slots: Slot[], slot: Slot): void {
  const last = slots.at(-1)
  if (last?.at === 'listed' && slot.at === 'listed') for (const block of slot.blocks) last.blocks.push(block)
  else slots.push(slot)
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, position) => byte === b[position])
}
