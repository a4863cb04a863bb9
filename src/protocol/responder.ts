/**
 * The responder's side of sync as pure decisions (spec §8): a request and its chain give a plan, as data. The driver
 * does what needs the store: loading blocks and frames. Only accepted blocks are named and served; held posts go to a
 * requester that asks for them. The requester's side is `pull-machine.ts`.
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
import { BLOCKS_REPLY_BYTES, HEADS_PER_PAGE, IDS_PER_PAGE, INLINE_PAYLOAD_BYTES } from './sync-limits.ts'
import { proofFor, proofHolds, type Handshake } from './membership-proof.ts'
import type { Reply, Request, WireBlock } from './messages.ts'
import { answerDiff, answerFolds } from './dag-diff.ts'

/** A joined chain as requests see it. */
export interface ServedChain {
  readonly chain: Chain
  readonly graph: Graph
  /** Over this graph. */
  readonly fingerprints: FingerprintTree
  /** The founder that is followed here, in a forum joined without pioneers. */
  readonly founder?: AuthorKey
  /** Held posts made here, by local index. */
  readonly held: () => readonly number[]
}

/** The state of one sync stream. Mutated by {@link planReply}. */
export interface ResponderStream {
  readonly handshake: Handshake
  /** Chains opened on it; bounded by the chains joined here. */
  readonly opened: Set<Chain['id']>
  /** Unaccepted blocks listed in a reply to `held`: this requester may get them. */
  readonly heldListed: Map<Chain['id'], ReadonlySet<BlockId>>
}

export function newResponderStream(handshake: Handshake): ResponderStream {
  return { handshake, opened: new Set(), heldListed: new Map() }
}

export type ReplyPlan =
  | { readonly do: 'reply'; readonly reply: Reply }
  /** Load these in order (`undefined`: not here) into a {@link BlocksReply} until it is full. */
  | {
      readonly do: 'blocks'
      readonly id: number
      readonly ids: readonly BlockId[]
      /** One for each of `ids`. */
      readonly indexes: readonly (number | undefined)[]
    }
  /** Read the frame at `offset`; reply `noPayload` if it is not here. */
  | {
      readonly do: 'frame'
      readonly id: number
      readonly index: number
      readonly block: BlockId
      readonly offset: number
    }
  /** Pull this chain from the requester, then report the result. */
  | { readonly do: 'offer'; readonly id: number }

/**
 * @param served the chain that `request.chain` names, `undefined` if none is joined. A non-member of a group, and a
 * requester that did not open the chain on this stream, get the same refusal.
 */
export function planReply(request: Request, served: ServedChain | undefined, stream: ResponderStream): ReplyPlan {
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
      // Accepted ones come through `diff`.
      const ids = unacceptedUnder(graph, served.held(), IDS_PER_PAGE).map((index) => graph.id(index))
      stream.heldListed.set(served.chain.id, new Set(ids))
      return { do: 'reply', reply: { t: 'ids', id, ids, more: false } }
    }
    case 'get': {
      const heldListed = stream.heldListed.get(served.chain.id)
      const { ids } = request
      return { do: 'blocks', id, ids, indexes: ids.map((block) => servedIndex(graph, block, heldListed)) }
    }
    case 'frame': {
      const index = servedIndex(graph, request.block, stream.heldListed.get(served.chain.id))
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

function refuse(id: number, code: 'unknown-chain' | 'bad-request'): ReplyPlan {
  return { do: 'reply', reply: { t: 'refuse', id, code } }
}

/** Proofs about chains that are not here are checked under this key. Knowing it helps nobody. */
const DUMMY_KEY = new Uint8Array(KEY_BYTES)

/** A chain that is not here takes the same work as a group that is: timing must not confirm a guess. */
function open(
  request: Request & { readonly t: 'open' },
  served: ServedChain | undefined,
  stream: ResponderStream,
): ReplyPlan {
  const key = served === undefined ? DUMMY_KEY : served.chain.params.key
  const membership = key === undefined ? undefined : { key, handshake: stream.handshake }
  const isProved = membership === undefined || proofHolds(request.proof, membership, 'requester')
  if (!isProved || served === undefined) return refuse(request.id, 'unknown-chain')
  const { chain, graph, founder } = served
  stream.opened.add(chain.id)
  const reply: Reply = {
    t: 'opened',
    id: request.id,
    ...(membership === undefined ? {} : { proof: proofFor(membership, 'responder') }),
    ...(founder === undefined ? {} : { pioneer: founder }),
    blocks: graph.acceptedCount,
    ...headsPage(graph),
  }
  return { do: 'reply', reply }
}

function servedIndex(graph: Graph, block: BlockId, heldListed?: ReadonlySet<BlockId>): number | undefined {
  const index = graph.indexOf(block)
  if (index === undefined || index === 0) return undefined
  return graph.isAccepted(index) || heldListed?.has(block) === true ? index : undefined
}

/**
 * Cached by the list that the graph returns, which is a new one once heads change: paging through many heads sorts
 * once.
 */
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

/** A block loaded for a `blocks` reply; `payload` is bytes iff {@link travelsInline}. */
export interface LoadedBlock {
  readonly stored: StoredBlock
  readonly payload: Uint8Array | 'frames' | 'hidden' | 'absent'
}

/** Whether a payload of this size goes into `blocks`. A larger one goes in frames and need not be loaded. */
export function travelsInline(size: number): boolean {
  return size <= INLINE_PAYLOAD_BYTES
}

/** How many blocks of these sizes, from the front, fit in one reply; at least one. Bounds what is loaded for it. */
export function fittingIn(sizes: readonly number[]): number {
  let bytes = 0
  const end = sizes.findIndex((size, n) => (bytes += size) > BLOCKS_REPLY_BYTES && n > 0)
  return end === -1 ? sizes.length : end
}

/** Collects blocks in the order asked while they fit. The first one always does. */
export class BlocksReply {
  readonly #id: number
  readonly #blocks: WireBlock[] = []
  #asked = 0
  #bytes = 0

  constructor(id: number) {
    this.#id = id
  }

  /** Settles the next requested id (`undefined`: not here). `false` if it does not fit: send the reply as it is. */
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

/** Spelled out: spreading an object to add one field costs as much as all other work per block. */
function wireBlock({ stored: { headerBytes, signature }, payload }: LoadedBlock): WireBlock {
  if (payload instanceof Uint8Array) {
    const state = 'inline'
    return signature === undefined ? { headerBytes, state, payload } : { headerBytes, signature, state, payload }
  }
  return signature === undefined ? { headerBytes, state: payload } : { headerBytes, signature, state: payload }
}
