/**
 * The {@link BlockStore} port: where one chain's blocks and payloads are stored. Blocks have a dense local *index* (the
 * genesis is 0 and is not stored; the first block is 1), and a back's index is always lower than its block's.
 * {@link BlockStore.commit} is atomic, and a call sees the effect of every call before it, awaited or not. Nobody changes
 * bytes or rows that were passed in. Implementations run the suite in `test/contract`.
 *
 * The port is generic over the row: what a block means is up to the floor above, which adds its own fields to
 * {@link BlockRow}.
 */
import type { AuthorKey, BlockId } from './ids.ts'

/** Bytes of payload in one stored row and in one frame on the wire. */
export const FRAME_BYTES = 256 * 1024

/**
 * Payloads per chain that may be partly stored before their block is. Each is at most 64 MiB, so this bounds what
 * interrupted transfers leave behind; the one that got its latest frame longest ago is dropped first.
 */
export const ARRIVALS_KEPT = 64

/** The frames of a payload, as views; none if it is empty. */
export function framesOfPayload(payload: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = 0; at < payload.byteLength; at += FRAME_BYTES) frames.push(payload.subarray(at, at + FRAME_BYTES))
  return frames
}

/** Frames of a payload of this size. */
export function frameCount(size: number): number {
  return Math.ceil(size / FRAME_BYTES)
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

/** A block whose links are resolved to local indexes: what the floors above compute with. */
export interface ResolvedBlock extends GraphRow {
  /** Present iff the block is signed. */
  readonly author?: AuthorKey | undefined
  /** Present iff it is a like or dislike; the target's local index. */
  readonly like?: { readonly n: 1 | -1; readonly target: number } | undefined
}

/** What is loaded of every block when a node starts. Only `state` changes after the block is committed. */
export interface BlockRow extends ResolvedBlock {
  /** Made on this node. */
  readonly isOurs: boolean
  /** Opaque to this floor: the store gives back the one it was given last. */
  readonly state: unknown
}

/** The bytes of a payload; `'stored'` if the store has all its frames already; `'missing'` if this node does not have it. */
export type Payload = Uint8Array | 'stored' | 'missing'

/** A block as committed; its index is `first + position`. */
export interface NewBlock<Row extends BlockRow> {
  readonly row: Row
  readonly headerBytes: Uint8Array
  readonly signature?: Uint8Array | undefined
  readonly paySize: number
  readonly payload: Payload
}

/** A payload to delete, and the local index of its block. */
export interface DroppedPayload {
  readonly index: number
  readonly id: BlockId
  /** Bytes of the payload. Not 0: an empty payload is never missing. */
  readonly size: number
}

/** One atomic change. Blocks are named by local index. */
export interface Commit<Row extends BlockRow> {
  /** Index of the first of `blocks`: the number of rows before this commit, plus 1 for the genesis. */
  readonly first: number
  readonly blocks: readonly NewBlock<Row>[]
  readonly headsAdded: readonly number[]
  readonly headsRemoved: readonly number[]
  /** New states of blocks that were committed before. */
  readonly states?: ReadonlyMap<number, Row['state']>
  /** Payloads of earlier or new blocks to delete; they are missing from then on. No effect on one that is missing already. */
  readonly payloadsDropped?: readonly DroppedPayload[]
  /** Payloads of earlier or new blocks to mark as kept aside since this time, in ms. No effect on one that is missing. */
  readonly payloadsAside?: ReadonlyMap<number, number>
  /** Payloads to mark as kept aside no longer. */
  readonly payloadsBack?: readonly number[]
}

export interface LoadedChain {
  readonly heads: readonly number[]
  /** Indexes of blocks whose payload is missing, ascending. */
  readonly missing: readonly number[]
  /** Since when payloads are kept aside, in ms, by index of their blocks. Never one that is missing. */
  readonly aside: ReadonlyMap<number, number>
  /** Bytes of headers, signatures and payloads stored, without payloads that are still arriving. */
  readonly bytes: number
}

/** The bytes of a block without its payload, not decoded: as the store returns them, and as they travel. */
export interface StoredBlock {
  readonly headerBytes: Uint8Array
  readonly signature?: Uint8Array | undefined
}

export interface BlockStore<Row extends BlockRow> {
  /**
   * Reads heads and rows, never headers or payloads of the whole chain. Calls `take` with each row in index order, from
   * index 1 on, and does not retain the rows.
   */
  load(take: (row: Row) => void): Promise<LoadedChain>
  /** `sync: true` resolves after the bytes are on disk (a post made here); concurrent synced commits share one flush. */
  commit(commit: Commit<Row>, options: { readonly sync: boolean }): Promise<void>
  block(index: number): Promise<StoredBlock | undefined>
  /** Many blocks, in the order asked. */
  blocks(indexes: readonly number[]): Promise<readonly (StoredBlock | undefined)[]>
  /** Frame `n` (0-based) of a block's payload, at most {@link FRAME_BYTES}; `undefined` if it is not stored. */
  frame(id: BlockId, n: number): Promise<Uint8Array | undefined>
  /** The first frame of each of many payloads, in the order asked: all of a small one. */
  firstFrames(ids: readonly BlockId[]): Promise<readonly (Uint8Array | undefined)[]>
  /**
   * Stores a frame of a payload that is still arriving. Frames come in order from 0. A frame whose predecessor is not
   * stored, because more than {@link ARRIVALS_KEPT} arrivals pushed it out, is ignored.
   */
  putFrame(id: BlockId, n: number, bytes: Uint8Array): Promise<void>
  /** How many frames of a payload are stored, whether or not its block is. */
  frames(id: BlockId): Promise<number>
  /** A missing payload is complete: all its frames were put. */
  payloadArrived(index: number, bytes: number): Promise<void>
  /** Deletes all frames of a payload (wrong digest, or a transfer that was given up). */
  dropFrames(id: BlockId): Promise<void>
  /** Deletes everything of this chain. */
  destroy(): Promise<void>
}
