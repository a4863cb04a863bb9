/**
 * The control port's methods (spec §10): for each its params, its result and one line about it. The one source of types,
 * of validation in the server and in the client, and of the reference in `docs/control-port.md`. It does nothing itself.
 *
 * Params are strict (an unknown name is an error); results may gain fields, which older clients drop.
 */
import { z } from 'zod'

/** Ids in one call, and the longest text that can be an id, a name, a key or an address. */
const MAX_IDS = 10_000
const SHORT = 1024

const short = z.string().max(SHORT)
/** A chain's name, or its id as shown (`0_…`). */
const chain = short.min(1)
/** A block's id, or a unique prefix of at least six hex digits. */
const id = short.min(1)
const ids = z.array(id).max(MAX_IDS)
const count = z.number().int().nonnegative()
/** Reputation, whole: an author's or a post's. Either can be below zero. */
const reps = z.number().int()
const addr = short.min(1)
const none = z.strictObject({})

/** Standard base64 with padding, nothing else in it. A pattern would overflow the stack of the regex engine at 64 MiB. */
const base64 = z.string().refine((text) => Buffer.from(text, 'base64').toString('base64') === text, {
  error: 'expected standard base64 with padding',
})

const namedChain = z.object({ name: z.string(), id: z.string() })

/** What `chain.listen` and `chains.listen` report; `id` as shown, `chain` the chain's name. */
export const eventSchema = z.object({
  chain: z.string(),
  id: z.string(),
  height: count,
  author: z.string().exactOptional(),
  kind: z.enum(['post', 'like', 'held', 'hidden', 'withdrawn']),
})
export type ControlEvent = z.output<typeof eventSchema>

