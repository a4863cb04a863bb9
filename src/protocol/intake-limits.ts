/**
 * Every bound on blocks that are not accepted yet, and on the work of judging what strangers send (spec §5), each with its
 * reason. Bounds on blocks themselves are rules of the chain, in `dag/block-limits.ts`. `README.md` in this folder lists all bounds.
 */
import type { Rate } from './token-bucket.ts'

const KIB = 1024
const MIB = 1024 * KIB

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

// Signatures and steps

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
