/**
 * Blocks that wait for their author's signature (spec §10, `chain.draft`): this node makes them and never has the private key.
 * In memory alone. A draft is stale once a block of its author that it does not stand on was accepted, or what it stands on
 * was withdrawn: submitted, it would be concurrent with a block of its own author.
 *
 * Drafts of one author in one chain are given out one after the other, each when the one before was submitted, or not soon
 * enough: so several clients with one key do not overtake each other all the time.
 */
import type { MadeBlock } from '../../dag/block.ts'
import { fail, ok, type Result } from '../../dag/result.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { isAncestor } from '../../dag/walk.ts'
import type { BlockFault } from '../../protocol/faults.ts'
import type { Clock } from '../base/clock.ts'
import { DraftTurns } from './draft-turns.ts'
import type { DraftFault, StorageRefusal } from './faults.ts'
import type { ChainEvent } from './intake/chain-events.ts'
import { draftOn, takeInMade, type BlockRequest, type Made, type Posted } from './posting.ts'
import type { Replica } from './replica.ts'

export interface DraftLimits {
  /** Drafts at a time; beyond these the oldest is stale. */
  readonly count: number
  /** Bytes of their payloads, together. */
  readonly bytes: number
  /** How long a draft waits for its signature. */
  readonly ageMs: number
  /** How long the next draft of an author waits for the one before. */
  readonly turnMs: number
}

interface Draft {
  readonly made: MadeBlock
  readonly author: AuthorKey
  /** The author's accepted block that came last when the draft was made. */
  readonly latest: number | undefined
  readonly replica: Replica
  readonly oldAge: NodeJS.Timeout
  /** Lets the author's next draft be made. */
  readonly endTurn: () => void
  isStale: boolean
}

type Refused = BlockFault | StorageRefusal

/**
 * Invariants:
 * - `#drafts` has the drafts that can be submitted, oldest first; `#bytes` is the sum of their payloads.
 * - A draft leaves it when its submit begins, and stays in `#watched` until that ends: it may become stale meanwhile.
 * - `#watched` has a chain exactly while it has drafts, and listens to it.
 */
export class Drafts {
  readonly #limits: DraftLimits
  readonly #turns: DraftTurns
  readonly #drafts = new Map<BlockId, Draft>()
  readonly #watched = new Map<Replica, { readonly drafts: Set<Draft>; readonly stop: () => void }>()
  #bytes = 0

  constructor(limits: DraftLimits) {
    this.#limits = limits
    this.#turns = new DraftTurns(limits.turnMs)
  }

  /** Drafts that wait for their signature. */
  get size(): number {
    return this.#drafts.size
  }

  /** The chain and the author of a draft; undefined if it is stale. */
  find(id: BlockId): { readonly replica: Replica; readonly author: AuthorKey } | undefined {
    return this.#drafts.get(id)
  }

  /** Makes a block, and keeps it until its signature comes. */
  async make(
    replica: Replica,
    request: BlockRequest & { readonly author: AuthorKey },
    clock: Clock,
    signal?: AbortSignal,
  ): Promise<Result<MadeBlock, Refused>> {
    const refusal = await replica.storage.refusalOf(request.payload.byteLength)
    if (refusal !== undefined) return fail(refusal)
    const endTurn = await this.#turns.next(`${replica.chain.id} ${request.author}`, signal)
    try {
      return await replica.atRest(() => {
        const made = draftOn(replica, request, clock.nowMs())
        if (made.ok) this.#keep(replica, made.value, request.author, endTurn)
        else endTurn()
        return made
      })
    } catch (error) {
      endTurn()
      throw error
    }
  }

