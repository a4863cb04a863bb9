/**
 * Every bound on what a stranger may send or make us do (spec §7, §8), each with its reason. Bounds that the blocks
 * themselves obey are rules of the chain and live in `dag/limits.ts`; how many streams a peer may open is `node`'s.
 */
import { SIGNATURE_BYTES } from '../dag/limits.ts'

const KIB = 1024

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

/** Ids in `have`: 32 KiB. Some 30 do for a chain of a million blocks with one head; the rest is for wide ones. */
export const HAVE_IDS = 1024

/** Blocks around our heads that are looked at for `have`: what it costs stays the same in a long chain. */
export const HAVE_STEPS = 2048

/** Prefixes in one `folds`: at 32 ids, or 16 fingerprints, for each of them the reply has up to 80 KiB, as a page of ids. */
export const FOLD_PREFIXES = 64

/** Requests for folds without a reply, per pull: 256 prefixes in one round trip, and at most 320 KiB under way. */
export const FOLDS_IN_FLIGHT = 4

/** Ids that folds list and that are fetched in one go, in the order of the responder's ranks: some 2 MiB. */
export const FOLD_IDS = 16_384

/** Prefixes that differ and whose folds are still to be asked for: some 2 MiB. A chain of a million blocks has fewer. */
export const FOLD_WAITING = 16_384

/**
 * Prefixes asked for until something is fetched. If there was nothing to fetch among them, a pull goes on with `diff`: an
 * honest peer comes near it only where this one has some 100,000 blocks of its own, all over the chain.
 */
export const FOLD_ASKED = 16_384

/** Ids in one `get`: 8 KiB up, and small blocks of that number fill a reply. */
export const GET_IDS = 256

/** A payload up to this travels inside `blocks`; a larger one in frames, so that it cannot hold up small blocks. */
export const INLINE_PAYLOAD_BYTES = 64 * KIB

/** Headers, signatures and payloads in one `blocks` reply; one block always fits. */
export const BLOCKS_REPLY_BYTES = 256 * KIB

/** Ids that a peer lists and that do not get in, remembered for the length of one pull: some 2 MiB. */
export const GIVEN_UP_IDS = 16_384

/** Payload frames asked for and not yet here (spec §8): 1 MiB under way keeps a stream of 100 ms full at 10 MiB/s. */
export const FRAMES_IN_FLIGHT = 4

/** Replies to `get` asked for or waiting to be stored, per pull: at most 900 KiB held in memory. */
export const GETS_IN_FLIGHT = 3

/** Replies being stored, per pull: signatures of one are checked while one is judged and the one before it is written. */
export const STORES_IN_FLIGHT = 3

/** Pulls of one chain at once, each from another peer: what a third or fourth adds is mostly that one may be slow. */
export const PULLS_PER_CHAIN = 4

/** Pulls beyond the first of each chain, of the whole node: at some 1.5 MiB each. */
export const EXTRA_PULLS = 8

/** Requests without a reply on one stream: a few pulls at full width; more than this is a breach. */
export const REQUESTS_IN_FLIGHT = 32

/** Large replies loaded per stream and not taken yet: four of 256 KiB keep a stream busy, and bound what one that is not read holds. */
export const LOADS_IN_FLIGHT = 4

/** No reply in this time: the peer is gone or stuck. */
export const REQUEST_TIMEOUT_MS = 30_000

/** An `offer` is answered when the other side's pull has ended: as long as a first copy of a large chain may take. */
export const OFFER_TIMEOUT_MS = 600_000

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
