/**
 * Blocks that wait for their author's signature (spec §10, `chain.draft`): this node makes them and never has the private key.
 * In memory alone. A draft is stale once a block of its author that it does not stand on was accepted, or what it stands on
 * was withdrawn: submitted, it would be concurrent with a block of its own author.
 *
 * Drafts of one author in one chain stand one on the other as they are asked for (`draft-run.ts`), and come in in that order. One
 * that is not submitted soon enough is stood on no more, and those above it are stale: so several clients with one key do not
 * overtake each other all the time, and none that died holds up the others for long.
 */
import type { MadeBlock } from '../../dag/block.ts'
import { fail, ok, type Result } from '../../dag/result.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import type { BlockFault } from '../../protocol/faults.ts'
import type { Clock } from '../base/clock.ts'
import { isFoundedByAnother, isOvertaken, lineOf, overtakes, type Draft } from './draft.ts'
import { DraftRun } from './draft-run.ts'
import { DraftTurns } from './draft-turns.ts'
import type { DraftFault, StorageRefusal } from './faults.ts'
import { draftOn, draftOver, takeInMade, type BlockRequest, type Made, type Posted } from './posting.ts'
import type { Replica } from './replica.ts'

export interface DraftLimits {
  /** Drafts at a time; beyond these the oldest is stale. */
  readonly count: number
  /** Bytes of their payloads, together. */
  readonly bytes: number
  /** How long a draft waits for its signature. */
  readonly ageMs: number
  /** How long others of its author stand on a draft that is not submitted, or wait for it. 0: not at all. */
  readonly turnMs: number
}

type Refused = BlockFault | StorageRefusal

/**
 * Invariants:
 * - `#drafts` has the drafts that can be submitted, oldest first; `#bytes` is the sum of their payloads.
 * - A draft leaves it when its submit begins, and stays in `#watched` until that ends: it may become stale meanwhile.
 * - `#watched` has a chain exactly while it has drafts, and listens to it.
 * - `#tops` has, by author and chain, the draft that the next one may stand on: the top of its run, its lease not over.
 */