const blockView = z.object({
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
/** A block as `chain.get` shows it; ids as shown, `author` in upper-case hex, `pay.cid` a CID in text, `reps` the post's. */
export type BlockView = z.output<typeof blockView>

const status = z.object({
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

const info = z.object({
  version: z.string(),
  peerId: z.string(),
  addresses: z.array(z.string()),
  control: z.string(),
  dataDir: z.string(),
  chains: count,
  peers: count,
  uptimeMs: count,
})

const peerView = z.object({
  id: z.string(),
  addresses: z.array(z.string()),
  connected: z.boolean(),
  chains: z.array(z.string()).exactOptional(),
})

const postParams = z
  .strictObject({
    chain,
    payload: base64.exactOptional(),
    text: z.string().exactOptional(),
    sign: short.exactOptional(),
    encrypt: z.boolean().exactOptional(),
  })
  .refine((params) => (params.payload === undefined) !== (params.text === undefined), {
    error: 'expected exactly one of payload (base64) and text',
  })

/** A like or a dislike; `why` is its reason, its payload. */
const likeParams = z.strictObject({ chain, id, sign: short, why: z.string().exactOptional() })

const subscription = z.object({ subscription: z.number().int() })
const transfer = z.object({ new: count, missing: count })

function method<P extends z.ZodType, R extends z.ZodType>(about: string, params: P, result: R) {
  return { about, params, result }
}

/** Every method of the control port. */
export const METHODS = {
  auth: method('proves that the client may read the cookie', z.strictObject({ token: short }), z.literal(true)),
  hello: method(
    'proves that the daemon knows the cookie, before the client says it',
    z.strictObject({
      nonce: z.string().regex(/^(?:[0-9a-fA-F]{2}){16,64}$/, { error: 'expected 16 to 64 bytes in hex' }),
    }),
    z.object({ hmac: z.string() }),
  ),

  'host.info': method('what this node is and where it listens', none, info),
  'host.stop': method('answers, then stops the daemon', none, z.literal(true)),
  'host.now': method(
    'the clock in ms; sets it with --test-clock',
    z.strictObject({ ms: z.number().int().nonnegative().exactOptional() }),
    count,
  ),

  'keys.shared': method(
    "a group's key from a passphrase",
    z.strictObject({ passphrase: z.string().max(64 * SHORT) }),
    z.object({ key: z.string() }),
  ),
  'keys.pubpvt': method(
    "an author's key pair from a passphrase",
    z.strictObject({ passphrase: z.string().max(64 * SHORT) }),
    z.object({ pub: z.string(), pvt: z.string() }),
  ),

  'chains.join': method(
    'joins a chain: a forum with its pioneers, a group with its key',
    z.strictObject({ name: chain, keys: z.array(short).max(64).exactOptional() }),
    z.object({ id: z.string() }),
  ),
  'chains.leave': method(
    'leaves a chain and removes its data; false if it was not joined',
    z.strictObject({ name: chain }),
    z.boolean(),
  ),
  'chains.list': method('the chains joined here', none, z.array(namedChain)),
  'chains.listen': method('events of all chains, those joined later too', none, subscription),

  'chain.genesis': method('the id of the genesis block', z.strictObject({ chain }), z.string()),
  'chain.heads': method(
    'the heads: linked (default), blocked (held posts), or all',
    z.strictObject({ chain, state: z.enum(['linked', 'blocked', 'all']).exactOptional() }),
    z.array(z.string()),
  ),
  'chain.get': method(
    "a block's header and state, or its payload in base64",
    z.strictObject({ chain, id, part: z.enum(['block', 'payload']), decrypt: short.exactOptional() }),
    z.union([blockView, z.string()]),
  ),
  'chain.post': method(
    'posts a payload; held means that it waits for a like',
    postParams,
    z.object({ id: z.string(), state: z.enum(['accepted', 'held']), why: z.string().exactOptional() }),
  ),
  'chain.like': method(
    'likes a post: takes a rep from who signs and gives one to its author; welcomes a held post',
    likeParams,
    z.object({ id: z.string() }),
  ),
  'chain.dislike': method(
    'dislikes a post: takes a rep from who signs and one from its author',
    likeParams,
    z.object({ id: z.string() }),
  ),
  'chain.reps': method(
    'the reps of an author (public key) or of a post (id); without of, those of all authors, highest first',
    z.strictObject({ chain, of: id.exactOptional() }),
    z.union([reps, z.array(z.object({ pub: z.string(), reps }))]),
  ),
  'chain.remove': method('drops a held post', z.strictObject({ chain, id }), z.literal(true)),
  'chain.traverse': method(
    'accepted blocks that are neither the given ids nor in their past, in order; with all, then the held posts',
    z.strictObject({ chain, from: ids, all: z.boolean().exactOptional() }),
    z.array(z.string()),
  ),
  'chain.consensus': method(
    'all accepted blocks in order, the genesis first',
    z.strictObject({ chain }),
    z.array(z.string()),
  ),
  'chain.status': method(
    'how much of the chain is here, and how well it is in sync',
    z.strictObject({ chain }),
    status,
  ),
  'chain.listen': method(
    'events of a chain; with from, first what traverse gives',
    z.strictObject({ chain, from: ids.exactOptional() }),
    subscription,
  ),

  'peer.list': method('known peers', none, z.array(peerView)),
  'peer.add': method(
    'remembers a peer and keeps a connection to it',
    z.strictObject({ addr }),
    z.object({ id: z.string().exactOptional(), connected: z.boolean() }),
  ),
  'peer.ping': method('round trip to a peer', z.strictObject({ addr }), z.object({ ms: z.number().nonnegative() })),
  'peer.chains': method('the chains that both have', z.strictObject({ addr }), z.array(namedChain)),
  'peer.send': method('offers a chain to a peer now; counts what it gained', z.strictObject({ addr, chain }), transfer),
  'peer.recv': method('pulls a chain from a peer now; counts what came', z.strictObject({ addr, chain }), transfer),
  'peer.held': method(
    'asks a peer for its held posts; gives those of them that are here now',
    z.strictObject({ addr, chain }),
    z.object({ ids: z.array(z.string()) }),
  ),
} as const

export type Method = keyof typeof METHODS
export type ParamsOf<M extends Method> = z.output<(typeof METHODS)[M]['params']>
/** What comes back over the wire. */
export type ResultOf<M extends Method> = z.output<(typeof METHODS)[M]['result']>

/** Methods whose answer is the number of a subscription, followed by events. */
export const SUBSCRIPTIONS = ['chains.listen', 'chain.listen'] as const
export type SubscriptionMethod = (typeof SUBSCRIPTIONS)[number]

/** Methods that the server answers by itself. */
export type ServerMethod = 'auth' | 'hello' | 'host.stop'

/** What a handler knows of its caller. */
export interface CallContext {
  /** Aborted when the client is gone or the server stops: whatever waits should give up. */
  readonly signal: AbortSignal
}

/**
 * What the handler of a subscription returns. The server answers `{subscription}` first, then sends one event after the
 * other, each when the client has room for it; it calls `return()` on the iterator when the client goes. Live events
 * wait in an `EventFeed` (`feed.ts`), whose byte bound cuts a slow reader off. When the iterable ends by itself
 * (the chain was left) the client is told that the subscription ended.
 */
export interface Subscription {
  readonly events: AsyncIterable<ControlEvent>
}

/** What the node does for each method. Params are checked; what is wrong with them beyond that is a thrown `ControlError`. */
export type Handlers = {
  readonly [M in Exclude<Method, ServerMethod>]: (
    params: ParamsOf<M>,
    context: CallContext,
  ) => Promise<M extends SubscriptionMethod ? Subscription : ResultOf<M>>
}

/** Whether `name` is a method of the control port. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name)
}

/** Whether a method opens a subscription. */
export function isSubscription(method: Method): method is SubscriptionMethod {
  return (SUBSCRIPTIONS as readonly string[]).includes(method)
}
