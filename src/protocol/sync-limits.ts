/**
 * Every bound on what a stranger may send or make this node do in gossip and sync (spec §5, §7, §8), each with its
 * reason. Bounds on blocks themselves are rules of the chain, in `dag/block-limits.ts`. `README.md` in this folder
 * lists both, with what happens beyond each. An audit fails when no test names a bound.
 */
import { SIGNATURE_BYTES } from '../dag/block-limits.ts'
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MIB = 1024 * KIB
const MINUTE_MS = 60_000

// Messages

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

// Streams, requests and time

/** Inbound sync streams of one peer, over all its connections: the one in use, and those it has not closed yet. */
export const SYNC_STREAMS_PER_PEER = 4

/**
 * Streams that a peer opens, of any protocol. An honest one opens about ten when it connects, a ping every ten seconds,
 * and one per DHT query: a few for each chain that it joins, and again every half hour.
 */
export const STREAMS_OPENED: Rate = { burst: 1024, perSecond: 32 }

/** Streams of a peer open at once on one connection: 32 of the DHT, 16 pings, some of sync, gossip and identify. */
export const STREAMS_AT_ONCE = 128

/**
 * Frames of the multiplexer without data (pings, window updates, resets, empty data) on one connection, beyond those that
 * follow from what passes over it. An honest peer pings every half a minute, over all connections that its own software
 * keeps open; an answer to each costs this node some 40 µs (2026-11).
 */
export const CONTROL_FRAMES: Rate = { burst: 256, perSecond: 8 }

/** Frames without data for each stream: opened or accepted, ended, reset, and a few for a window that grows. */
export const CONTROL_FRAMES_PER_STREAM = 8

/**
 * Frames with data on one connection, beyond one for each `FRAME_BYTES_EXPECTED`. Negotiation and pings have fewer bytes
 * than that, and a full window is now and then cut into pieces; each frame is answered by a window update.
 */
export const SMALL_FRAMES: Rate = { burst: 4096, perSecond: 256 }

/**
 * Protocols asked for on one connection that this node does not speak, beyond `ANSWERS_PER_STREAM`. libp2p answers each by
 * itself and without end, thousands in one packet, and lets nothing else run meanwhile. Software that speaks more than we
 * do asks for some twenty when it connects.
 */
export const REFUSED_PROTOCOLS: Rate = { burst: 256, perSecond: 8 }

/** Answers that agreeing on the protocol of a stream takes: the name of the negotiation, and of the protocol. */
export const ANSWERS_PER_STREAM = 2

/** Bytes of data that pay for a frame: the smallest announcements and requests have about as many. */
export const FRAME_BYTES_EXPECTED = 128

/** Frames that may be earned in advance: in flight are at most as many as two of the largest windows hold slices. */
export const FRAMES_IN_CREDIT = 16_384

/**
 * Bytes below all streams that wait on one connection for a peer that does not read: window updates, answers to pings, what
 * opens streams. Streams themselves wait when the connection is full, so an honest peer that stalls leaves a few KiB.
 */
export const CONTROL_UNSENT_BYTES = MIB

/**
 * The same with what waits on all its streams: a full queue of gossip, 4 MiB, and four replies of sync. Beyond it the
 * connection ends; a peer that stalls on a bad line comes back.
 */
export const CONNECTION_UNSENT_BYTES = 8 * MIB

/** Bytes of a length prefix: 2^28 is far above every bound on messages. */
export const LENGTH_PREFIX_BYTES = 4

/** Bytes read from a stream and not consumed yet. Beyond it the stream is paused, and the sender's window runs out. */
export const UNREAD_BYTES = 512 * KIB

/** Bytes handed to a stream beyond its window: one slice, and what is sent while it drains. */
export const UNSENT_BYTES = MIB

/** Requests without a reply on one stream: a few pulls at full batch size; more is a breach. */
export const REQUESTS_IN_FLIGHT = 32

/**
 * Large replies loaded per stream and not sent yet. Four of 256 KiB keep a stream busy, and bound what a reader that
 * stalls can hold.
 */
export const LOADS_IN_FLIGHT = 4

/** Abandoned requests whose replies may still come. Beyond it the stream is given up. */
export const ABANDONED_REQUESTS = 256

/** Deadline for a stranger's hello; one round trip and a busy machine take far less. */
export const HELLO_TIMEOUT_MS = 10_000

/** From the first byte of a request to its last: the largest, 33 KiB, makes it over a line of 10 kbit/s. */
export const MESSAGE_TIMEOUT_MS = 30_000

/**
 * A reader with less than `PROGRESS_BYTES` in this time while something waits for it is stuck, or wants to hold our
 * memory.
 */
export const DRAIN_TIMEOUT_MS = 30_000

/** Without a reply and with less than `PROGRESS_BYTES` of one in this time, the peer is gone or stuck. */
export const REQUEST_TIMEOUT_MS = 30_000

/**
 * Bytes that count as progress within one of those times: half a slice. A line of 1.1 KiB/s carries a slice in 30 s,
 * and a peer that drips bytes to keep a stream has to send as much as one on a bad line.
 */
export const PROGRESS_BYTES = 16 * KIB

/**
 * The longest wait for a reply, or for a reader of one, whatever the progress: four frames in flight, 1 MiB, make it
 * over a line of 2 KiB/s.
 */
export const SLOWEST_MS = 600_000

