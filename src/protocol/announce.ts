/**
 * Gossip policy (spec §7), pure: what to announce, and what to do with an announcement. A peer relays an announcement
 * only after it accepted the blocks. So `accept` is the answer only when a riding block is accepted here for the first
 * time; everything else is a hint between neighbours. `gossip-codec.ts` reads and writes the bytes.
 */
import { decodeBlock, type Block } from '../dag/block.ts'
import type { Graph } from '../dag/graph.ts'
import type { BlockId } from '../dag/ids.ts'
import { blockVerdict, type ProtocolFault } from './faults.ts'
import { ANNOUNCE_HEADS, RIDING_BLOCK_BYTES } from './gossip-limits.ts'
import type { HeadsAnnouncement } from './messages.ts'
import { newestHeads } from './dag-diff.ts'
import type { StoreOutcome } from './pull-types.ts'

/** gossipsub's three answers. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

export type Assessment =
  /** `pull`: it names a head that is not here; pull from the neighbour that sent it. */
  | { readonly verdict: 'ignore'; readonly pull: boolean }
  | { readonly verdict: 'reject'; readonly fault: ProtocolFault }
  /**
   * The riding block is new and all its backs are accepted: import it through the chain's queue, then answer {@link
   * gossipVerdict}. `pull`: it names other heads that are not here.
   */
  | { readonly verdict: 'check'; readonly block: Block; readonly payload: Uint8Array; readonly pull: boolean }

/** Heads to announce, by local index, newest first: the first one may ride along. Empty: announce nothing. */
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
  readonly riding?: NonNullable<HeadsAnnouncement['block']>
}): HeadsAnnouncement {
  const { heads, nonce, riding } = what
  return { v: 1, nonce, heads, ...(riding === undefined ? {} : { block: riding }) }
}

/** The chain as it is on this node. */
export interface AnnouncedTo {
  readonly graph: Graph
  /** Whether a block is here, accepted or not. */
  readonly has: (id: BlockId) => boolean
  /** A forum that follows no founder yet: no riding block is taken (spec §2). */
  readonly needsFounder: boolean
}

/** The cheap part of validation. Whatever costs a signature check is left to the caller, on `check`. */
export function assess(
  { heads, block: riding }: HeadsAnnouncement,
  { graph, has, needsFounder }: AnnouncedTo,
): Assessment {
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
  if (needsFounder || has(block.id) || !backs.every((back) => isAcceptedHere(graph, back))) {
    return { verdict: 'ignore', pull: unknown.length > 0 }
  }
  return { verdict: 'check', block, payload: riding.payload, pull: unknown.some((id) => id !== block.id) }
}

/** The answer after a riding block was imported. It may have come another way while it waited in the queue. */
export function gossipVerdict(outcome: StoreOutcome): GossipVerdict {
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
