/**
 * Gossip policy (spec §7), pure: what to announce, and what a received announcement is worth. Whoever passes one on has
 * its blocks, so only a riding block that gets accepted here for the first time is answered with `accept`; everything
 * else is a hint between neighbours. Bytes are `gossip-codec.ts`'s business.
 */
import { decodeBlock, type Block } from '../dag/block.ts'
import type { Graph } from '../dag/graph.ts'
import type { BlockId } from '../dag/ids.ts'
import { blockVerdict, type ProtocolFault } from './faults.ts'
import { ANNOUNCE_HEADS, RIDING_BLOCK_BYTES } from './limits.ts'
import type { Announcement } from './messages.ts'
import { newestHeads } from './dag-diff.ts'
import type { StoreOutcome } from './pull-types.ts'

/** gossipsub's three answers. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

export type Assessment =
  /** `pull`: it names a head that is not had; get it from the neighbour that sent it. */
  | { readonly verdict: 'ignore'; readonly pull: boolean }
  | { readonly verdict: 'reject'; readonly fault: ProtocolFault }
  /**
   * The riding block is new and stands on accepted blocks: check it in the chain's queue and store it, then answer
   * {@link verdictOf}. `pull`: it names other heads that are not had.
   */
  | { readonly verdict: 'check'; readonly block: Block; readonly payload: Uint8Array; readonly pull: boolean }

/** Heads to announce, by local index, newest first: the first is the block that may ride along. None: say nothing. */
export function headsToAnnounce(graph: Graph): number[] {
  return newestHeads(graph, ANNOUNCE_HEADS)
}

/** Whether a block of this size rides along. */
export function ridesAlong(headerBytes: number, payloadBytes: number): boolean {
  return headerBytes + payloadBytes <= RIDING_BLOCK_BYTES
}

/** @param what `heads`: 1 to 16; `riding`: only if {@link ridesAlong}; `nonce`: 8 random bytes, new each time */
export function buildAnnouncement(what: {
  readonly heads: readonly BlockId[]
  readonly nonce: Uint8Array
  readonly riding?: NonNullable<Announcement['block']>
}): Announcement {
  const { heads, nonce, riding } = what
  return { v: 1, nonce, heads, ...(riding === undefined ? {} : { block: riding }) }
}

/** The chain as it is here. */
export interface AnnouncedTo {
  readonly graph: Graph
  /** Whether a block is here, accepted or not. */
  readonly has: (id: BlockId) => boolean
}

/** Looks, cheaply. What it costs a signature to find out is left to whoever gets `check`. */
export function assess({ heads, block: riding }: Announcement, { graph, has }: AnnouncedTo): Assessment {
  const unknown = heads.filter((id) => !has(id))
  if (riding === undefined) return { verdict: 'ignore', pull: unknown.length > 0 }
  const decoded = decodeBlock(riding.headerBytes, riding.signature)
  if (!decoded.ok) return { verdict: 'reject', fault: { code: 'GOSSIP_BAD_BLOCK', fault: decoded.fault } }
  const block = decoded.value
  const { backs, pay } = block.header
  if (pay.size !== riding.payload.byteLength) {
    const fault = { code: 'DAG_BAD_PAYLOAD', why: 'its size is another one' } as const
    return { verdict: 'reject', fault: { code: 'GOSSIP_BAD_BLOCK', block: block.id, fault } }
  }
  if (has(block.id) || !backs.every((back) => isAcceptedHere(graph, back))) {
    return { verdict: 'ignore', pull: unknown.length > 0 }
  }
  return { verdict: 'check', block, payload: riding.payload, pull: unknown.some((id) => id !== block.id) }
}

/** The answer once a riding block was checked; it may have come another way while it waited in the queue. */
export function verdictOf(outcome: StoreOutcome): GossipVerdict {
  switch (outcome.state) {
    case 'accepted':
      return 'accept'
    case 'known':
    case 'ahead':
    case 'held':
    case 'surplus':
    case 'delayed':
    case 'postponed':
      return 'ignore'
    case 'refused':
      return blockVerdict(outcome.fault)
  }
}

function isAcceptedHere(graph: Graph, id: BlockId): boolean {
  const index = graph.indexOf(id)
  return index !== undefined && graph.isAccepted(index)
}
