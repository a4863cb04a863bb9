/**
 * Every bound on connections, on streams, and on requests and waiting within them (spec §8, §9), each with its reason.
 * `README.md` in this folder lists all bounds.
 */
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MIB = 1024 * KIB

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
