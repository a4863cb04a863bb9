/** Why a sync with a peer that a command asked for did not happen, as coded data. */
import type { RpcFault } from './client.ts'

export type SyncFault =
  | RpcFault
  | { readonly code: 'SYNC_REFUSED'; readonly peer: string; readonly why: string }
  | { readonly code: 'SYNC_INCOMPATIBLE'; readonly ours: string; readonly theirs: string }
  /** Others had their turn; what came is kept, and the rest is pulled later. */
  | { readonly code: 'SYNC_CUT'; readonly fresh: number }
  | { readonly code: 'SYNC_FAILED'; readonly peer: string; readonly why: string }
