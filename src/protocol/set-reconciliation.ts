/**
 * The second way to find what is missing (spec §8, step 2), for DAGs so wide that no list of names describes them: walks
 * down the responder's trie of accepted blocks (`dag/fold.ts`) beside our own, skips what is equal, and collects the ids
 * that are not here. Pure, and driven by `pull-machine.ts`: {@link SetReconciliation.ask}, {@link SetReconciliation.take}, {@link SetReconciliation.window}.
 *
 *     ''  ── 1 ═ equal, skipped        in the order of keys:  found │ [asked] → [listed] → [asked] → [waiting] → …
 *         ── 8 ── 2 ═ equal
 *              └─ C ── ids: here, here, lacked
 *
 * No reply can keep it busy: prefixes only get longer, the number of slots is bounded, and so are the prefixes that are
 * looked at until there is something to fetch. What changes in the responder's set meanwhile comes with the next pull.
 */
import { LEAF_BLOCKS, type Prefix } from '../dag/fingerprint-tree.ts'
import { Bug, fail, ok, type Result } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import type { ProtocolFault } from './faults.ts'
import { FOLD_ASKED, FOLD_IDS, FOLD_PREFIXES, FOLD_WAITING, FOLDS_IN_FLIGHT } from './limits.ts'
import type { Fold, Reply } from './messages.ts'
import type { PullWorld } from './pull-types.ts'

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
interface Branch {
  readonly at: 'waiting' | 'asked'
  readonly prefix: Prefix
  readonly count: number
}
/** Blocks that are not here. */
interface Found {
  readonly at: 'listed'
  readonly blocks: readonly Listed[]
}
type Slot = Branch | Found

const NOTHING: Found = { at: 'listed', blocks: [] }

/** A list in which one slot becomes several without the others being touched: there may be thousands of them. */
interface Link {
  slot: Slot
  next: Link | undefined
}

export class SetReconciliation {
  readonly #world: Pick<PullWorld, 'has' | 'size' | 'fingerprints'>
  readonly #isGivenUp: (id: BlockId) => boolean
  /** In front of everything that is still to be looked at. */
  #found: Listed[] = []
  /** All behind that, in the order of keys; the first is not a list. */
  #first: Link | undefined = link({ at: 'waiting', prefix: '', count: Number.POSITIVE_INFINITY }, undefined)
  /** Slots that wait or are asked for. */
  #open = 1
  /** Those asked for, by tag. */
  readonly #asked = new Map<number, readonly Link[]>()
  /** Ids in slots, and found. */
  readonly #listed = new Set<BlockId>()
  /** Ids listed that were here. */
  #listedKnown = 0
  /** Prefixes asked for since the last window. */
  #looked = 0

  /** @param isGivenUp ids that the peer was asked for in vain */
  constructor(world: Pick<PullWorld, 'has' | 'size' | 'fingerprints'>, isGivenUp: (id: BlockId) => boolean) {
    this.#world = world
    this.#isGivenUp = isGivenUp
  }

  /** Everything that differs was looked at, and handed out. */
  get isDone(): boolean {
    return this.#found.length === 0 && this.#first === undefined
  }

  /** Replies are still to come. */
  get isAsking(): boolean {
    return this.#asked.size > 0
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
    if (this.#asked.size >= FOLDS_IN_FLIGHT || this.#looked >= FOLD_ASKED || this.#found.length >= FOLD_IDS) {
      return undefined
    }
    const room = { ids: 2 * FOLD_IDS - this.#listed.size, slots: FOLD_WAITING - this.#open }
    const reserve = (slot: Slot): void => {
      if (slot.at === 'listed') return
      room.ids -= LEAF_BLOCKS
      if (slot.count > LEAF_BLOCKS) room.slots -= PARTS
    }
    for (const links of this.#asked.values()) for (const { slot } of links) reserve(slot)
    const least = this.#asked.size === 0 ? PREFIXES_WITHOUT_ROOM : 0
    const links: Link[] = []
    const prefixes: Prefix[] = []
    for (let at = this.#first; at !== undefined && prefixes.length < FOLD_PREFIXES; at = at.next) {
      const { slot } = at
      if (slot.at !== 'waiting') continue
      reserve(slot)
      if ((room.ids < 0 || room.slots < 0) && prefixes.length >= least) break
      at.slot = { ...slot, at: 'asked' }
      links.push(at)
      prefixes.push(slot.prefix)
    }
    if (prefixes.length === 0) return undefined
    this.#looked += prefixes.length
    this.#asked.set(tag, links)
    return prefixes
  }

  /** The reply to what was asked under `tag`. */
  take(tag: number, { folds }: Reply & { readonly t: 'folds' }): Result<true, ProtocolFault> {
    const links = this.#asked.get(tag)
    if (links === undefined) throw new Bug(`no folds were asked for under ${String(tag)}`)
    if (folds.length !== links.length) return fail({ code: 'SYNC_BAD_PAGE', why: 'not one fold for each prefix' })
    for (const [position, at] of links.entries()) {
      const fold = folds[position]
      if (fold === undefined || at.slot.at === 'listed') continue
      const slots = 'ids' in fold ? this.#takeList(fold) : this.#takeParts(at.slot, fold)
      if (!slots.ok) return slots
      this.#replace(at, slots.value)
    }
    this.#asked.delete(tag)
    for (; this.#first?.slot.at === 'listed'; this.#first = this.#first.next) {
      for (const block of this.#first.slot.blocks) this.#found.push(block)
    }
    return ok(true)
  }

  /**
   * Ids to fetch next, in this order. None, and not {@link SetReconciliation.isDone}: too much was looked at in vain, and it is
   * better to ask in another way. To be called when nothing is asked for.
   */
  window(): BlockId[] {
    const ids = this.#found.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1)).map(({ id }) => id)
    for (const id of ids) this.#listed.delete(id)
    this.#found = []
    this.#looked = 0
    return ids
  }

  #replace(at: Link, slots: readonly Slot[]): void {
    const [first = NOTHING, ...others] = slots
    at.slot = first
    this.#open -= 1
    for (const slot of slots) if (slot.at !== 'listed') this.#open += 1
    for (const slot of others.reverse()) at.next = link(slot, at.next)
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

  #takeParts({ prefix, count }: Branch, { at, parts }: FoldParts): Result<Branch[], ProtocolFault> {
    if (!at.startsWith(prefix)) return fail({ code: 'SYNC_BAD_PAGE', why: 'parts of another prefix' })
    if (count <= LEAF_BLOCKS) {
      // It was to be a list, and has grown: there was no room reserved for its parts, so it waits for its turn again.
      return ok([{ at: 'waiting', prefix, count: Number.POSITIVE_INFINITY }])
    }
    const slots: Branch[] = []
    for (const part of parts) {
      const longer = at + part.digit.toString(16).toUpperCase()
      if (isSame(this.#world.fingerprints.fingerprint(longer), part.fingerprint)) continue
      slots.push({ at: 'waiting', prefix: longer, count: part.count })
    }
    return ok(slots)
  }
}

function link(slot: Slot, next: Link | undefined): Link {
  return { slot, next }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, position) => byte === b[position])
}
