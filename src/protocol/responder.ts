/**
 * The responder's side of sync as pure decisions (spec §8): a request and the chain it names give a plan as data. What
 * needs the store is left to the driver: loading blocks and frames. Only accepted blocks are named and
 * served, and held posts to those that ask for them. The
 * requester's side is `pull-machine.ts`.
 */
import type { Chain } from '../dag/chain.ts'
import { unreachable } from '../dag/result.ts'
import type { FingerprintTree } from '../dag/fingerprint-tree.ts'
import type { Graph } from '../dag/graph.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import { KEY_BYTES } from '../dag/block-limits.ts'
import type { StoredBlock } from '../dag/store.ts'
import { unacceptedUnder } from '../dag/walk.ts'
import { wireBytes } from './blocks-writer.ts'
import { BLOCKS_REPLY_BYTES, HEADS_PER_PAGE, IDS_PER_PAGE, INLINE_PAYLOAD_BYTES } from './limits.ts'
import { proofFor, proofHolds, type Handshake } from './membership-proof.ts'
import type { Reply, Request, WireBlock } from './messages.ts'
import { answerDiff, answerFolds } from './dag-diff.ts'

/** A joined chain as requests see it. */
export interface ServedChain {
  readonly chain: Chain
  readonly graph: Graph
  /** Of this graph. */
  readonly fingerprints: FingerprintTree
  /** Author of the first post, in a forum joined without pioneers that has one. */
  readonly pioneer?: AuthorKey
  /** Held posts that were made here, by local index. */
  readonly held: () => readonly number[]
}

/** What one incarnation of a stream remembers. Mutated by {@link planReply}. */
export interface ServeStream {
  readonly handshake: Handshake
  /** Chains opened on it; bounded by the chains joined here. */
  readonly opened: Set<Chain['id']>
  /** Blocks that are not accepted, and that the requester was told of when it asked for held posts: it may get them. */
  readonly told: Map<Chain['id'], ReadonlySet<BlockId>>
}

export function newServeStream(handshake: Handshake): ServeStream {
  return { handshake, opened: new Set(), told: new Map() }
}

export type ServePlan =
  | { readonly do: 'reply'; readonly reply: Reply }
  /** Load these in order (`undefined`: not had) into a {@link BlocksReply} until it is full. */
  | {
      readonly do: 'blocks'
      readonly id: number
      readonly ids: readonly BlockId[]
      /** Of each of `ids`. */
      readonly indexes: readonly (number | undefined)[]
    }
  /** Read the frame at `offset`; `noPayload` if it is not here. */
  | {
      readonly do: 'frame'
      readonly id: number
      readonly index: number
      readonly block: BlockId
      readonly offset: number
    }
  /** Pull this chain from the requester, then say how it went. */
  | { readonly do: 'offer'; readonly id: number }

/**
 * @param served the chain that `request.chain` names, `undefined` if none is joined; a non-member of a group, and whoever
 * did not open the chain on this stream, gets the very same refusal
 */
export function planReply(request: Request, served: ServedChain | undefined, stream: ServeStream): ServePlan {
  const { id } = request
  if (request.t === 'open') return open(request, served, stream)
  if (served === undefined || !stream.opened.has(served.chain.id)) return refuse(id, 'unknown-chain')
  const { graph } = served
  switch (request.t) {
    case 'heads':
      return { do: 'reply', reply: { t: 'heads', id, ...headsPage(graph, request.after) } }
    case 'diff': {
      const page = answerDiff(graph, request.have, request.after)
      return page === undefined ? refuse(id, 'bad-request') : { do: 'reply', reply: { t: 'ids', id, ...page } }
    }
    case 'folds':
      return {
        do: 'reply',
        reply: { t: 'folds', id, folds: answerFolds(graph, served.fingerprints, request.prefixes) },
      }
    case 'held': {
      // What is accepted comes by the usual way.
      const ids = unacceptedUnder(graph, served.held(), IDS_PER_PAGE).map((index) => graph.id(index))
      stream.told.set(served.chain.id, new Set(ids))
      return { do: 'reply', reply: { t: 'ids', id, ids, more: false } }
    }
    case 'get': {
      const told = stream.told.get(served.chain.id)
      const { ids } = request
      return { do: 'blocks', id, ids, indexes: ids.map((block) => servedIndex(graph, block, told)) }
    }
    case 'frame': {
      const index = servedIndex(graph, request.block, stream.told.get(served.chain.id))
      if (index === undefined) return { do: 'reply', reply: noPayload(id, 'absent') }
      return { do: 'frame', id, index, block: request.block, offset: request.offset }
    }
    case 'offer':
      return { do: 'offer', id }
    default:
      return unreachable(request)
  }
}

