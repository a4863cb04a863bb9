/**
 * Every bound on the messages of sync, on pulls, and on comparing a chain with peers (spec §5, §7, §8), each with its reason.
 * Time and memory of the streams below are in `stream-limits.ts`. `README.md` in this folder lists all bounds.
 */
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MINUTE_MS = 60_000

// Messages and pulls

/** One sync message: a payload frame of 256 KiB, or as much of blocks, with room for the encoding. */
export const MESSAGE_BYTES = 300 * KIB

/** Bytes of the nonce in a hello. The two nonces of a stream never repeat, so a membership proof cannot be replayed. */
export const HELLO_NONCE_BYTES = 32

/** Bytes of a membership proof: one HMAC-SHA256. */
export const PROOF_BYTES = 32

/** Request ids are unsigned 32-bit: after four thousand million requests a stream must be reopened. */
export const MAX_REQUEST_ID = 0xffff_ffff

/** Heads in `opened` and in a page of heads: 8 KiB. A chain in use has a handful. */
export const HEADS_PER_PAGE = 256

/** Ids in one reply to `diff`: 128 KiB, the cost of one full reply, and at worst a minute of signature checks. */
export const IDS_PER_PAGE = 4096

/**
 * Mostly-known pages of ids tolerated before switching from the list to folds: 512 KiB. Where all heads fit in one
 * page, the known ids listed are at most about as many as the blocks that only this side has, and a page takes less
 * time than descending the folds. With more heads one page is enough evidence.
 */
export const MOSTLY_KNOWN_PAGES = 4

/** Ids in `have`: 32 KiB. About 30 do for a chain of a million blocks with one head; the rest is for wide DAGs. */
export const HAVE_IDS = 1024

/** Blocks around our heads examined for `have`: keeps its cost constant in a long chain. */
export const HAVE_STEPS = 2048

/** Prefixes in one `folds` request. With 32 ids or 16 fingerprints each, the reply has up to 80 KiB. */
export const FOLD_PREFIXES = 64

/** `folds` requests without a reply, per pull: 768 prefixes in one round trip, and at most 960 KiB in flight. */
export const FOLDS_IN_FLIGHT = 12

/** Ids that folds list and that are fetched in one window, ordered by the responder's ranks: about 2 MiB. */
export const FOLD_IDS = 16_384

/** Prefixes that differ and whose folds are not asked for yet: about 2 MiB. A chain of a million blocks has fewer. */
export const FOLD_WAITING = 16_384

/**
 * Prefixes asked for until something is fetched. If nothing was found under them, the pull falls back to `diff`. An
 * honest peer comes near it only if this side has some 100,000 blocks of its own, all over the chain.
 */
export const FOLD_ASKED = 16_384

/** Ids in one `get`: 17 KiB up; 512 small blocks fill half a reply. Half as many cost a catch-up 5 % more CPU. */
export const GET_IDS = 512

/** A payload up to this size travels inside `blocks`; a larger one in frames, so that it delays no small blocks. */
export const INLINE_PAYLOAD_BYTES = 64 * KIB

/** Headers, signatures and payloads in one `blocks` reply. One block always fits. */
export const BLOCKS_REPLY_BYTES = 256 * KIB

/** Ids that a peer lists and does not bring, remembered during one pull: about 2 MiB. */
export const GIVEN_UP_IDS = 16_384

/**
 * Consecutive blocks of a pull with none accepted among them. An honest list has the blocks that only a later paid
 * block brings in directly before that block, and no honest history has so many under one.
 */
export const UNPAID_IDS = 16_384

/** Payload frames in flight (spec §8): 1 MiB keeps a stream with a round trip of 100 ms full at 10 MiB/s. */
export const FRAMES_IN_FLIGHT = 4

/** `get`s in flight or waiting to be stored, per pull: at most 600 KiB in memory, and one page feeds four peers. */
export const GETS_IN_FLIGHT = 2