/** A message is written in slices of this size: urgent messages get in between, and the other side sees progress. */
export const SLICE_BYTES = 32 * KIB

/** A reply that takes longer shrinks the next request: little is lost if it is cut off, or late for other pulls. */
export const REPLY_GOAL_MS = 5_000

/** An `offer` is answered when the other side's pull has ended: a first copy of a large chain may take this long. */
export const OFFER_TIMEOUT_MS = 600_000

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
// Connections

/**
 * Places for incoming connections that are not upgraded yet, one socket each. An upgrade takes a few round trips: a hundred
 * strangers a second, each from another address, leave 2.5 s for it.
 */
export const PENDING_CONNECTIONS = 256

/** Who connects speaks first. After a round trip as long as this, on a bad line, a connection counts as silent. */
export const FIRST_MESSAGE_MS = 1_000

/** From an accepted connection to one that is encrypted: a peer that runs this software gives up after 6 s. */
export const UPGRADE_TIMEOUT_MS = 6_000

/**
 * New connections from one address at once that say something, before `inboundConnectionsPerSecond` applies: a classroom
 * behind one router may come in the same second. Each costs a handshake, some 3 ms (2026-11).
 */
export const CONNECTIONS_AT_ONCE = 32

/** Connections of one peer: one for each direction, and those that a change of the line left dead. */
export const CONNECTIONS_PER_PEER = 4

/** A peer that is connected for this long has had the time to show that it shares a chain: a handshake and one pull. */
export const SHOW_USE_MS = 10_000

/** Peers remembered as having given blocks, and as sharing a chain: more than can be connected on most nodes. */
export const USEFUL_PEERS = 1024

// Gossip

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

// Unpaid blocks

/**
 * Spec §5: blocks in the mempool, between pulls: surplus kept for a payer that comes in a later pull, and all else that
 * waits.
 */
export const MEMPOOL_BLOCKS = 1000

/** The same in bytes of payloads and headers: a forum post has a few hundred; memory is smaller than a disk. */
export const MEMPOOL_BYTES = 16 * MIB

/**
 * Mempool bound during a pull: blocks must stay until their payer arrives. No honest history has so many under one; a
 * longer list is cut here, and the peer's next pull continues from what got in.
 */
export const MEMPOOL_BLOCKS_IN_PULL = 16_384

/** The same in bytes: as between pulls. A hundred of the largest posts of a forum, and next to all honest histories have a payer sooner. */
export const MEMPOOL_BYTES_IN_PULL = 16 * MIB

/** Memory of a block in the mempool besides its bytes: objects, ids and their places in maps (measured: 1.1 to 1.3 KiB). */
export const POOLED_BLOCK_BYTES = 1280

/**
 * Mempools of all chains together, in bytes of memory, so that a node with any number of chains fits into a small machine. While
 * they are filled, V8 lets 64 MiB of buffers lie about besides that nobody uses any more, before it looks for them (2026-12).
 */
export const MEMPOOL_BYTES_IN_ALL = 24 * MIB

/** Surplus is dropped when none has come for so long: its payer did not follow it. It is fetched again when one comes. */
export const SURPLUS_IDLE_MS = 3_600_000

/** Spec §5: ids of delayed blocks for which the mempool had no room, so that they are not fetched each minute: 2 MiB. */
export const LEFT_OUT_IDS = 16_384

/** They are not fetched again for so long: within an hour the throttle lets in little more. */
export const LEFT_OUT_MS = 3_600_000

/** Spec §5: held posts of this node's own, and as many fetched from other peers: pending welcomes. */
export const HELD_SLOTS = 16

/** Spec §5: stored unpaid blocks, mostly withdrawn ones. */
export const SURPLUS_KEPT = 1000

/** Authors remembered for a withdrawn block, the oldest forgotten first. Each had reps to lose, so there are few. */
export const AVOIDED_AUTHORS = 4096

// Signatures

/**
 * Signatures of one peer that the native verifier refuses and that are checked again, at 1.6 ms each (2026-11). No
 * honest author makes one, but an honest peer may relay those of others: there is room for a few, and the rest is
 * slowed down.
 */
export const RECHECKS_PER_PEER: Rate = { burst: 64, perSecond: 4 }

/** The same for all peers together: a tenth of one core, however many peer ids an attacker makes up. */
export const RECHECKS: Rate = { burst: 256, perSecond: 64 }

/** Steps of judging a block (`reputation/work.ts`) that count as one recheck: one to three microseconds each (2026-11). */
export const STEPS_PER_RECHECK = 1024

/**
 * A block that takes more steps than this is charged for all of them, if it does not get in. Newest blocks take 50 to 150
 * (2026-11); one that leaves out a vote of the first days takes 800 in a chain of 10,000 blocks, and 3,000 in one of 100,000.
 */
export const ORDINARY_STEPS = 256

// Peer score

/** A peer with this many points is banned: one breach may be an accident, four are not. */
export const BAN_AT_POINTS = 4

/** Points halve in this time: after ten minutes without a breach a peer is nearly as good as new. */
export const POINTS_HALF_LIFE_MS = 5 * MINUTE_MS

/** Long enough to make lying expensive, short enough that a repaired peer comes back by itself. */
export const BAN_MS = 10 * MINUTE_MS

/** Peers with points, the oldest forgotten first. A fresh peer id is free, so remembering more would protect nobody. */
export const SCORED_PEERS = 1024
