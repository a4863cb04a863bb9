/** What can go wrong on a sync stream below the meaning of its messages (spec §8), as coded data. */
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { BadLength } from '../host/length-prefix-decoder.ts'

export type RpcFault =
  | { readonly code: 'RPC_UNREACHABLE'; readonly peer: string; readonly why: string }
  /** No hello, or no reply, in time. */
  | { readonly code: 'RPC_TIMEOUT'; readonly peer: string; readonly ms: number }
  /** The stream ended before the reply. */
  | { readonly code: 'RPC_CLOSED'; readonly peer: string; readonly why: string }
  /** The peer broke the protocol; `protocol/faults.ts` says what to do about it. */
  | { readonly code: 'RPC_MALFORMED'; readonly peer: string; readonly fault: ProtocolFault }
  /** The caller's own signal. */
  | { readonly code: 'RPC_ABORTED'; readonly peer: string }

/** Why a sync with a peer that a command asked for did not happen. */
export type SyncFault =
  | RpcFault
  | { readonly code: 'SYNC_REFUSED'; readonly peer: string; readonly why: string }
  | { readonly code: 'SYNC_INCOMPATIBLE'; readonly ours: string; readonly theirs: string }
  /** Others had their turn; what came is kept, and the rest is pulled later. */
  | { readonly code: 'SYNC_CUT'; readonly fresh: number }
  | { readonly code: 'SYNC_FAILED'; readonly peer: string; readonly why: string }

/** Whether the stream is to blame, and not what was asked for on it. */
export function isRpcFault(fault: RpcFault | ProtocolFault): fault is RpcFault {
  return fault.code.startsWith('RPC_')
}

/** Frames that cannot be cut. Undefined for any other end of a stream. */
export function framingFault(error: unknown): ProtocolFault | undefined {
  return error instanceof BadLength ? { code: 'WIRE_MALFORMED', message: 'frame', why: error.message } : undefined
}
