/**
 * The types of blocks (spec §3). A {@link Block} is one message of a chain: header, digest and signature; its payload
 * is separate. Only types, apart from `block.ts`, so that the codec can import them without a cycle.
 */
import type { ContentLabel } from './content-label.ts'
import type { AuthorKey, BlockId, PayloadId } from './ids.ts'

/** How a payload is sealed: not, under the group's key, or to the owner of an `@` chain. */
export type Seal = 'none' | 'group' | 'owner'

/** `id` and `size` are of the bytes as stored: sealed, if `seal` says so. The label is only in posts. */
export interface Pay extends ContentLabel {
  readonly id: PayloadId
  readonly size: number
  readonly seal: Seal
}

/** The paper's *meta*: what the digest covers. */
export interface Header {
  readonly v: 1
  /** 1 + max height of backs. */
  readonly height: number
  /** Milliseconds since the epoch, 0 … 2^53 − 1. */
  readonly time: number
  /** 1 to 16, ascending, distinct; the genesis only alone. */
  readonly backs: readonly BlockId[]
  /** Present iff signed. */
  readonly author?: AuthorKey
  readonly pay: Pay
  /** The post that this one answers, a post in its past. Only in posts. */
  readonly re?: BlockId
  readonly like?: { readonly n: 1 | -1; readonly target: BlockId }
}

/** A decoded block; `id` is the digest of `headerBytes`, the canonical encoding of `header`. */
export interface Block {
  readonly id: BlockId
  readonly header: Header
  readonly headerBytes: Uint8Array
  /** 64 bytes, present iff `header.author` is. */
  readonly signature?: Uint8Array | undefined
}
