/** A block between its checks and its place in the chain: what `block-importer.ts`, `staging.ts` and `mempool.ts` hand around. */
import type { Block } from '../../../dag/block.ts'

/** Somebody who pays for it; its time (spec §3); or its turn (spec §5, *Throttle*). */
export type WaitsFor = 'payer' | 'clock' | 'turn'

/** A checked block: its structure, payload and signature hold. */
export interface Entry {
  readonly block: Block
  readonly payload: Uint8Array | 'stored' | 'missing'
  /** Made here. */
  readonly isOurs: boolean
  /** While it is in the bag: what for. */
  readonly waitsFor: WaitsFor
  /** k(u), once it was found to be sound. */
  readonly k?: number | undefined
}
