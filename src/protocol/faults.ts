/**
 * Every way a peer can break the protocols (spec §7, §8), as coded data, and what to do about the peer. Missing
 * information is not malice: only what no honest peer sends lowers a score.
 */
import type { DagFault } from '../dag/faults.ts'
import { unreachable } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import type { ReputationFault } from '../reputation/faults.ts'

/** Everything that can be wrong with a block from a peer. */
export type BlockFault = DagFault | ReputationFault

export type ProtocolFault =
  | { readonly code: 'WIRE_TOO_LARGE'; readonly bytes: number; readonly limit: number }
  | { readonly code: 'WIRE_MALFORMED'; readonly message: string; readonly why: string }
  | { readonly code: 'WIRE_OTHER_VERSION'; readonly found: number }
  /** Streams were opened faster than any honest peer does. */
  | { readonly code: 'STREAM_FLOOD' }
  /** More frames of the multiplexer without data, or with next to none, than any honest peer sends. */
  | { readonly code: 'FRAME_FLOOD' }
  | { readonly code: 'SYNC_UNKNOWN_REPLY'; readonly id: number }
  | { readonly code: 'SYNC_WRONG_REPLY'; readonly asked: string; readonly got: string }
  | { readonly code: 'SYNC_BAD_PROOF' }
  | { readonly code: 'SYNC_BAD_PAGE'; readonly why: string }
  | { readonly code: 'SYNC_UNASKED_BLOCK'; readonly block: BlockId }
  | { readonly code: 'SYNC_NO_PROGRESS' }
  | { readonly code: 'SYNC_BAD_BLOCK'; readonly block?: BlockId; readonly fault: BlockFault }
  | { readonly code: 'SYNC_BAD_FRAME'; readonly block: BlockId; readonly offset: number; readonly why: string }
  | { readonly code: 'SYNC_BAD_PAYLOAD'; readonly block: BlockId }
  | { readonly code: 'GOSSIP_NOT_A_MEMBER' }
  | { readonly code: 'GOSSIP_FLOOD' }
  | { readonly code: 'GOSSIP_BAD_BLOCK'; readonly block?: BlockId; readonly fault: BlockFault }

/**
 * What to do about the peer. `ignore`: nothing. `close`: end the stream, keep the score. `penalise`: end the stream and
 * lower the score.
 */
export type Consequence = 'ignore' | 'close' | 'penalise'

/** Whether the sender of a bad block could have known: `reject` is what no honest peer sends. */
export type BlockVerdict = 'ignore' | 'reject'

export function consequence(fault: ProtocolFault): Consequence {
  switch (fault.code) {
    case 'SYNC_BAD_BLOCK':
    case 'GOSSIP_BAD_BLOCK':
      return blockVerdict(fault.fault) === 'reject' ? 'penalise' : 'ignore'
    case 'WIRE_OTHER_VERSION':
      return 'close'
    case 'WIRE_TOO_LARGE':
    case 'WIRE_MALFORMED':
    case 'STREAM_FLOOD':
    case 'FRAME_FLOOD':
    case 'SYNC_UNKNOWN_REPLY':
    case 'SYNC_WRONG_REPLY':
    case 'SYNC_BAD_PROOF':
    case 'SYNC_BAD_PAGE':
    case 'SYNC_UNASKED_BLOCK':
    case 'SYNC_NO_PROGRESS':
    case 'SYNC_BAD_FRAME':
    case 'SYNC_BAD_PAYLOAD':
    case 'GOSSIP_NOT_A_MEMBER':
    case 'GOSSIP_FLOOD':
      return 'penalise'
    default:
      return unreachable(fault)
  }
}

/**
 * What a fault of a received block says about its sender. A missing back, another pioneer, and an author without
 * reputation depend on what this node has; everything else is a property of the block and its past alone.
 */
export function blockVerdict(fault: BlockFault): BlockVerdict {
  switch (fault.code) {
    case 'DAG_MISSING_BACK':
    case 'DAG_OTHER_PIONEER':
    case 'REP_NO_REPS':
    case 'REP_TAKEN_BACK':
      return 'ignore'
    case 'DAG_BAD_HEADER':
    case 'DAG_HEADER_TOO_LARGE':
    case 'DAG_BAD_BACKS':
    case 'DAG_BAD_HEIGHT':
    case 'DAG_BAD_TIME':
    case 'DAG_UNSIGNED':
    case 'DAG_NOT_OWNER':
    case 'DAG_BAD_SIGNATURE':
    case 'DAG_BAD_SEAL':
    case 'DAG_BAD_LIKE':
    case 'DAG_BAD_LABEL':
    case 'DAG_BAD_REPLY':
    case 'DAG_PAYLOAD_TOO_LARGE':
    case 'DAG_REASON_TOO_LONG':
    case 'DAG_BAD_PAYLOAD':
    case 'REP_UNACCEPTED_BACK':
      return 'reject'
    // Only a user's input causes these; they say nothing about a peer.
    case 'DAG_BAD_ID':
    case 'DAG_BAD_KEY':
    case 'DAG_BAD_CHAIN_NAME':
    case 'DAG_AMBIGUOUS_ID':
    case 'DAG_UNKNOWN_ID':
      return 'ignore'
    default:
      return unreachable(fault)
  }
}

/**
 * Whether a block of this id is invalid in every copy. A wrong signature or payload is a fault of the copy, not of the
 * id; missing information may still come.
 */
export function isUnsound(fault: BlockFault): boolean {
  const isOfTheCopy = fault.code === 'DAG_BAD_SIGNATURE' || fault.code === 'DAG_BAD_PAYLOAD'
  return !isOfTheCopy && blockVerdict(fault) === 'reject'
}
