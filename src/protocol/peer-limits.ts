/**
 * Every bound on what a stranger may make this node keep of peers, answer in the DHT, and dial (spec §9), and on a peer's
 * score, each with its reason. `README.md` in this folder lists all bounds.
 */
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MINUTE_MS = 60_000

// What is kept of a peer

/** Addresses of one peer. An honest one has a few: at home, in the LAN, on the internet, each in IPv4 and IPv6. */
export const PEER_ADDRESSES = 32

/** One address. A host name of 100 characters with its port fits; an IPv6 address with a port has 20 bytes. */
export const PEER_ADDRESS_BYTES = 128

/** Protocols of one peer; this node speaks eight. */
export const PEER_PROTOCOLS = 32

/** One protocol's name; the longest here has 23 bytes. */
export const PEER_PROTOCOL_BYTES = 128

/** Values of metadata of one peer. Identify and libp2p's dialler write two each. */
export const PEER_METADATA = 8

/** One value of metadata, such as the name of its software. A longer one is left out. */
export const PEER_METADATA_BYTES = 256

/** A peer's signed record of its addresses: 32 of them, a key and a signature. A larger one is not verified. */
export const PEER_RECORD_BYTES = 4 * KIB

/**
 * Peers in the peer store. Ten times as many as can be connected; at worst 12 MiB in memory and on disk. A fresh peer id
 * is free, so without a bound one address could write some 30 GiB a day.
 */
export const PEERS_KEPT = 1024

/** A peer in the peer store, all fields at their bounds, in bytes. A larger row of the disk is not loaded. */
export const PEER_ROW_BYTES = 12 * KIB

/**
 * Addresses that are asked who is there when mDNS reports this node's own id, once a minute: anybody in the LAN can say that. A node has
 * one or two in a LAN.
 */
export const OWN_ID_ADDRESSES = 4

// The DHT

/** One request. A provider record with 16 addresses at their bound has 2 KiB, a lookup 40 bytes. */
export const KAD_REQUEST_BYTES = 8 * KIB

/** One reply: 40 peers with 16 addresses each, and those have about 20 bytes. */
export const KAD_REPLY_BYTES = 64 * KIB

/** Kademlia's k: peers of each kind, closer ones and providers, that are told in one reply or taken from one. */
export const KAD_PEERS = 20

/** Addresses that are told or taken of each of those peers. */
export const KAD_ADDRESSES = 16

/** The key of a `FIND_NODE`, which is hashed: a peer id has at most 42 bytes. */
export const KAD_KEY_BYTES = 128

/**
 * Requests of one peer. An honest one sends about three for each chain that it joins, each on a stream of its own, and
 * again every half hour: the rate is that of its streams. Beyond it the stream is reset.
 */
export const KAD_REQUESTS: Rate = { burst: 1024, perSecond: 32 }

/**
 * The requests among them for which the whole routing table is searched: `FIND_NODE` and `GET_PROVIDERS`. Each costs 1
 * ms with a few peers in it and up to 20 ms with the 1280 that it holds at most (2026-11).
 */
export const KAD_LOOKUPS: Rate = { burst: 512, perSecond: 8 }

/** The same of all peers together: at worst a third of a core, whoever asks; with 400 peers in the table a tenth. */
export const KAD_LOOKUPS_OF_ALL: Rate = { burst: 512, perSecond: 16 }

/** Provider records of one peer: one for each of its chains. */
export const PROVIDER_RECORDS_PER_PEER = 10_240

/**
 * Provider records in all: about 10 MiB in memory and 4 MiB on disk. Beyond it the peer with the most loses its oldest,
 * so that a few peers with many records displace their own.
 */
export const PROVIDER_RECORDS = 32_768

// Dials

/**
 * Addresses dialled for the DHT's queries because one peer told them: about as many peers as one reply names that are
 * closer than it. Those have budgets of their own for what they tell.
 */
export const DIALS_ASKED: Rate = { burst: 12, perSecond: 0.1 }

/**
 * The same for peers that this node wants to meet, since they have a chain of ours or are in the LAN: as many as gossip
 * needs. Not out of the same budget, or closer peers would leave nothing for those that matter.
 */
export const DIALS_WANTED: Rate = { burst: 12, perSecond: 0.1 }

/** Addresses dialled because any peer told them. Static and remembered peers are not counted. */
export const DIALS_TOLD: Rate = { burst: 64, perSecond: 1 }

/**
 * Dials of one host and port because peers told it. Each peer listens on a port of its own, so more is somebody who
 * wants this node to knock at a third party.
 */
export const DIALS_PER_TARGET: Rate = { burst: 4, perSecond: 1 / 60 }

/** Peers for which the node remembers who told it their addresses. Peer ids are free; the oldest is forgotten first. */
export const TOLD_PEERS = 4096

// Peer score

/** A peer with this many points is banned: one breach may be an accident, four are not. */
export const BAN_AT_POINTS = 4

/** Points halve in this time: after ten minutes without a breach a peer is nearly as good as new. */
export const POINTS_HALF_LIFE_MS = 5 * MINUTE_MS

/** Long enough to make lying expensive, short enough that a repaired peer comes back by itself. */
export const BAN_MS = 10 * MINUTE_MS

/** Peers with points, the oldest forgotten first. A fresh peer id is free, so remembering more would protect nobody. */
export const SCORED_PEERS = 1024
