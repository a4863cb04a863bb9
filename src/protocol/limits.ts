/**
 * Every bound on what a stranger may send or make us do in gossip and in sync (spec §5, §7, §8), each with its reason.
 * Bounds that the blocks themselves obey are rules of the chain and live in `dag/limits.ts`; `README.md` beside this file
 * lists both, with what comes of going beyond. An audit fails when a bound is named by no test.
 */
import { SIGNATURE_BYTES } from '../dag/block-limits.ts'
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MIB = 1024 * KIB
const MINUTE_MS = 60_000

// Messages

/** One sync message: a payload frame of 256 KiB, or as much of blocks, with room for what stands around it. */
export const MESSAGE_BYTES = 300 * KIB

/** Bytes of the nonce in a hello: the two nonces of a stream never repeat, so no membership proof can be replayed. */
export const HELLO_NONCE_BYTES = 32

/** Bytes of a membership proof: one HMAC-SHA256. */
export const PROOF_BYTES = 32

/** Request ids are unsigned 32-bit: a stream that lives through four thousand million requests may be opened anew. */
export const MAX_REQUEST_ID = 0xffff_ffff

/** Heads in `opened` and in a page of them: 8 KiB. A chain in use has a handful. */
export const HEADS_PER_PAGE = 256

/** Ids in one answer to `diff`: 128 KiB, the cost of one full reply, and a minute's work for the signatures at worst. */
export const IDS_PER_PAGE = 4096

/**
 * Pages of ids, most of them had, before folds take over from the list: 512 KiB. Where all heads fit in a page, what is
 * listed in vain is at most about as much as this side has alone, and a page costs less time than the depth of the folds.
 * With more heads one page says enough.
 */
export const PAGES_IN_VAIN = 4

/** Ids in `have`: 32 KiB. Some 30 do for a chain of a million blocks with one head; the rest is for wide ones. */
export const HAVE_IDS = 1024

/** Blocks around our heads that are looked at for `have`: what it costs stays the same in a long chain. */
export const HAVE_STEPS = 2048

/** Prefixes in one `folds`: at 32 ids, or 16 fingerprints, for each of them the reply has up to 80 KiB, as a page of ids. */
export const FOLD_PREFIXES = 64

/** Requests for folds without a reply, per pull: 768 prefixes in one round trip, and at most 960 KiB under way. */
export const FOLDS_IN_FLIGHT = 12

/** Ids that folds list and that are fetched in one go, in the order of the responder's ranks: some 2 MiB. */
export const FOLD_IDS = 16_384

/** Prefixes that differ and whose folds are still to be asked for: some 2 MiB. A chain of a million blocks has fewer. */
export const FOLD_WAITING = 16_384

/**
 * Prefixes asked for until something is fetched. If there was nothing to fetch among them, a pull goes on with `diff`: an
 * honest peer comes near it only where this one has some 100,000 blocks of its own, all over the chain.
 */
export const FOLD_ASKED = 16_384

/** Ids in one `get`: 17 KiB up; small blocks of that number fill half a reply. Half as many cost a catch-up 5 % more CPU. */
export const GET_IDS = 512

/** A payload up to this travels inside `blocks`; a larger one in frames, so that it cannot hold up small blocks. */
export const INLINE_PAYLOAD_BYTES = 64 * KIB

/** Headers, signatures and payloads in one `blocks` reply; one block always fits. */
export const BLOCKS_REPLY_BYTES = 256 * KIB

/** Ids that a peer lists and that do not get in, remembered for the length of one pull: some 2 MiB. */
export const GIVEN_UP_IDS = 16_384

/**
 * Blocks that come one after another in a pull with none accepted among them. An honest list has what only a later paid
 * block brings in directly before that block, and no honest history has so much under one.
 */
export const UNPAID_IDS = 16_384

/** Payload frames asked for and not yet here (spec §8): 1 MiB under way keeps a stream of 100 ms full at 10 MiB/s. */
export const FRAMES_IN_FLIGHT = 4

/** Replies to `get` asked for or waiting to be stored, per pull: at most 600 KiB held in memory, and a page serves four peers. */
export const GETS_IN_FLIGHT = 2

