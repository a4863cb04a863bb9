/** Bounds on held posts of other nodes (spec §5 *Lobby*, §8): how many are kept, and how often they are asked for. */
import type { Rate } from './token-bucket.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const KIB = 1024

/**
 * Held posts of other nodes in the lobby of one chain: more than anybody reads through to welcome some, and more than the
 * peers that a chain usually has, so that each has a slot.
 */
export const LOBBY_SLOTS = 64

/** Of one peer: a node is one person's or a family's, and each author has one slot. What is beyond waits at the peer. */
export const LOBBY_SLOTS_PER_PEER = 4

/** When every slot is taken and no peer has more than another, a post leaves after this time for one that has had none. */
export const LOBBY_TURN_MS = MINUTE_MS

/** Bytes of headers, signatures and payloads in the lobbies of all chains: four full ones. A phone can spare that. */
export const LOBBY_BYTES = 16 * 1024 * KIB

/** Ids that are not fetched again for a while, per chain, the oldest forgotten first: an attacker makes up as many as he likes. */
export const LOBBY_DECLINED = 1024

/** So long is "a while" for a post that had its turn, whose author has a slot, or that is unsound. */
export const LOBBY_DECLINED_MS = 10 * MINUTE_MS

/** And for one that somebody removed here: he has seen it. */
export const LOBBY_REMOVED_MS = 24 * 60 * MINUTE_MS

/** A post whose backs are not here yet: a pull from the peer is under way, and takes some seconds. */
export const LOBBY_RETRY_MS = 4 * SECOND_MS

/** A post of a peer that is gone stays so long: newcomers switch their machines off, and who welcomes sleeps. */
export const LOBBY_AWAY_MS = 24 * 60 * MINUTE_MS

/** Every peer of a chain is asked for its held posts this often: two looks within the minute in which a newcomer is to be heard. */
export const COLLECT_EVERY_MS = 30 * SECOND_MS

/** A peer that says that posts wait at it is asked at once, but not more often than this: it costs nothing to say. */
export const COLLECT_HINT_MS = 5 * SECOND_MS

/** A peer that has not given what it listed by then is left for the next one: 64 silent ones take 20 s in all. */
export const COLLECT_TIMEOUT_MS = 5 * SECOND_MS

/** Asked at once, of one chain and of all: four replies of 256 KiB each are 1 MiB. */
export const COLLECT_AT_ONCE = 16

/** The longest pause after failures, doubled from `COLLECT_EVERY_MS`: a peer that does not answer costs a place for 5 s. */
export const COLLECT_BACKOFF_MS = 10 * MINUTE_MS

/** Questions of all chains together. Each costs a round trip or three, and 128 KiB at most for the list. */
export const COLLECTED: Rate = { burst: 32, perSecond: 16 }

/** Peers of a chain of which it is remembered when they were asked, who was seen longest ago forgotten first: ids are free. */
export const COLLECTED_PEERS = 1024

/** Authors of blocks made here that are looked at to see whether one of them could welcome somebody, the latest ones. */
export const OWN_AUTHORS = 64

/** Peers that are counted as having heard of a held post made here. */
export const HEARD_PEERS = 1024

/** While a post waits here, peers of its chain are looked up this often, in place of every five minutes. */
export const SEEK_EVERY_MS = 30 * SECOND_MS

/** And so many that are not connected are dialled each time: a few minutes then reach every peer that a chain is likely to have. */
export const SEEK_DIALS = 32
