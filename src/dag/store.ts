/**
 * The `BlockStore` port: where one chain's blocks and payloads are kept. Blocks have a dense local *index* (the genesis
 * is 0 and is not stored; the first block is 1), and a back's index is always lower than its block's. One
 * {@link ChainStore.commit} is atomic, and a call sees the effect of every call before it, awaited or not. Bytes that
 * were handed in are not altered afterwards by anybody. Implementations run the suite in `test/contract`.
 */
import type { AuthorKey, BlockId, PayloadId } from './ids.ts'

/** Bytes of payload in one stored row and in one frame on the wire. */
export const FRAME_BYTES = 256 * 1024

/**
 * Payloads per chain that may be partly here without a block that has them. Each is at most 64 MiB, so this bounds what
 * cut arrivals leave behind; those that a frame was put for longest ago are dropped first.
 */
export const ARRIVALS_KEPT = 64

/** A payload in frames; none if it is empty. Views, not copies. */
export function framesOfPayload(payload: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = 0; at < payload.byteLength; at += FRAME_BYTES) frames.push(payload.subarray(at, at + FRAME_BYTES))
  return frames
}

/** What the in-memory graph needs of one block. */
export interface GraphRow {
  readonly id: BlockId
  readonly height: number
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Local indexes of the backs, each lower than the block's own. */
  readonly backs: readonly number[]
}

/** What never changes of a known block, and is needed of all blocks at a start. */
export interface BlockRow extends GraphRow {
  /** Present iff the block is signed. */
  readonly author?: AuthorKey | undefined
  /** Present iff it is a like or dislike; the target's local index. */
  readonly like?: { readonly n: 1 | -1; readonly target: number } | undefined
  /** k(u) of spec §5, a whole number of 32 bits; 0 where nobody asks for it. */
  readonly k: number
  /** Made on this node. */
  readonly isOurs: boolean
}

/**
 * How a known block stands here (spec §3, §5).
 * - accepted: `paid`; `unpaid` (accepted for what stands on it)
 * - sound and not accepted: `held` (made here); `guest` (fetched by `peer held`); `surplus` (any other)
 * - not gone by: `ahead` of the clock; `set-back` (was accepted, and the clock was set back from under it); `dropped`
 */
export type BlockState = 'paid' | 'unpaid' | 'held' | 'guest' | 'surplus' | 'ahead' | 'set-back' | 'dropped'

/** Whether blocks in this state are accepted. */
export function isAcceptedState(state: BlockState): state is 'paid' | 'unpaid' {
  return state === 'paid' || state === 'unpaid'
}

/** Whether blocks in this state are gone by: judged, and neither set aside nor dropped. */
export function isGoneBy(state: BlockState): boolean {
  return state !== 'ahead' && state !== 'set-back' && state !== 'dropped'
}

/** A block as committed; its index is `first + position`. */
export interface NewBlock {
  readonly row: BlockRow
  readonly state: BlockState
  readonly headerBytes: Uint8Array
  readonly signature?: Uint8Array | undefined
  readonly payId: PayloadId
  readonly paySize: number
  /** The whole payload; `'stored'` if its frames were put before; `'missing'` if it is not here. */
  readonly payload: Uint8Array | 'stored' | 'missing'
}

/** A payload that is deleted, of the block with this local index. */
export interface DroppedPayload {
  readonly index: number
  readonly id: BlockId
  /** Bytes of the payload; not 0: an empty one is always here. */
  readonly size: number
}

/** One atomic change. Indexes speak of local indexes. */
export interface Commit {
  /** Index of the first of `blocks`: the number of rows known before, counting the genesis. */
  readonly first: number
  readonly blocks: readonly NewBlock[]
  readonly headsAdded: readonly number[]
  readonly headsRemoved: readonly number[]
  /** Blocks known before whose state changed, with the new one. */
  readonly states?: ReadonlyMap<number, BlockState>
  /** Deletes the frames; the payload is missing from now on. Those that are missing already stay so. Known blocks or new ones. */
  readonly payloadsDropped?: readonly DroppedPayload[]
}

/** A row as loaded, with the state that the block was given last. */
export interface LoadedRow extends BlockRow {
  readonly state: BlockState
}

export interface LoadedChain {
  readonly heads: readonly number[]
  /** Indexes of blocks whose payload is not here, ascending. */
  readonly missing: readonly number[]
  /** Bytes of headers, signatures and payloads stored; without payloads that are still arriving. */
  readonly bytes: number
}

export interface StoredBlock {
  readonly headerBytes: Uint8Array
  readonly signature?: Uint8Array | undefined
}

export interface ChainStore {
  /**
   * Reads heads and rows, never headers or payloads of the whole chain. `take` is called with each row in index order,
   * from index 1 on; the rows are not kept.
   */
  load(take: (row: LoadedRow) => void): Promise<LoadedChain>
  /** `sync: true` resolves after the bytes are on disk (a post made here); concurrent synced commits share one flush. */
  commit(commit: Commit, options: { readonly sync: boolean }): Promise<void>
  block(index: number): Promise<StoredBlock | undefined>
  /** Many of them, in the order asked. */
  blocks(indexes: readonly number[]): Promise<readonly (StoredBlock | undefined)[]>
  /** Frame `n` (0-based) of a block's payload, at most {@link FRAME_BYTES}; `undefined` if not here. */
  frame(id: BlockId, n: number): Promise<Uint8Array | undefined>
  /** The first frame of each of many payloads, in the order asked: all of a small one. */
  firstFrames(ids: readonly BlockId[]): Promise<readonly (Uint8Array | undefined)[]>
  /**
   * Keeps a frame of a payload that is still arriving. Frames come in order from 0; one that does not follow on those
   * here, because too many arrivals ({@link ARRIVALS_KEPT}) pushed them out, is not kept.
   */
  putFrame(id: BlockId, n: number, bytes: Uint8Array): Promise<void>
  /** How many frames of a payload are here, whether or not its block is. */
  frames(id: BlockId): Promise<number>
  /** A payload that was missing is here now: all its frames were put. */
  payloadArrived(index: number, bytes: number): Promise<void>
  /** Drops all frames of a payload (wrong digest, or an arrival given up). */
  dropFrames(id: BlockId): Promise<void>
  /** Removes everything of this chain. */
  destroy(): Promise<void>
}
