/**
 * Every bound on a block and its parts (spec §2, §3), each with its reason. They are rules, not configuration: peers
 * that differ in one of them would be on different chains. Bounds on messages are in `protocol/sync-limits.ts` and `protocol/gossip-limits.ts`.
 */
import { ID_BYTES } from './ids.ts'

/** The largest valid header is under 1.5 KiB; the rest is room for later versions. */
export const MAX_HEADER_BYTES = 4096

/** Enough to join all heads of a busy chain in a post or two, and few enough to keep headers small. */
export const MAX_BACKS = 16

/** A block further ahead of the local clock is set aside: clocks drift by minutes, not by half hours. */
export const MAX_AHEAD_MS = 30 * 60 * 1000

/** What an author without unlimited reputation may make every peer store with one post. */
export const MAX_PAYLOAD_GUEST_BYTES = 128 * 1024

/** For owners and group members, who answer for their own chain: a photo or a short film. */
export const MAX_PAYLOAD_OWNER_BYTES = 64 * 1024 * 1024

/** A vote's reason, before it was sealed: a few lines. Nobody can dislike a vote, so it must not carry content. */
export const MAX_REASON_BYTES = 1024

/** Two names of at most 63 characters and the slash: what registries accept (RFC 6838 §4.2 advises 64 for each). */
export const MAX_MEDIA_TYPE_CHARS = 127

/** The longest file name that the common file systems take. */
export const MAX_FILE_NAME_BYTES = 255

/** With more than 30 pioneers, ⌊30/k⌋ reps each would be 0. */
export const MAX_PIONEERS = 30

/** Code points of a chain's name after its sign, at most 256 bytes: fits any label and log line. */
export const MAX_NAME_CHARS = 64

/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64

/** Bytes of an Ed25519 seed, of a group's shared key and of an ephemeral key: the same as an id. */
export const KEY_BYTES = ID_BYTES

/** Authors whose imported key is cached: an import costs a third of a verification; 4,096 keys take about 2 MiB. */
export const MAX_CACHED_KEYS = 4096

/** Private keys that stay imported: those who sign through one node at a time, and few, for each is a secret in memory. */
export const MAX_CACHED_SEEDS = 32
