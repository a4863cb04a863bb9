/** Coded faults of sync (spec §8): `RPC_*` of a stream, whatever its messages mean, and `SYNC_*` for a command. */
import type { ProtocolFault } from '../../../protocol/faults.ts'
import type { NoRoom } from '../../chain/faults.ts'
import { BadLength } from '../host/length-prefix-decoder.ts'

export type RpcFault =
  | { readonly code: 'RPC_UNREACHABLE'; readonly peer: string; readonly why: string }
  /** No hello or no reply in time. */
  | { readonly code: 'RPC_TIMEOUT'; readonly peer: string; readonly ms: number }
  /** The stream closed before the reply. */
  | { readonly code: 'RPC_CLOSED'; readonly peer: string; readonly why: string }
  /** The peer broke the protocol; `protocol/faults.ts` says how to treat it. */
  | { readonly code: 'RPC_MALFORMED'; readonly peer: string; readonly fault: ProtocolFault }
  /** The caller's signal aborted. */
  | { readonly code: 'RPC_ABORTED'; readonly peer: string }

/** Why a sync that a command asked for failed. */
export type SyncFault =
  | RpcFault
  | { readonly code: 'SYNC_REFUSED'; readonly peer: string; readonly why: string }
  | { readonly code: 'SYNC_INCOMPATIBLE'; readonly ours: string; readonly theirs: string }
  /** The peer has a forum of this name, and this node follows no founder of it yet. */
  | { readonly code: 'SYNC_NO_FOUNDER'; readonly peer: string; readonly founder: string; readonly blocks: number }
  /** This node has a forum of this name, and the peer follows no founder of it yet. */
  | { readonly code: 'SYNC_PEER_NO_FOUNDER'; readonly peer: string; readonly founder: string }
  /** The pull yielded to others. Its blocks are kept; the rest is pulled later. */
  | { readonly code: 'SYNC_CUT'; readonly fresh: number }
  | { readonly code: 'SYNC_FAILED'; readonly peer: string; readonly why: string }
  /** Nothing that came could be stored. */
  | NoRoom

/** Whether the fault belongs to the stream, rather than to the content of a reply. */
export function isRpcFault(fault: RpcFault | ProtocolFault): fault is RpcFault {
  return fault.code.startsWith('RPC_')
}

/** The fault for a malformed length prefix; `undefined` for any other end of a stream. */
export function badLengthFault(error: unknown): ProtocolFault | undefined {
  return error instanceof BadLength ? { code: 'WIRE_MALFORMED', message: 'frame', why: error.message } : undefined
}