export function noPayload(id: number, why: 'hidden' | 'absent'): Reply {
  return { t: 'no-payload', id, why }
}

function refuse(id: number, code: 'unknown-chain' | 'bad-request'): ServePlan {
  return { do: 'reply', reply: { t: 'refuse', id, code } }
}

/** Proofs about chains that are not here are checked under this, and do not help whoever makes one with it. */
const NOBODYS_KEY = new Uint8Array(KEY_BYTES)

/** A chain that is not here takes the same work as a group that is, so that a guess is not confirmed by the time it takes. */
function open(
  request: Request & { readonly t: 'open' },
  served: ServedChain | undefined,
  stream: ServeStream,
): ServePlan {
  const key = served === undefined ? NOBODYS_KEY : served.chain.params.key
  const membership = key === undefined ? undefined : { key, handshake: stream.handshake }
  const isProved = membership === undefined || proofHolds(request.proof, membership, 'requester')
  if (!isProved || served === undefined) return refuse(request.id, 'unknown-chain')
  const { chain, graph, pioneer } = served
  stream.opened.add(chain.id)
  const reply: Reply = {
    t: 'opened',
    id: request.id,
    ...(membership === undefined ? {} : { proof: proofFor(membership, 'responder') }),
    ...(pioneer === undefined ? {} : { pioneer }),
    blocks: graph.acceptedCount,
    ...headsPage(graph),
  }
  return { do: 'reply', reply }
}

function servedIndex(graph: Graph, block: BlockId, told?: ReadonlySet<BlockId>): number | undefined {
  const index = graph.indexOf(block)
  if (index === undefined || index === 0) return undefined
  return graph.isAccepted(index) || told?.has(block) === true ? index : undefined
}

/** By the list the graph gives, which is another one once heads change: paging through many heads sorts them once. */
const sortedHeads = new WeakMap<readonly number[], readonly BlockId[]>()

function headsPage(graph: Graph, after?: BlockId): { heads: readonly BlockId[]; more: boolean } {
  const indexes = graph.heads()
  let heads = sortedHeads.get(indexes)
  if (heads === undefined) {
    const ids = indexes.filter((index) => index > 0).map((index) => graph.id(index))
    heads = ids.sort()
    sortedHeads.set(indexes, heads)
  }
  const next = after === undefined ? 0 : heads.findIndex((head) => head > after)
  const rest = next < 0 ? [] : heads.slice(next)
  return { heads: rest.slice(0, HEADS_PER_PAGE), more: rest.length > HEADS_PER_PAGE }
}

/** A block as loaded for a `blocks` reply; `payload` holds bytes iff {@link travelsInline} says so. */
export interface LoadedBlock {
  readonly stored: StoredBlock
  readonly payload: Uint8Array | 'frames' | 'hidden' | 'absent'
}

/** Whether a payload of this size goes into `blocks`; a larger one goes in frames and need not be loaded. */
export function travelsInline(size: number): boolean {
  return size <= INLINE_PAYLOAD_BYTES
}

/**
 * How many of blocks of these sizes, from the front, go into one reply: those that fit, and the first one in any case. What
 * is loaded for a reply is bounded by it.
 */
export function fittingIn(sizes: readonly number[]): number {
  let bytes = 0
  const end = sizes.findIndex((size, n) => (bytes += size) > BLOCKS_REPLY_BYTES && n > 0)
  return end === -1 ? sizes.length : end
}

/** Collects blocks, in the order asked, for as long as they fit. The first one always does. */
export class BlocksReply {
  readonly #id: number
  readonly #blocks: WireBlock[] = []
  #asked = 0
  #bytes = 0

  constructor(id: number) {
    this.#id = id
  }

  /** Settles the next asked id (`undefined`: not had); `false` if it does not fit, and the reply is to go as it is. */
  add(loaded: LoadedBlock | undefined): boolean {
    if (loaded !== undefined) {
      const block = wireBlock(loaded)
      const bytes = wireBytes(block)
      if (this.#blocks.length > 0 && this.#bytes + bytes > BLOCKS_REPLY_BYTES) return false
      this.#blocks.push(block)
      this.#bytes += bytes
    }
    this.#asked += 1
    return true
  }

  reply(): Reply {
    return { t: 'blocks', id: this.#id, asked: this.#asked, blocks: this.#blocks }
  }
}

/** Spelt out: a copy of an object with one more field costs as much as all else that is done for a block. */
function wireBlock({ stored: { headerBytes, signature }, payload }: LoadedBlock): WireBlock {
  if (payload instanceof Uint8Array) {
    const state = 'inline'
    return signature === undefined ? { headerBytes, state, payload } : { headerBytes, signature, state, payload }
  }
  return signature === undefined ? { headerBytes, state: payload } : { headerBytes, signature, state: payload }
}