/** Replies being stored, per pull: signatures of one are checked while one is judged and the one before it is written. */
export const STORES_IN_FLIGHT = 3

/** Pulls of one chain at once, each from another peer: what a third or fourth adds is mostly that one may be slow. */
export const PULLS_PER_CHAIN = 4

/** Pulls beyond the first of each chain, of the whole node: at some 1.5 MiB each. */
export const EXTRA_PULLS = 8

/** Without progress for this long a peer is taken to be slow or silent, and others need not wait for it. */
export const TURN_STALL_MS = 3_000

/** The same for one that failed before: it has to show that it is back. */
export const TURN_STALL_AGAIN_MS = 300

/** Ids of unsound blocks remembered per chain, the oldest out: who sends one is punished, so they are few. Some 1 MiB. */
export const UNSOUND_IDS = 8192

/** Peers of whose pulls nothing came, remembered per chain, the one asked longest ago out: ids of peers cost nothing. */
export const FRUITLESS_PEERS = 256

/** Peers whose state is shown per chain, the oldest out: one that goes away while its pull ends is not taken out otherwise. */
export const PEERS_SHOWN = 1024

// Streams, requests and time

/** Inbound sync streams of one peer, over all its connections: the one in use, and those it has not yet let go. */
export const SYNC_STREAMS_PER_PEER = 4

/**
 * Streams that a peer opens, of whatever protocol. An honest one opens some ten when it connects, a ping every ten seconds,
 * and one for each question to the DHT: a few for each chain that it joins, and again every half an hour.
 */
export const STREAMS_OPENED: Rate = { burst: 1024, perSecond: 32 }

/** Streams of a peer open at once on one connection: 32 of the DHT, 16 pings, some of sync, gossip and identify. */
export const STREAMS_AT_ONCE = 128

/** Bytes of a length prefix: 2^28 is far above every cap. */
export const FRAME_LENGTH_BYTES = 4

/** Bytes taken from a stream and not used yet; beyond it the stream is paused and the sender runs out of window. */
export const UNREAD_BYTES = 512 * KIB

/** Bytes handed to a stream beyond what its window lets out: a slice, and whatever is said while it drains. */
export const UNSENT_BYTES = MIB
/** Requests without a reply on one stream: a few pulls at full width; more than this is a breach. */
export const REQUESTS_IN_FLIGHT = 32

/** Large replies loaded per stream and not taken yet: four of 256 KiB keep a stream busy, and bound what one that is not read holds. */
export const LOADS_IN_FLIGHT = 4

/** Abandoned requests whose replies may still come; a peer that owes us more is not worth waiting for. */
export const ABANDONED_REQUESTS = 256

/** A stranger that opens a stream and says nothing; one round trip and a busy machine take far less. */
export const HELLO_TIMEOUT_MS = 10_000

/** From the first byte of a request to its last: the largest, 33 KiB, comes in time over a line of 10 kbit/s. */
export const FRAME_TIMEOUT_MS = 30_000

/** A reader that takes next to nothing for this long while something waits for it is stuck, or wants to hold our memory. */
export const DRAIN_TIMEOUT_MS = 30_000

/** No reply in this time, and next to nothing of one: the peer is gone or stuck. */
export const REQUEST_TIMEOUT_MS = 30_000

/**
 * Less than this in one of those times is next to nothing: half a slice. A line of 1.1 KiB/s carries a slice in 30 s, and
 * who drips bytes to keep a stream has to send as much as a peer on a bad line.
 */
export const PROGRESS_BYTES = 16 * KIB

/**
 * However it may move, a reply is not waited for any longer, nor a reader of one: the four frames under way at once,
 * 1 MiB, come in time over a line of 2 KiB/s.
 */
export const SLOWEST_MS = 600_000

/** A message goes out in parts of this: what is urgent gets in between, and the other side sees something move. */
export const SLICE_BYTES = 32 * KIB

/** Fewer blocks are asked for at once where a reply takes longer: what is cut, or late for others, is little then. */
export const REPLY_GOAL_MS = 5_000

