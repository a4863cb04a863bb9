/**
 * Every bound on announcements, and on what gossipsub reads, sends and remembers (spec §7), each with its reason.
 * `README.md` in this folder lists all bounds.
 */
import { SIGNATURE_BYTES } from '../dag/block-limits.ts'
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MIB = 1024 * KIB
const MINUTE_MS = 60_000

/** Heads in one announcement (spec §7). */
export const ANNOUNCE_HEADS = 16

/** The newest block rides along when header and payload together have at most this size (spec §7). */
export const RIDING_BLOCK_BYTES = 16 * KIB

/** Bytes of the nonce in an announcement. */
export const ANNOUNCE_NONCE_BYTES = 8

/** A CID in dag-cbor: tag, length, leading zero, and 36 bytes of CIDv1. */
const CID_CBOR_BYTES = 41

/** Field names, lengths and the nonces of an announcement, with room to spare. */
const ANNOUNCEMENT_OVERHEAD_BYTES = 256

/** One announcement, sealed or not: 16 heads and a riding block. */
export const ANNOUNCEMENT_BYTES =
  RIDING_BLOCK_BYTES + SIGNATURE_BYTES + ANNOUNCE_HEADS * CID_CBOR_BYTES + ANNOUNCEMENT_OVERHEAD_BYTES

/**
 * One gossipsub RPC on the way out (spec §7): three full announcements, or the subscriptions of 900 chains. The library
 * itself sets no bound: it puts all subscriptions, and up to 128 requested messages, into one.
 */
export const GOSSIP_RPC_BYTES = 64 * KIB

/**
 * Protobuf fields of one RPC on the way in: a subscription has three, so there is room for those of 16,384 chains at once.
 * The decoder makes an object of each field, at 1.5 µs: 2 MiB of empty ids stopped a node for 1.5 s (2026-11).
 */
export const GOSSIP_RPC_FIELDS = 48 * KIB

/** What a field counts beside its own bytes in `GOSSIP_READ`: at two bytes each, a stranger's CPU is bounded to 5 %. */
export const GOSSIP_FIELD_BYTES = 64

/**
 * Bytes of gossip read from one neighbour, over all its streams. The subscriptions and grafts of 16,384 chains fit into the
 * burst; 2,000 small announcements a second go on for ever. Beyond it the stream is read later.
 */
export const GOSSIP_READ: Rate = { burst: 8 * MIB, perSecond: 2 * MIB }

/**
 * Messages of gossip taken from one neighbour, of all chains together: each costs some 40 µs and a place in the library's
 * caches. Beyond it they are dropped unread, and one pull of each chain makes up for them, as with `ANNOUNCEMENTS`.
 */
export const GOSSIP_MESSAGES: Rate = { burst: 4096, perSecond: 256 }

/**
 * Ids of messages that the library remembers as seen, the oldest forgotten first: some 20 MiB. By itself it keeps each
 * for two minutes, however many there are. Without its id a block that comes again is known all the same.
 */
export const SEEN_MESSAGES = 32 * KIB

/**
 * Topics that are not joined here and that one neighbour follows, remembered in case that they are joined later. The
 * library's own budget, which counts joined topics too, comes to 961.
 */
export const OTHER_TOPICS_PER_PEER = 1024

/** What neighbours may have of them in all beyond that: some 20 MiB. After a restart, chains that are yet to be opened. */
export const OTHER_TOPICS = 64 * KIB

/**
 * Topics of a peer that software with js-libp2p's usual budget remembers, 1 MiB of 1,090 bytes each. With more chains than
 * these a node warns: such peers hear of the others when heads are compared.
 */
export const USUAL_TOPICS = 961

/** Backoffs after a prune, of all topics; beyond it those of peers that are gone go. Twelve peers of 10,000 chains fit. */
export const PRUNE_BACKOFFS = 128 * KIB

/** The longest backoff that a neighbour can ask for: ten times the usual one. */
export const PRUNE_BACKOFF_S = 600

/** Neighbours of a chain whose number of held posts is remembered, the oldest forgotten first: peer ids are free. */
export const WAITING_NEIGHBOURS = 1024

/**
 * How many posts wait here for a like is announced at most this often per chain (spec §7): who may welcome somebody is to hear of
 * it while he still waits, and an announcement of 31 bytes costs little.
 */
export const WAITING_EVERY_MS = 10_000

/** While some wait it is announced again after this time, for neighbours that did not hear it. */
export const WAITING_AGAIN_MS = 10 * MINUTE_MS

/** Pulled blocks are announced together with what comes within this time (spec §7). */
export const ANNOUNCE_COALESCE_MS = 100

/** Riding blocks of one chain in the queue. Beyond it an announcement is only a hint. */
export const RIDING_QUEUE = 64

/**
 * Announcements of one chain read from one neighbour. It may relay those of everybody; a forum with 64 posts a second
 * is cheaper to pull. Beyond the rate they are skipped unread, and one pull makes up for all of them.
 */
export const ANNOUNCEMENTS: Rate = { burst: 256, perSecond: 64 }

/** Own announcements sent: half of what a neighbour reads, which leaves room for relayed ones. */
export const OWN_ANNOUNCEMENTS: Rate = { burst: 128, perSecond: 32 }

/** After announcements were skipped, their sender is pulled from within this time. */
export const CATCH_UP_MS = 5_000

/**
 * No honest peer sends more for one chain: a relaying peer has imported each block first, and a whole core imports
 * about 2,000 a second (2026-11, in memory, nothing else done).
 */
export const ANNOUNCEMENT_FLOOD: Rate = { burst: 8192, perSecond: 2048 }

/**
 * Peers whose rates are remembered, ten times as many as can be connected; the one silent for longest is forgotten
 * first.
 */
export const RATE_LIMITED_PEERS = 1024
