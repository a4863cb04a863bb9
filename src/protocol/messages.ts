/**
 * Messages of sync and gossip, protocol ids and versions (spec §7, §8). Every request has exactly one reply with the
 * same `id`. So requests of many chains interleave on one stream, and the requester controls backpressure by how many
 * it has in flight.
 */
import type { FoldPart, Prefix } from '../dag/fingerprint-tree.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import type { StoredBlock } from '../dag/store.ts'

export const SYNC_PROTOCOL = '/freechains/sync/1.0.0'
export const KAD_PROTOCOL = '/freechains/kad/1.0.0'
export const TOPIC_PREFIX = '/freechains/1/'

/** Of a topic: the prefix, and 32 bytes in base32. */
export const TOPIC_CHARS = TOPIC_PREFIX.length + 52

/** First message of each side on a sync stream. */
export interface Hello {
  readonly t: 'hello'
  readonly v: 1
  /** 32 random bytes, fresh for each stream. */
  readonly nonce: Uint8Array
}

/** Which side of a stream: the requester opened it. Covered by the membership proof. */
export type Role = 'requester' | 'responder'

export type Request =
  /** The first request for each chain on a stream: names it by rendezvous (32 bytes), proves a group's key. */
  | { readonly t: 'open'; readonly id: number; readonly chain: Uint8Array; readonly proof?: Uint8Array }
  /** The next page of heads: those after `after` in ascending order of ids. */
  | { readonly t: 'heads'; readonly id: number; readonly chain: Uint8Array; readonly after: BlockId }
  /**
   * The blocks that the responder accepts and that are neither in `have` nor in the past of one of them; pasts first.
   * `after` is the last id of the page before: `have` has a bounded length and cannot describe every set, so the list
   * continues from there.
   */
  | {
      readonly t: 'diff'
      readonly id: number
      readonly chain: Uint8Array
      readonly have: readonly BlockId[]
      readonly after?: BlockId
    }
  /** What the responder accepts under each of these prefixes (`dag/fingerprint-tree.ts`); 1 to 64, distinct. */
  | { readonly t: 'folds'; readonly id: number; readonly chain: Uint8Array; readonly prefixes: readonly Prefix[] }
  /**
   * Blocks by id. The reply settles the longest run from the front that fits: at least one block that the responder
   * has.
   */
  | { readonly t: 'get'; readonly id: number; readonly chain: Uint8Array; readonly ids: readonly BlockId[] }
  /** One frame of a payload, from `offset` (a multiple of the frame size). */
  | {
      readonly t: 'frame'
      readonly id: number
      readonly chain: Uint8Array
      readonly block: BlockId
      readonly offset: number
    }
  /** The responder's held posts: their ids, and those of the unaccepted blocks below them, pasts first. */
  | { readonly t: 'held'; readonly id: number; readonly chain: Uint8Array }
  /** Asks the responder to pull this chain from the requester now, and to report the result. */
  | { readonly t: 'offer'; readonly id: number; readonly chain: Uint8Array }

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

/** A request that its stream has not numbered yet. */
export type RequestBody = WithoutId<Request>

/** Why a request is refused. `unknown-chain` also answers a non-member of a group, byte for byte. */
export type RefuseCode = 'unknown-chain' | 'incompatible' | 'busy' | 'bad-request'

export type PayloadState = 'inline' | 'frames' | 'hidden' | 'absent'

/** A block on the wire: its bytes as stored. `payload` is present iff `state` is `inline`. */
export interface WireBlock extends StoredBlock {
  readonly state: PayloadState
  readonly payload?: Uint8Array | undefined
}

/**
 * What is under a prefix. Either up to 32 blocks in order, each with its rank: only the comparison of ranks has a
 * meaning (in ascending order pasts come first, and the blocks that only a later paid block brings in come directly
 * before it). Or all the digits that the blocks share, and the parts by the digit that follows.
 */
export type Fold =
  | { readonly ids: readonly BlockId[]; readonly ranks: readonly number[] }
  | { readonly at: Prefix; readonly parts: readonly FoldPart[] }

export type Reply =
  | {
      readonly t: 'opened'
      readonly id: number
      readonly proof?: Uint8Array
      /** The founder that the responder follows, in a forum joined without pioneers. */
      readonly pioneer?: AuthorKey
      /** How many blocks the responder accepts. For people; decides nothing. */
      readonly blocks: number
      readonly heads: readonly BlockId[]
      readonly more: boolean
    }
  | { readonly t: 'heads'; readonly id: number; readonly heads: readonly BlockId[]; readonly more: boolean }
  | { readonly t: 'ids'; readonly id: number; readonly ids: readonly BlockId[]; readonly more: boolean }
  /** One for each prefix, in the order asked. */
  | { readonly t: 'folds'; readonly id: number; readonly folds: readonly Fold[] }
  /**
   * `asked`: how many of the requested ids, from the front, this reply settles: each is sent here, or the responder
   * lacks it.
   */
  | { readonly t: 'blocks'; readonly id: number; readonly asked: number; readonly blocks: readonly WireBlock[] }
  | { readonly t: 'frame'; readonly id: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly t: 'no-payload'; readonly id: number; readonly why: 'hidden' | 'absent' }
  /** See {@link Offered}. */
  | ({ readonly t: 'offered'; readonly id: number } & Offered)
  | { readonly t: 'refuse'; readonly id: number; readonly code: Exclude<RefuseCode, 'incompatible'> }
  /** The responder follows this founder, and accepts so many blocks. */
  | {
      readonly t: 'refuse'
      readonly id: number
      readonly code: 'incompatible'
      readonly pioneer: AuthorKey
      readonly blocks: number
    }

/** What came of an offer. */
export interface Offered {
  /** Blocks that the responder gained. */
  readonly fresh: number
  /** Those that it knows of and still lacks. */
  readonly missing: number
  /** How many of these are there and delayed (spec §5, *Throttle*); absent if none is. */
  readonly delayed?: number
}

/** What is said on a chain's topic (spec §7). */
export type Announcement = HeadsAnnouncement | WaitingAnnouncement

interface AnnouncementBase {
  readonly v: 1
  /** 8 random bytes: gossipsub's message id is the hash of the bytes. */
  readonly nonce: Uint8Array
}

/** Names the newest heads. */
export interface HeadsAnnouncement extends AnnouncementBase {
  /** 1 to 16. */
  readonly heads: readonly BlockId[]
  /** The newest block rides along when header and payload together are small enough. */
  readonly block?: StoredBlock & { readonly payload: Uint8Array }
}

/** Tells neighbours how many held posts wait for a like at its sender. Never relayed. */
export interface WaitingAnnouncement extends AnnouncementBase {
  /** 0 to 16; 0: none any more. */
  readonly waiting: number
}
