/** Why a chain cannot be joined or found on this node, or cannot store anything. */
import type { NoRoom } from '../storage/faults.ts'
import type { OverQuota } from './quota.ts'

export type { NoRoom } from '../storage/faults.ts'

export type RegistryFault =
  /** `leftOverBytes`: of its blocks, which are on disk all the same. */
  | { readonly code: 'CHAIN_NOT_JOINED'; readonly chain: string; readonly leftOverBytes?: number }
  | { readonly code: 'CHAIN_NAME_TAKEN'; readonly name: string; readonly joined: string }
  /** A founder is chosen, and the forum here has another one already. */
  | { readonly code: 'CHAIN_OTHER_FOUNDER'; readonly name: string; readonly founder: string; readonly blocks: number }
  /** A founder is chosen for a chain that has none: no forum, or one joined with its pioneers. */
  | { readonly code: 'CHAIN_TAKES_NO_FOUNDER'; readonly name: string }

/** Why a block cannot be made here: there is no room for it. */
export type StorageRefusal = NoRoom | ({ readonly code: 'CHAIN_OVER_QUOTA'; readonly name: string } & OverQuota)

/** A draft that was overtaken, is too old, or is not there (spec §10). */
export interface DraftFault {
  readonly code: 'DRAFT_STALE'
}
