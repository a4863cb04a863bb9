/**
 * The states of the requested blocks of one pull (spec §8): waiting, asked, arrived, storing. Replies may come in any
 * order; blocks are stored in the order requested, so pasts come first. A block that another pull has claimed is waited
 * for in its place. Knows nothing of heads or pages.
 */
import { decodeBlock, type Block } from '../dag/block.ts'
import { Bug, fail, ok, type Result } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import type { PullClaims } from './claims.ts'
import type { ProtocolFault } from './faults.ts'
import { GET_IDS, GETS_IN_FLIGHT, STORES_IN_FLIGHT } from './sync-limits.ts'
import type { PayloadState, Reply, WireBlock } from './messages.ts'

/** A block as received: decoded, with the requested id, otherwise unchecked. */
export interface PulledBlock {
  readonly block: Block
  readonly state: PayloadState
  /** Present iff `state` is `inline`. Its digest is not checked yet. */
  readonly payload?: Uint8Array | undefined
}

/** What the fetch reads of this node's chain. */
export interface FetchWorld {
  readonly has: (id: BlockId) => boolean
  readonly claims: PullClaims
  /** How many blocks the next request asks for: see `batch-size.ts`. */
  readonly batchSize: () => number
}

type Chunk =
  | { readonly at: 'waiting'; readonly ids: readonly BlockId[] }
  | { readonly at: 'asked'; readonly ids: readonly BlockId[]; readonly tag: number }
  | { readonly at: 'arrived'; readonly blocks: readonly PulledBlock[] }
  | { readonly at: 'storing'; readonly blocks: readonly PulledBlock[] }

/**
 * The blocks of one page. `GETS_IN_FLIGHT` bounds the chunks that are asked or arrived, `STORES_IN_FLIGHT` those being
 * stored: this bounds memory, and a slow disk slows the sender down.
 *
 * Invariants:
 * 1. Chunks are in request order. No id is in two chunks.
 * 2. The chunks at the front that are `storing` are contiguous; no chunk behind them is `storing`.
 * 3. At most `GETS_IN_FLIGHT` chunks are `asked` or `arrived`. One more is asked when the first chunk to store next
 *    is waiting: another pull has released it, and everything held is blocked on it.
 * 4. This pull has claimed the ids of every chunk that is `asked`, `arrived` or `storing`.
 * 5. No chunk is empty.
 */
export class Fetch {
  readonly #world: FetchWorld
  /** In request order. */
  #chunks: Chunk[]

  constructor(ids: readonly BlockId[], world: FetchWorld) {
    this.#world = world
    this.#chunks = []
    for (let at = 0; at < ids.length; at += GET_IDS) {
      this.#chunks.push({ at: 'waiting', ids: ids.slice(at, at + GET_IDS) })
    }
  }

  /** Every requested block was stored, or this peer does not have it. */
  get isDone(): boolean {
    return this.#chunks.length === 0
  }

  /** Blocks not stored yet; some may have come another way. */
  get left(): number {
    return this.#chunks.reduce((sum, chunk) => sum + ('ids' in chunk ? chunk.ids : chunk.blocks).length, 0)
  }

  /** Nothing is left to ask for, though replies may still be on their way. */
  get isAllAsked(): boolean {
    return this.#chunks.every(({ at }) => at !== 'waiting')
  }