/** Replies being stored, per pull: one has its signatures checked, one is decided on, one is written. */
export const STORES_IN_FLIGHT = 3

/**
 * Concurrent pulls of one chain, each from another peer. The benefit of a third or fourth is mostly that one may be
 * slow.
 */
export const PULLS_PER_CHAIN = 4

/**
 * Of these, from strangers: peers that nobody named and that have given nothing yet. Ids cost nothing, so however many
 * there are, three places are left to the others.
 */
export const STRANGER_PULLS_PER_CHAIN = 1

/** Pulls from strangers that hold a place, in the whole node: 24 MiB, and one stall of 3 s still lets five a second by. */
export const STRANGER_PULLS = 16

/** Of these, from one address: a quarter, so that three others are not kept waiting by it. */
export const STRANGER_PULLS_PER_ADDRESS = 4

/** Addresses remembered whose last pull stalled, the oldest forgotten first: it only costs the next one a longer look. */
export const STALLED_ADDRESSES = 1024

/** Peers remembered per chain that have given blocks, the oldest gift forgotten first: more than can be connected by default. */
export const PROVEN_PEERS = 512

/**
 * Pulls of the whole node beyond the first of each chain, at about 1.5 MiB each. The first static peer, the first proven
 * one and strangers need none of these.
 */
export const EXTRA_PULLS = 8

/** Without progress for this long a peer counts as slow or silent, and other pulls need not wait for it. */
export const TURN_STALL_MS = 3_000

/** The same for a peer that failed before: it must show that it is back. */
export const TURN_STALL_AGAIN_MS = 300

/** A pull with a place runs this long before it yields to waiting peers of its rank: long enough to be worth its opening. */
export const YIELD_AFTER_MS = 15_000

/** Unsound ids remembered per chain, the oldest forgotten first: about 1 MiB. Senders are penalised, so few occur. */
export const UNSOUND_IDS = 8192

/** Peers whose pulls brought nothing, per chain, the least recently asked forgotten first: peer ids are free. */
export const NEGATIVE_CACHE_PEERS = 256

/**
 * Peers whose state is shown per chain, the oldest dropped first. A peer that leaves while its pull ends is only
 * removed by this.
 */
export const PEERS_SHOWN = 1024

// Missing payloads

/** Missing payloads asked for in one meeting with a peer; the next meeting continues. */
export const PAYLOADS_PER_MEETING = 32

/** Backoffs remembered per chain, by peer and payload, the oldest forgotten first: peer ids are free. */
export const PAYLOAD_BACKOFFS = 4096

// Comparing and asking

/**
 * Each chain is compared with peers that have it at this interval (spec §7), and so this is the longest that a lost
 * announcement delays a chain. A comparison costs one round trip.
 */
export const COMPARE_MS = MINUTE_MS

/**
 * Comparisons that the timer starts. With more chains than these make in a minute, the interval grows: a comparison takes
 * some 0.5 ms of CPU on both sides.
 */
export const COMPARISONS_PER_SECOND = 50

/** Peers with which a chain is compared at each interval: two that have proved useful, and two by chance. */
export const PEERS_COMPARED = 4

/** Peers remembered per chain as having it, or as having said that they have not: peer ids are free. */
export const SHARERS_PER_CHAIN = 64

/** A peer that does not have a chain is asked again after this time: it may have joined without our hearing of it. */
export const ASK_AGAIN_MS = 60 * MINUTE_MS

/**
 * Questions to strangers whether they have a chain, all strangers together: ten connections learn of ten chains in ten
 * seconds, and with 10,000 chains and 100 strangers it costs what ten requests a second cost.
 */
export const STRANGERS_ASKED: Rate = { burst: 32, perSecond: 10 }

/** The same for static peers: a peer with the same 1,000 chains is found to have all of them in 20 s. */
export const STATIC_PEERS_ASKED: Rate = { burst: 64, perSecond: 50 }
