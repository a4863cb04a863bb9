/**
 * The second way to find what is missing (spec §8, step 2), for DAGs too wide for a list of names: range-based set
 * reconciliation. It walks down the responder's tree of fingerprints (`dag/fingerprint-tree.ts`) beside our own, skips
 * equal parts, and collects the ids that are not here. Pure. `pull-machine.ts` drives it: {@link
 * SetReconciliation.ask}, {@link SetReconciliation.take}, {@link SetReconciliation.window}.
 *
 *     ''  ── 1 ═ equal, skipped        in the order of keys:  found │ [asked] → [listed] → [asked] → [waiting] → …
 *         ── 8 ── 2 ═ equal
 *              └─ C ── ids: here, here, missing
 *
 * No reply can keep it busy: prefixes only get longer, the number of slots is bounded, and so is the number of prefixes
 * asked for before something is found. Changes of the responder's set meanwhile are left to the next pull.
 */
import { LEAF_BLOCKS, type Prefix } from '../dag/fingerprint-tree.ts'
import { Bug, fail, ok, type Result } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import type { ProtocolFault } from './faults.ts'
import { FOLD_ASKED, FOLD_IDS, FOLD_PREFIXES, FOLD_WAITING, FOLDS_IN_FLIGHT } from './sync-limits.ts'
import type { Fold, Reply } from './messages.ts'
import { ListedKnown } from './listed-known.ts'
import type { PullWorld } from './pull-types.ts'

/** Prefixes asked for when there is no room: enough to make progress, too few to matter. */
const PREFIXES_WITHOUT_ROOM = 8

/** Slots reserved for one that may turn out to have parts. */
const PARTS = 16

type FoldList = Extract<Fold, { readonly ids: unknown }>
type FoldParts = Extract<Fold, { readonly at: unknown }>

interface Listed {
  readonly id: BlockId
  readonly rank: number
}

/** A prefix under which the sets differ; the responder has `count` blocks there. */
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

/** Linked list: one slot is replaced by several in O(1), among thousands. */
interface Link {
  slot: Slot
  next: Link | undefined
}

/**
 * The slots, in the order of keys: `#found` in front, then the linked list from `#first`.
 *
 * Invariants, between two calls:
 * 1. `#first` is not `listed`: lists at the front have moved to `#found`.
 * 2. `#open` is the number of slots that are `waiting` or `asked`.
 * 3. `#asked` has exactly the links of the `asked` slots, under at most `FOLDS_IN_FLIGHT` tags.
 * 4. `#listed` has exactly the ids in `listed` slots and in `#found`, each once.
 * 5. No slot's prefix begins with another slot's prefix.
 * 6. `#listedKnown` is checked with each list: each block has one key, so an honest peer lists it once.
 * 7. No prefix is asked for once `#prefixesAsked` has reached `FOLD_ASKED`, until {@link SetReconciliation.window}.
 */
export class SetReconciliation {
  readonly #world: Pick<PullWorld, 'has' | 'size' | 'fingerprints'>
  readonly #isGivenUp: (id: BlockId) => boolean
  /** Found in front of every slot that is still open. */
  #found: Listed[] = []
  /** Everything behind that, in the order of keys. The first slot is never `listed`, except within {@link take}. */
  #first: Link | undefined = link({ at: 'waiting', prefix: '', count: Number.POSITIVE_INFINITY }, undefined)
  /** Slots that are `waiting` or `asked`. */
  #open = 1
  /** The `asked` slots, by tag. */
  readonly #asked = new Map<number, readonly Link[]>()
  /** Ids in slots and in `#found`. */
  readonly #listed = new Set<BlockId>()
  /** Ids that the peer listed and that were here. */
  readonly #listedKnown = new ListedKnown()
  /** Prefixes asked for since the last window. */
  #prefixesAsked = 0

  /** @param isGivenUp whether the peer listed this id and did not bring it */
  constructor(world: Pick<PullWorld, 'has' | 'size' | 'fingerprints'>, isGivenUp: (id: BlockId) => boolean) {
    this.#world = world
    this.#isGivenUp = isGivenUp
  }

  /** Every difference was examined and handed out. */
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
   * The next prefixes to ask for under `tag`, if there is room and no window is full. Each reserves room for its ids,
   * and for its parts if it may have any: this bounds what is held, and the rest waits.
   */
  ask(tag: number): readonly Prefix[] | undefined {
    if (this.#asked.size >= FOLDS_IN_FLIGHT || this.#prefixesAsked >= FOLD_ASKED || this.#found.length >= FOLD_IDS) {
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
    this.#prefixesAsked += prefixes.length
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
   * The next ids to fetch, in this order. None, and not {@link SetReconciliation.isDone}: too many prefixes were asked
   * for without a find, so fall back to the list. Call it only when nothing is asked for.
   */
  window(): BlockId[] {
    const ids = this.#found.sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1)).map(({ id }) => id)
    for (const id of ids) this.#listed.delete(id)
    this.#found = []
    this.#prefixesAsked = 0
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
    let known = 0
    for (const [position, id] of ids.entries()) {
      if (this.#world.has(id)) {
        known += 1
        continue
      }
      if (this.#listed.has(id)) return fail({ code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
      if (this.#isGivenUp(id)) continue
      this.#listed.add(id)
      blocks.push({ id, rank: ranks[position] ?? 0 })
    }
    if (!this.#listedKnown.add(known, this.#world.size()))
      return fail({ code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
    return ok(blocks.length > 0 ? [{ at: 'listed', blocks }] : [])
  }

  #takeParts({ prefix, count }: Branch, { at, parts }: FoldParts): Result<Branch[], ProtocolFault> {
    if (!at.startsWith(prefix)) return fail({ code: 'SYNC_BAD_PAGE', why: 'parts of another prefix' })
    if (count <= LEAF_BLOCKS) {
      // Promised as a list, but it has grown. No room was reserved for its parts, so it waits for its turn again.
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