  /** The block that everything else is blocked on, if another pull has claimed it. */
  get awaited(): BlockId | undefined {
    const front = this.#chunks[0]
    return front?.at === 'waiting' ? front.ids.find((id) => this.#world.claims.isElsewhere(id)) : undefined
  }

  /** The next ids to ask for under `tag`, if there is room and some are unclaimed. */
  ask(tag: number): readonly BlockId[] | undefined {
    this.#dropArrived()
    const isFull = this.#count('asked', 'arrived') >= GETS_IN_FLIGHT
    const front = this.#count('storing')
    for (const [position, chunk] of this.#chunks.entries()) {
      if (isFull && position > front) return undefined
      if (chunk.at !== 'waiting' || (isFull && this.#isFirstElsewhere(chunk.ids))) continue
      const { before, taken, behind } = this.#take(chunk.ids)
      if (taken.length === 0) continue
      const parts: Chunk[] = [{ at: 'asked', ids: taken, tag }]
      if (before.length > 0) parts.unshift({ at: 'waiting', ids: before })
      if (behind.length > 0) parts.push({ at: 'waiting', ids: behind })
      this.#chunks.splice(position, 1, ...parts)
      return taken
    }
    return undefined
  }

  /** The reply to what was asked under `tag`. Ids it leaves unsettled are asked again, in their place. */
  take(tag: number, reply: Reply & { readonly t: 'blocks' }): Result<true, ProtocolFault> {
    const position = this.#chunks.findIndex((chunk) => chunk.at === 'asked' && chunk.tag === tag)
    const chunk = this.#chunks[position]
    if (chunk?.at !== 'asked') throw new Bug(`no blocks were asked for under ${String(tag)}`)
    if (reply.asked === 0) return fail({ code: 'SYNC_NO_PROGRESS' })
    if (reply.asked > chunk.ids.length) return fail({ code: 'SYNC_BAD_PAGE', why: 'it settles more than was asked' })
    const settled = chunk.ids.slice(0, reply.asked)
    const blocks = matchBlocks(settled, reply.blocks)
    if (!blocks.ok) return blocks
    const parts: Chunk[] = []
    if (blocks.value.length > 0) parts.push({ at: 'arrived', blocks: blocks.value })
    if (reply.asked < chunk.ids.length) parts.push({ at: 'waiting', ids: chunk.ids.slice(reply.asked) })
    this.#chunks.splice(position, 1, ...parts)
    // Unsettled ids stay claimed: another pull that took them could be blocked on what this one holds.
    if (blocks.value.length < settled.length) {
      const came = new Set(blocks.value.map(({ block }) => block.id))
      this.#world.claims.drop(settled.filter((id) => !came.has(id)))
    }
    return ok(true)
  }

  /** The next blocks to store, unless enough are being stored or earlier ones have not arrived. */
  toStore(): readonly PulledBlock[] | undefined {
    this.#dropArrived()
    const storing = this.#count('storing')
    const next = this.#chunks[storing]
    if (storing >= STORES_IN_FLIGHT || next?.at !== 'arrived') return undefined
    this.#chunks[storing] = { at: 'storing', blocks: next.blocks }
    return next.blocks
  }

  /** The earliest batch that {@link Fetch.toStore} gave was stored. Returns it. */
  stored(): readonly PulledBlock[] {
    const front = this.#chunks.shift()
    if (front?.at !== 'storing') throw new Bug('nothing was being stored')
    this.#world.claims.drop(front.blocks.map(({ block }) => block.id))
    return front.blocks
  }

  /**
   * Drops leading blocks that came through other pulls. Only the front is examined: elsewhere nothing is blocked on
   * them.
   */
  #dropArrived(): void {
    const at = this.#count('storing')
    for (let front = this.#chunks[at]; front?.at === 'waiting'; front = this.#chunks[at]) {
      const ids = front.ids.slice(this.#leadingHere(front.ids))
      if (ids.length === front.ids.length) return
      if (ids.length > 0) this.#chunks[at] = { at: 'waiting', ids }
      else this.#chunks.splice(at, 1)
    }
  }

  #isFirstElsewhere(ids: readonly BlockId[]): boolean {
    const first = ids.find((id) => !this.#world.has(id))
    return first !== undefined && this.#world.claims.isElsewhere(first)
  }

  #leadingHere(ids: readonly BlockId[]): number {
    const first = ids.findIndex((id) => !this.#world.has(id))
    return first < 0 ? ids.length : first
  }

  /** The first run of ids that are neither here nor claimed elsewhere, up to the batch size. Claims them. */
  #take(ids: readonly BlockId[]): { before: BlockId[]; taken: BlockId[]; behind: readonly BlockId[] } {
    const before: BlockId[] = []
    const taken: BlockId[] = []
    const batchSize = this.#world.batchSize()
    for (const [at, id] of ids.entries()) {
      if (this.#world.has(id)) continue
      if (taken.length < batchSize && this.#world.claims.take(id)) taken.push(id)
      else if (taken.length === 0) before.push(id)
      else return { before, taken, behind: ids.slice(at) }
    }
    return { before, taken, behind: [] }
  }

  #count(...states: Chunk['at'][]): number {
    return this.#chunks.reduce((sum, { at }) => sum + (states.includes(at) ? 1 : 0), 0)
  }
}

/** The blocks must be among those asked for, in the order asked, each once. */
function matchBlocks(ids: readonly BlockId[], blocks: readonly WireBlock[]): Result<PulledBlock[], ProtocolFault> {
  const matched: PulledBlock[] = []
  let from = 0
  for (const { headerBytes, signature, state, payload } of blocks) {
    const decoded = decodeBlock(headerBytes, signature)
    if (!decoded.ok) return fail({ code: 'SYNC_BAD_BLOCK', fault: decoded.fault })
    const block = decoded.value
    const position = ids.indexOf(block.id, from)
    if (position < 0) return fail({ code: 'SYNC_UNASKED_BLOCK', block: block.id })
    if (payload !== undefined && payload.byteLength !== block.header.pay.size) {
      return fail({ code: 'SYNC_BAD_PAYLOAD', block: block.id })
    }
    from = position + 1
    matched.push({ block, state, payload })
  }
  return ok(matched)
}
