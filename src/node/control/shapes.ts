/** What the control port's methods answer with (spec §10): the shapes of results and events, for `schema.ts`. */
import { z } from 'zod'

export const count = z.number().int().nonnegative()
/** Reputation, whole: an author's or a post's. Either can be below zero. */
export const reps = z.number().int()
/** An author's: those without limit have none. */
export const authorReps = z.union([reps, z.literal('unlimited')])

/** An id as shown. */
export const shownId = z.string().meta({ title: 'id' })
export const shownIds = z.array(shownId)

export const namedChain = z.object({ name: z.string(), id: z.string() })

/** What `chain.listen` and `chains.listen` report; ids as shown, `chain` the chain's name. With `removed`, `id` is its genesis. */
export const eventSchema = z.object({
  chain: z.string(),
  id: z.string(),
  height: count,
  /** What the block links to: with these a listener knows the heads of what it has seen. */
  backs: z.array(z.string()),
  author: z.string().exactOptional(),
  kind: z.enum(['post', 'like', 'held', 'hidden', 'withdrawn', 'removed']),
})
export type ControlEvent = z.output<typeof eventSchema>

export const blockSchema = z
  .object({
    id: z.string(),
    height: count,
    time: count,
    author: z.string().exactOptional(),
    backs: z.array(z.string()),
    like: z.object({ n: z.union([z.literal(1), z.literal(-1)]), target: z.string() }).exactOptional(),
    pay: z.object({ cid: z.string(), size: count, seal: z.enum(['none', 'group', 'owner']) }),
    state: z.enum(['accepted', 'held', 'hidden']),
    reps,
    why: z.string(),
  })
  .meta({ title: 'block' })
/** A block as `chain.get` shows it; ids as shown, `author` in upper-case hex, `pay.cid` a CID in text, `reps` the post's. */
export type BlockView = z.output<typeof blockSchema>

export const listedSchema = blockSchema
  .extend({
    content: z
      .object({ is: z.enum(['here', 'long', 'missing', 'hidden', 'sealed']), payload: z.string().exactOptional() })
      .exactOptional(),
  })
  .meta({ title: 'listed' })
/**
 * A block as `chain.blocks` lists it. With payloads asked for, `content` says whether its payload is `here`, and then gives
 * it in base64, opened; or why it is not given: too `long` (for the caller, or for the answer), or as for `chain.get`.
 */
export type ListedBlock = z.output<typeof listedSchema>

export const status = z.object({
  blocks: count,
  heads: count,
  held: count,
  bytes: count,
  missing: count,
  peers: z.array(z.object({ id: z.string(), lastSyncMs: count.nullable(), state: z.string() })),
  progress: z
    .object({
      blocks: count,
      bytes: count,
      missing: count,
      blocksPerSecond: z.number().nonnegative(),
      bytesPerSecond: z.number().nonnegative(),
      secondsLeft: count.nullable(),
      from: z.array(z.string()),
    })
    .exactOptional(),
  state: z.enum(['synced', 'syncing', 'alone']),
  why: z.string(),
})

export const info = z.object({
  version: z.string(),
  peerId: z.string(),
  addresses: z.array(z.string()),
  control: z.string(),
  dataDir: z.string(),
  chains: count,
  peers: count,
  uptimeMs: count,
})

export const peerView = z.object({
  id: z.string().exactOptional(),
  addresses: z.array(z.string()),
  connected: z.boolean(),
  chains: z.array(z.string()).exactOptional(),
  why: z.string().exactOptional(),
  nextTryMs: count.exactOptional(),
})

/** In this order; those behind one that failed are skipped. */
export const CHECK_STEPS = ['resolve', 'dial', 'noise', 'identify', 'protocol', 'chain'] as const

export const checkStep = z.object({
  step: z.enum(CHECK_STEPS),
  state: z.enum(['ok', 'failed', 'skipped']),
  ms: count,
  why: z.string(),
  fix: z.string().exactOptional(),
})
/** One step of reaching a peer: how it went, and what to do if it failed. */
export type CheckStep = z.output<typeof checkStep>
