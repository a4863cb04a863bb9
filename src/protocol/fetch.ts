/**
 * The life of wanted blocks within one pull (spec §8): waiting, asked, arrived, being stored. Replies may come in any
 * order; blocks leave in the order they were wanted in, so pasts are stored first. Knows nothing of heads or pages.
 */
import { decodeBlock, type Block } from '../dag/block.ts'
import { Bug, fail, ok, type Result } from '../dag/faults.ts'
import type { BlockId } from '../dag/ids.ts'
import type { ProtocolFault } from './faults.ts'
import { GET_IDS, GETS_IN_FLIGHT } from './limits.ts'
import type { PayloadState, Reply, WireBlock } from './messages.ts'

/** A block as it came: decoded, of the id that was asked for, and nothing else checked. */
export interface PulledBlock {
  readonly block: Block
  readonly state: PayloadState
  /** Present iff `state` is `inline`; its digest is not checked. */
  readonly payload?: Uint8Array
}

type Chunk =
  | { readonly at: 'waiting'; readonly ids: readonly BlockId[] }
  | { readonly at: 'asked'; readonly ids: readonly BlockId[]; readonly tag: number }
  | { readonly at: 'arrived'; readonly blocks: readonly PulledBlock[] }
  | { readonly at: 'storing'; readonly blocks: readonly PulledBlock[] }

/**
 * The blocks of one page. At most `GETS_IN_FLIGHT` chunks are asked for or held at a time: that bounds memory, and makes
 * a slow disk slow the sender down.
 */
export class Fetch {
  /** In the order wanted. */
  #chunks: Chunk[]

  constructor(ids: readonly BlockId[]) {
    this.#chunks = []
    for (let at = 0; at < ids.length; at += GET_IDS) {
      this.#chunks.push({ at: 'waiting', ids: ids.slice(at, at + GET_IDS) })
    }
  }

  /** Everything wanted was stored, or is not to be had from this peer. */
  get isDone(): boolean {
    return this.#chunks.length === 0
  }

  /** The next ids to ask for under `tag`, if there is room. */
  ask(tag: number): readonly BlockId[] | undefined {
    const busy = this.#chunks.filter((chunk) => chunk.at !== 'waiting').length
    const position = this.#chunks.findIndex((chunk) => chunk.at === 'waiting')
    const chunk = this.#chunks[position]
    if (busy >= GETS_IN_FLIGHT || chunk?.at !== 'waiting') return undefined
    this.#chunks[position] = { at: 'asked', ids: chunk.ids, tag }
    return chunk.ids
  }

  /** The reply to what was asked under `tag`. What it leaves unsettled waits to be asked again, in its place. */
  take(tag: number, reply: Reply & { readonly t: 'blocks' }): Result<true, ProtocolFault> {
    const position = this.#chunks.findIndex((chunk) => chunk.at === 'asked' && chunk.tag === tag)
    const chunk = this.#chunks[position]
    if (chunk?.at !== 'asked') throw new Bug(`no blocks were asked for under ${String(tag)}`)
    if (reply.asked === 0) return fail({ code: 'SYNC_NO_PROGRESS' })
    if (reply.asked > chunk.ids.length) return fail({ code: 'SYNC_BAD_PAGE', why: 'it settles more than was asked' })
    const blocks = matchBlocks(chunk.ids.slice(0, reply.asked), reply.blocks)
    if (!blocks.ok) return blocks
    const parts: Chunk[] = []
    if (blocks.value.length > 0) parts.push({ at: 'arrived', blocks: blocks.value })
    if (reply.asked < chunk.ids.length) parts.push({ at: 'waiting', ids: chunk.ids.slice(reply.asked) })
    this.#chunks.splice(position, 1, ...parts)
    return ok(true)
  }

  /**
   * The next blocks to store, unless earlier ones are still to come. Others may be being stored, so that nobody waits for
   * the disk; but not while payloads of theirs are fetched, for then these would be taken in first.
   */
  toStore(): readonly PulledBlock[] | undefined {
    const position = this.#chunks.findIndex((chunk) => chunk.at !== 'storing')
    const next = this.#chunks[position]
    if (next?.at !== 'arrived') return undefined
    if (this.#chunks.slice(0, position).some(fetchesPayloads)) return undefined
    this.#chunks[position] = { at: 'storing', blocks: next.blocks }
    return next.blocks
  }

  /** The first of what {@link Fetch.toStore} gave is dealt with; gives it once more. */
  stored(): readonly PulledBlock[] {
    const front = this.#chunks.shift()
    if (front?.at !== 'storing') throw new Bug('nothing was being stored')
    return front.blocks
  }
}

function fetchesPayloads(chunk: Chunk): boolean {
  return chunk.at === 'storing' && chunk.blocks.some(({ state }) => state === 'frames')
}

/** The blocks must be some of those asked for, in the order asked, each of them once. */
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
    matched.push({ block, state, ...(payload === undefined ? {} : { payload }) })
  }
  return ok(matched)
}