/** An `offer` is answered when the other side's pull has ended: as long as a first copy of a large chain may take. */
export const OFFER_TIMEOUT_MS = 600_000

/** Missing payloads asked for at one meeting; the next meeting goes on. */
export const PAYLOADS_PER_MEETING = 32

/** Backoffs remembered per chain, by peer and payload, the oldest out: peers are free to invent. */
export const PAYLOAD_BACKOFFS = 4096

// Gossip

/** Heads in one announcement (spec §7). */
export const ANNOUNCE_HEADS = 16

/** The newest block rides along when header and payload together have at most this (spec §7). */
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

/** What was pulled is announced together with what comes within this time (spec §7). */
export const ANNOUNCE_COALESCE_MS = 100

/** Riding blocks of one chain that wait for their turn; beyond it an announcement is only a hint. */
export const RIDING_QUEUE = 64

/**
 * Announcements of one chain that are read of one neighbour: it may pass on those of everybody, and a forum where 64 a
 * second are posted is pulled with less ado. Beyond it they are skipped unread, and one pull makes up for all of them.
 */
export const ANNOUNCEMENTS: Rate = { burst: 256, perSecond: 64 }

/** Own announcements that go out at once, half of what a neighbour reads: the rest is room for what is passed on. */
export const OWN_ANNOUNCEMENTS: Rate = { burst: 128, perSecond: 32 }

/** When announcements were skipped, their sender is pulled from after this. */
export const CATCH_UP_MS = 5_000

/**
 * More than this no honest peer sends of one chain: who passes an announcement on has taken its block in, one by one, and
 * a whole core does some 2,000 a second (2026-11, in memory, and nothing else done).
 */
export const ANNOUNCEMENT_FLOOD: Rate = { burst: 8192, perSecond: 2048 }

/** Peers whose rates are remembered, ten times those that can be connected; the one longest silent out. */
export const PACED_PEERS = 1024

// Blocks that nobody paid for

/** Spec §5: surplus kept for a payer that comes in a later pull, with all else that waits. */
export const BAG_BLOCKS = 1000

/** The same in bytes of payloads and headers: posts of a forum have a few hundred bytes each, and memory is not a disk. */
export const BAG_BYTES = 16 * MIB

/**
 * During a pull what stands under a payer still to come must stay. No honest history has so much under one; a list that
 * goes on beyond is cut here, and the peer's next pull begins with what is in by then.
 */
export const BAG_BLOCKS_IN_PULL = 16_384

/** The same in bytes. */
export const BAG_BYTES_IN_PULL = 64 * MIB

/** Spec §5: held posts of this node's own, and as many slots for those fetched from other peers: pending welcomes. */
export const HELD_SLOTS = 16

/** Spec §5: stored blocks that nobody pays for; those that were withdrawn, mostly. */
export const SURPLUS_KEPT = 1000

/** Authors who had a block withdrawn and are remembered, the one longest ago out: each had reps to lose, so there are few. */
export const SHUNNED_AUTHORS = 4096

// Signatures

/**
 * Signatures that no native verifier takes and that are looked at again for one peer, at 1.6 ms each (2026-11). No honest
 * author makes one, but an honest peer may pass on those of others: there is room for a few, and the rest takes its time.
 */
export const RECHECKS_PER_PEER: Rate = { burst: 64, perSecond: 4 }

/** The same for all peers together: a tenth of one core, however many peer ids somebody makes up. */
export const RECHECKS: Rate = { burst: 256, perSecond: 64 }

// What is held against a peer

/** So many points at once and the peer is banned: one breach may be a fault on the way, four are not. */
export const BAN_AT_POINTS = 4

/** Half of the points are gone after this: ten minutes without a breach and a peer is nearly as good as new. */
export const POINTS_HALF_LIFE_MS = 5 * MINUTE_MS

/** Long enough to make lying expensive, short enough that a peer that was repaired comes back by itself. */
export const BAN_MS = 10 * MINUTE_MS

/** Peers against whom something is held, the oldest out: a fresh peer id costs nothing, so more would protect nobody. */
export const STANDINGS = 1024
