/** Schemas of results and events of the control port (spec §10), for `schema.ts`. */
import * as z from 'zod'

export const count = z.number().int().nonnegative()
/** Reputation of an author or a post, an integer; may be negative. */
export const reps = z.number().int()
/** An author's: those without limit have none. */
export const authorReps = z.union([reps, z.literal('unlimited')])

/** An id as shown. */
export const shownId = z.string().meta({ title: 'id' })
export const shownIds = z.array(shownId)

export const namedChain = z.object({ name: z.string(), id: z.string() })
export const listedChain = namedChain.extend({
  leftOver: z.number().int().nonnegative().exactOptional(),
  warning: z.string().exactOptional(),
})

/**
 * An event of `chain.listen` and `chains.listen`. Ids are as shown, `chain` is the chain's name. With `removed`, `id`
 * is the genesis.
 */
export const eventSchema = z.object({
  chain: z.string(),
  id: z.string(),
  height: count,
  /** The block's backs: with them a listener maintains its cursor. */
  backs: z.array(z.string()),
  author: z.string().exactOptional(),
  kind: z.enum(['post', 'like', 'held', 'hidden', 'withdrawn', 'removed']),
  /** Of a held post of another node: the peers that hold it. */
  heldBy: z.array(z.string()).exactOptional(),
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
    re: z.string().exactOptional(),
    pay: z.object({
      cid: z.string(),
      size: count,
      seal: z.enum(['none', 'group', 'owner']),
      type: z.string().exactOptional(),
      name: z.string().exactOptional(),
    }),
    state: z.enum(['accepted', 'held', 'hidden']),
    reps,
    why: z.string(),
    takenBack: z.literal(true).exactOptional(),
    ours: z.literal(true).exactOptional(),
    heldBy: z.array(z.string()).exactOptional(),
  })
  .meta({ title: 'block' })
/**
 * A block as `chain.get` shows it. Ids are as shown, `author` in upper-case hex, `re` is the post that it answers,
 * `pay.cid` a CID as text, `reps` those of the post; `takenBack`: hidden, by its author; `ours`: made on this node; `heldBy`:
 * of a held post of another node, the peers that hold it.
 */
export type BlockView = z.output<typeof blockSchema>

export const listedSchema = blockSchema
  .extend({
    content: z
      .object({ is: z.enum(['here', 'long', 'missing', 'hidden', 'sealed']), payload: z.string().exactOptional() })
      .exactOptional(),
    trusted: z.boolean().exactOptional(),
  })
  .meta({ title: 'listed' })
/**
 * A block as `chain.blocks` lists it. If payloads were asked for, `content.is` is `here`, with the unsealed payload in
 * base64, or says why it is left out: `long` (for the caller's limit, or for the answer), or as for `chain.get`. `trusted`,
 * if the lens was asked for: whether it reaches the author.
 */
export type ListedBlock = z.output<typeof listedSchema>

/** A page of blocks; `before` is there if there may be more, to be passed on for the page before this one. */
export const pageSchema = z.object({ blocks: z.array(listedSchema), before: z.string().exactOptional() })

/** Of a forum joined without pioneers: the founder followed here, if any, and those that peers say they follow. */
export const founders = {
  founder: z.string().exactOptional(),
  founders: z.array(z.object({ pub: z.string(), blocks: count, peers: z.array(z.string()) })),
}

export const status = z.object({
  blocks: count,
  heads: count,
  held: count,
  bytes: count,
  missing: count,
  peers: z.array(z.object({ id: z.string(), lastSyncMs: count.nullable(), state: z.string() })),
  ...founders,
  waiting: z.array(z.object({ id: z.string(), posts: count })),
  isWelcoming: z.boolean(),
  guests: z.array(z.object({ id: z.string(), author: z.string().exactOptional(), heldBy: z.array(z.string()) })),
  heldHere: z.array(z.object({ id: z.string(), heard: count })),
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
  delayed: z.object({ blocks: count, untilMs: count, why: z.string() }).exactOptional(),
  warning: z.string().exactOptional(),
  overQuota: z.object({ of: z.enum(['chain', 'node']), bytes: count, limitBytes: count }).exactOptional(),
  state: z.enum(['synced', 'syncing', 'holding back', 'choosing', 'alone', 'read-only']),
  why: z.string(),
})

export const info = z.object({
  version: z.string(),
  peerId: z.string(),
  addresses: z.array(z.string()),
  control: z.string(),
  page: z.string().exactOptional(),
  pageOff: z.string().exactOptional(),
  dataDir: z.string(),
  chains: count,
  peers: count,
  uptimeMs: count,
  readOnly: z.string().exactOptional(),
  warning: z.string().exactOptional(),
})

export const peerView = z.object({
  id: z.string().exactOptional(),
  addresses: z.array(z.string()),
  connected: z.boolean(),
  chains: z.array(z.string()).exactOptional(),
  why: z.string().exactOptional(),
  nextTryMs: count.exactOptional(),
})

/** The steps in order. Those after a failed step are skipped. */
export const PEER_CHECK_STEPS = ['resolve', 'dial', 'noise', 'identify', 'protocol', 'chain'] as const

export const peerCheckStep = z.object({
  step: z.enum(PEER_CHECK_STEPS),
  state: z.enum(['ok', 'failed', 'skipped']),
  ms: count,
  why: z.string(),
  fix: z.string().exactOptional(),
})
/** One step of `peer.check`: its outcome, and how to fix a failure. */
export type PeerCheckStep = z.output<typeof peerCheckStep>