  /** Takes in a draft with its signature, checked like a block of a peer. A draft can be submitted once. */
  async submit(id: BlockId, signature: Uint8Array, clock: Clock): Promise<Result<Posted, Refused | DraftFault>> {
    const draft = this.#drafts.get(id)
    if (draft === undefined) return fail({ code: 'DRAFT_STALE' })
    this.#take(id, draft)
    const { replica, made } = draft
    try {
      const bytes = made.payload.byteLength
      const take = (): Result<Made, DraftFault> => {
        // The next draft can be made when this block is in.
        draft.endTurn()
        if (draft.isStale || isOvertaken(draft) || isFoundedByAnother(draft)) return fail({ code: 'DRAFT_STALE' })
        return ok({ block: { ...made.block, signature }, payload: made.payload, made: 'signed-elsewhere' })
      }
      const taken = await takeInMade<DraftFault | BlockFault>(replica, bytes, clock, take)
      // Its backs left the chain: a new draft links others.
      const isGone =
        !taken.ok && (taken.fault.code === 'DAG_MISSING_BACK' || taken.fault.code === 'REP_UNACCEPTED_BACK')
      return isGone ? fail({ code: 'DRAFT_STALE' }) : taken
    } finally {
      this.#end(draft)
    }
  }

  #keep(replica: Replica, made: MadeBlock, author: AuthorKey, endTurn: () => void): void {
    const { id } = made.block
    this.#drop(id)
    const oldAge = setTimeout(() => this.#drop(id), this.#limits.ageMs).unref()
    const latest = replica.state.latestBy(author)
    const draft = { made, author, latest, replica, oldAge, endTurn, isStale: false }
    this.#drafts.set(id, draft)
    this.#bytes += made.payload.byteLength
    this.#watch(replica).add(draft)
    for (const oldest of this.#drafts.keys()) {
      const isWithin = this.#drafts.size <= this.#limits.count && this.#bytes <= this.#limits.bytes
      if (isWithin || oldest === id) return
      this.#drop(oldest)
    }
  }

  #watch(replica: Replica): Set<Draft> {
    const known = this.#watched.get(replica)
    if (known !== undefined) return known.drafts
    const drafts = new Set<Draft>()
    const outdate = (isConcerned: (draft: Draft) => boolean): void => {
      for (const draft of [...drafts].filter(isConcerned)) {
        draft.isStale = true
        this.#drop(draft.made.block.id)
      }
    }
    const stop = replica.listen(
      (events) => outdate((draft) => events.some((event) => overtakes(event, draft))),
      () => outdate(() => true),
    )
    this.#watched.set(replica, { drafts, stop })
    return drafts
  }

  #drop(id: BlockId): void {
    const draft = this.#drafts.get(id)
    if (draft === undefined) return
    this.#take(id, draft)
    this.#end(draft)
  }

  #take(id: BlockId, { made, oldAge }: Draft): void {
    clearTimeout(oldAge)
    this.#drafts.delete(id)
    this.#bytes -= made.payload.byteLength
  }

  #end(draft: Draft): void {
    draft.endTurn()
    const watched = this.#watched.get(draft.replica)
    watched?.drafts.delete(draft)
    if (watched?.drafts.size !== 0) return
    watched.stop()
    this.#watched.delete(draft.replica)
  }
}

/** A withdrawn block may be one that the draft stands on; it happens seldom, and a new draft costs little. */
function overtakes({ id, author, kind }: ChainEvent, draft: Draft): boolean {
  if (kind === 'withdrawn') return true
  if ((kind !== 'post' && kind !== 'like') || author !== draft.author || id === draft.made.block.id) return false
  // It may have been told only after the draft was made, on it.
  const { graph } = draft.replica
  const at = graph.indexOf(id)
  return !draft.made.block.header.backs.some((back) => {
    const index = graph.indexOf(back)
    return at !== undefined && index !== undefined && (index === at || isAncestor(graph, at, index))
  })
}

/** Blocks that are stored by one write with it are told of when that is done. */
function isOvertaken({ author, latest, replica }: Draft): boolean {
  return replica.state.latestBy(author) !== latest
}

/** A first post, where another forum has come: a new draft stands on its blocks. */
function isFoundedByAnother({ made, author, replica }: Draft): boolean {
  if (made.block.header.height > 1 || !hasFirstPostPioneer(replica.chain)) return false
  return replica.state.pioneer !== undefined && replica.state.pioneer !== author
}