export class Drafts {
  readonly #limits: DraftLimits
  readonly #turns: DraftTurns
  readonly #drafts = new Map<BlockId, Draft>()
  readonly #watched = new Map<Replica, { readonly drafts: Set<Draft>; readonly stop: () => void }>()
  readonly #tops = new Map<string, Draft>()
  /** Set while there are drafts, and maybe longer. */
  #oldAge: NodeJS.Timeout | undefined
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
    const line = lineOf(replica, request.author)
    // Nobody is in line before it.
    if (!this.#turns.isTaken(line)) {
      const made = this.#makeOver(line, replica, request, clock, signal)
      if (made !== undefined) return made
    }
    const endTurn = await this.#turns.next(line, signal)
    try {
      const made = this.#makeOver(line, replica, request, clock, signal)
      if (made !== undefined) return made
      await this.#tops.get(line)?.over.promise
      return await replica.betweenPosts(() => {
        const made = draftOn(replica, request, clock.nowMs())
        if (made.ok) this.#keep({ replica, made: made.value, author: request.author }, signal)
        return made
      })
    } finally {
      endTurn()
    }
  }

  /** On the author's draft that waits; `undefined` if there is none, or it cannot stand there. */
  #makeOver(
    line: string,
    replica: Replica,
    request: BlockRequest & { readonly author: AuthorKey },
    clock: Clock,
    signal: AbortSignal | undefined,
  ): Result<MadeBlock, BlockFault> | undefined {
    const top = this.#tops.get(line)
    if (top === undefined || !this.#hasRoom(request.payload) || !top.run.takes(request)) return undefined
    const made = draftOver(replica, request, top.run.top, clock.nowMs())
    if (made.ok) this.#keep({ replica, made: made.value, author: request.author, under: top }, signal)
    return made
  }

  /** Takes in a draft with its signature, checked like a block of a peer. A draft can be submitted once. */
  async submit(id: BlockId, signature: Uint8Array, clock: Clock): Promise<Result<Posted, Refused | DraftFault>> {
    const draft = this.#drafts.get(id)
    if (draft === undefined) return fail({ code: 'DRAFT_STALE' })
    this.#take(id, draft)
    draft.isSubmitted = true
    clearTimeout(draft.lease)
    const { replica, made, under } = draft
    try {
      const block = { ...made.block, signature }
      const isChecked = await replica.holdsAhead(block)
      await under?.over
      const bytes = made.payload.byteLength
      const take = (): Result<Made, DraftFault> => {
        // Those above it come behind it.
        this.#leave(draft)
        if (draft.isStale || isOvertaken(draft) || isFoundedByAnother(draft)) return fail({ code: 'DRAFT_STALE' })
        return ok({ block, payload: made.payload, made: { signature: isChecked ? 'holds' : 'unchecked' } })
      }
      const taken = await takeInMade<DraftFault | BlockFault>(replica, bytes, clock, take)
      // Its backs left the chain: a new draft links others.
      const isGone =
        !taken.ok && (taken.fault.code === 'DAG_MISSING_BACK' || taken.fault.code === 'REP_UNACCEPTED_BACK')
      return isGone ? fail({ code: 'DRAFT_STALE' }) : taken
    } finally {
      this.#end(draft)
      this.#leave(draft)
    }
  }

  /** Whether one more pushes out none: it might be the one that this stands on. */
  #hasRoom({ byteLength }: Uint8Array): boolean {
    return this.#drafts.size < this.#limits.count && this.#bytes + byteLength <= this.#limits.bytes
  }

  #keep(
    { replica, made, author, under }: Pick<Draft, 'replica' | 'made' | 'author'> & { readonly under?: Draft },
    signal: AbortSignal | undefined,
  ): void {
    const { id } = made.block
    const { ageMs, turnMs } = this.#limits
    this.#drop(id)
    const draft: Draft = {
      ...{ made, author, replica },
      latest: replica.state.latestBy(author),
      run: under?.run ?? new DraftRun(replica, made, replica.state.repsOf(author, made.block.header.time)),
      under: under && { id: under.made.block.id, over: under.over.promise },
      above: undefined,
      untilMs: performance.now() + ageMs,
      lease: undefined,
      over: Promise.withResolvers<undefined>(),
      isSubmitted: false,
      isStale: false,
    }
    // Who gave up meanwhile will not submit it.
    if (turnMs > 0 && signal?.aborted !== true) {
      if (under === undefined) this.#lend(draft)
      else {
        under.above = draft
        draft.run.add(made)
      }
      this.#tops.set(lineOf(replica, author), draft)
    } else draft.over.resolve(undefined)
    this.#drafts.set(id, draft)
    this.#oldAge ??= setTimeout(() => this.#dropOld(), ageMs).unref()
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
    this.#lapse(draft)
  }

  /** All may become as old, so the oldest is the first. */
  #dropOld(): void {
    this.#oldAge = undefined
    const nowMs = performance.now()
    for (const [id, { untilMs }] of this.#drafts) {
      // Timers count whole milliseconds.
      if (untilMs >= nowMs + 1) {
        this.#oldAge = setTimeout(() => this.#dropOld(), untilMs - nowMs).unref()
        return
      }
      this.#drop(id)
    }
  }

  #lend(draft: Draft): void {
    draft.lease = setTimeout(() => this.#lapse(draft), this.#limits.turnMs).unref()
  }

  /** It is in the chain, or will not be: others may be made on the chain, and the one above it is the lowest. */
  #leave(draft: Draft): void {
    clearTimeout(draft.lease)
    const line = lineOf(draft.replica, draft.author)
    if (this.#tops.get(line) === draft) this.#tops.delete(line)
    draft.over.resolve(undefined)
    const { above } = draft
    draft.above = undefined
    if (above !== undefined && !above.isSubmitted && !above.isStale) this.#lend(above)
  }

  /** It was not submitted soon enough, or cannot be any more: those above it are stale. */
  #lapse(draft: Draft): void {
    const { above } = draft
    if (above !== undefined) {
      above.isStale = true
      const { id } = above.made.block
      if (this.#drafts.get(id) === above) {
        this.#take(id, above)
        this.#end(above)
      }
      this.#lapse(above)
    }
    this.#leave(draft)
  }

  #take(id: BlockId, { made }: Draft): void {
    this.#drafts.delete(id)
    this.#bytes -= made.payload.byteLength
  }

  #end(draft: Draft): void {
    const watched = this.#watched.get(draft.replica)
    watched?.drafts.delete(draft)
    if (watched?.drafts.size !== 0) return
    watched.stop()
    this.#watched.delete(draft.replica)
  }
}
