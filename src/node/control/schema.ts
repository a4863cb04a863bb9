/**
 * The control port's methods (spec §10): params, result and a one-line description of each. It is the single source of
 * types, of validation in server and client, of help, of the OpenRPC document (`openrpc.ts`) and of the reference in
 * `docs/control-port.md` (`reference.ts`). It is declarative: it does nothing itself.
 *
 * Params are strict: an unknown name is an error. Results may gain fields, which older clients drop.
 */
import * as z from 'zod'
import { CHAINS_METHODS } from './chains-schema.ts'
import { DRAFTING } from './draft-schema.ts'
import { method } from './method.ts'
import { NODE_METHODS } from './node-schema.ts'
import { blocksParams, chain, id, ids, likeParams, none, postParams, repsParams, short } from './params.ts'
import { PEER_METHODS } from './peer-schema.ts'
import { READING_METHODS } from './reading-methods.ts'
import {
  authorReps,
  blockSchema,
  count,
  founders,
  listedSchema,
  pageSchema,
  shownId,
  shownIds,
  status,
  type ControlEvent,
} from './shapes.ts'

/** `from` is the cursor where the events begin. A client advances it by each event (`client/cursor.ts`). */
const subscription = z.object({ subscription: z.number().int(), from: shownIds })

export const METHODS = {
  auth: method('proves that the client may read the cookie', z.strictObject({ token: short }), z.literal(true)),
  hello: method(
    'proves that the daemon knows the cookie, before the client says it',
    z.strictObject({
      nonce: z.string().regex(/^(?:[0-9a-fA-F]{2}){16,64}$/, { error: 'expected 16 to 64 bytes in hex' }),
    }),
    z.object({ hmac: z.string() }),
  ),
  'rpc.discover': method(
    'all methods, params, results and errors as an OpenRPC document',
    none,
    z.looseObject({ openrpc: z.string(), methods: z.array(z.looseObject({ name: z.string() })) }),
  ),

  ...NODE_METHODS,

  ...CHAINS_METHODS,

  ...READING_METHODS,

  'chain.genesis': method('the id of the genesis block', z.strictObject({ chain }), shownId),
  'chain.heads': method(
    'the heads: linked (default), blocked (held posts), or all',
    z.strictObject({ chain, state: z.enum(['linked', 'blocked', 'all']).exactOptional() }),
    shownIds,
  ),
  'chain.get': method(
    "a block's header and state, or its payload in base64",
    z.strictObject({ chain, id, part: z.enum(['block', 'payload']), decrypt: short.exactOptional() }),
    z.union([blockSchema, z.string().meta({ contentEncoding: 'base64' })]),
  ),
  'chain.blocks': method(
    'the last blocks in the order of traverse, then the held posts, those made here that wait for the clock, and those of other nodes; or the blocks named; with payloads up to that many bytes',
    blocksParams,
    z.union([z.array(listedSchema), pageSchema]),
    'with `page`, at most so many accepted blocks that pass `since`, `until` (ms since the epoch, both included), `author`, `re` and `type`, ' +
      'the last ones, or those `before` a block; without `before`, the last held posts that pass behind them; a page may have fewer, or none, and `before` for the next one: ' +
      "a call looks at 4,096 blocks at most; with `lens`, public keys that trust flows from besides the pioneers', `trusted` says whether it reaches the author",
  ),
  'chain.post': method(
    'posts a payload; held means that it waits for a like',
    postParams,
    z.object({ id: z.string(), state: z.enum(['accepted', 'held']), why: z.string().exactOptional() }),
    '`type` is the media type of the payload, `name` its file name, `re` the id of the post that this one answers',
  ),
  'chain.like': method(
    'likes a post: takes a rep from who signs and gives one to its author; welcomes a held post',
    likeParams,
    z.object({ id: shownId }),
    '`id` of the like; `why` is its payload',
  ),
  'chain.dislike': method(
    'dislikes a post: takes a rep from who signs and one from its author; or takes it back, if that is who signs',
    likeParams,
    z.object({ id: shownId }),
    '`id` of the dislike',
  ),
  ...DRAFTING,
  'chain.reps': method(
    'the reps of an author (public key) or of a post (id); without of, those of all authors, highest first',
    repsParams,
    z.union([
      authorReps,
      z.array(z.object({ pub: z.string(), reps: authorReps, trusted: z.boolean().exactOptional() })),
    ]),
    'with `lens`, `trusted` says whom it reaches, as in `chain.blocks`',
  ),
  'chain.remove': method('drops a held post', z.strictObject({ chain, id }), z.literal(true)),
  'chain.traverse': method(
    'accepted blocks that are neither the given ids nor in their past, in order; with all, then the held posts, those made here that wait for the clock, and those of other nodes',
    z.strictObject({ chain, from: ids, all: z.boolean().exactOptional() }),
    shownIds,
  ),
  'chain.consensus': method('all accepted blocks in order, the genesis first', z.strictObject({ chain }), shownIds),
  'chain.status': method(
    'how much of the chain is here, and how well it is in sync',
    z.strictObject({ chain }),
    status,
    '`lastSyncMs` is `null` before the first sync; `waiting`, held posts at neighbours, as they say; `guests`, held posts of others that can be welcomed here, and the peers that hold them; `isWelcoming`, whether they are collected; `heldHere`, those made here, and how many peers `heard` of each; `progress`, while ' +
      'something is fetched: what came since it began, blocks still to come, the rate of the last 10 s, `secondsLeft` `null` if nobody knows, and `from`, the ids of the peers; ' +
      '`delayed`, while the throttle keeps blocks back: how many, until about when (ms since the epoch), and why; then ' +
      '`state` is `holding back`, or `syncing` during a pull; `overQuota`, while no payloads are taken because the chain, or the ' +
      'node, has as many bytes as it may have',
  ),
  'chain.founder': method(
    'whom a forum joined without pioneers follows, and whom peers say they follow; with pub, chooses; with find, asks all peers first',
    z.strictObject({ chain, pub: short.exactOptional(), find: z.boolean().exactOptional() }),
    z.object({ isOpen: z.boolean(), blocks: count, only: z.string().exactOptional(), ...founders }),
    '`isOpen`: it is such a forum; `blocks` are here; `founders` is what peers say, and nothing of it was checked; `only`, while nobody ' +
      'is followed: the one to take without asking, the only one seen that is more than a first post, or the only one seen; ' +
      'another founder than that of blocks that are here is refused',
  ),
  'chain.missing': method(
    'payloads that are wanted and not here: nobody has given them yet; at most 1,000, the oldest arrivals first',
    z.strictObject({ chain }),
    z.array(z.object({ id: z.string(), size: count, author: z.string().exactOptional(), why: z.string() })),
  ),
  'chain.listen': method(
    'events of a chain; with from, first what is new since then',
    z.strictObject({ chain, from: ids.exactOptional() }),
    subscription,
  ),

  ...PEER_METHODS,
} as const

export type Method = keyof typeof METHODS
export type ParamsOf<M extends Method> = z.output<(typeof METHODS)[M]['params']>
/** The result as it comes over the wire. */
export type ResultOf<M extends Method> = z.output<(typeof METHODS)[M]['result']>

/** The result for these params: where they select one of two shapes, that shape. */
export type ResultFor<M extends Method, P> = M extends 'chain.get'
  ? P extends { part: 'block' }
    ? Extract<ResultOf<M>, object>
    : P extends { part: 'payload' }
      ? Extract<ResultOf<M>, string>
      : ResultOf<M>
  : M extends 'chain.blocks'
    ? P extends { page: number }
      ? Exclude<ResultOf<M>, readonly unknown[]>
      : 'page' extends keyof P
        ? ResultOf<M>
        : Extract<ResultOf<M>, readonly unknown[]>
    : M extends 'chain.reps'
      ? P extends { of: string }
        ? Extract<ResultOf<M>, number | string>
        : 'of' extends keyof P
          ? ResultOf<M>
          : Extract<ResultOf<M>, object>
      : ResultOf<M>

/** Params of type `P`, with excess properties refused by the compiler: a bare type parameter would accept them. */
export type Known<M extends Method, P extends ParamsOf<M>> = P & {
  readonly [K in Exclude<keyof P, keyof ParamsOf<M>>]: never
}

/** Methods that open a subscription: the answer is its number, and events follow. */
export const SUBSCRIPTIONS = ['chains.listen', 'chain.listen'] as const
export type SubscriptionMethod = (typeof SUBSCRIPTIONS)[number]

/** Methods that the server answers itself. */
export type ServerMethod = 'auth' | 'hello' | 'host.stop' | 'rpc.discover'

/** Methods that change nothing. A client may repeat one whose answer it did not get; all others are never repeated. */
export const READS: ReadonlySet<Method> = new Set<Method>([
  ...(['hello', 'rpc.discover', 'host.info', 'keys.shared', 'keys.pubpvt', 'chains.invite', 'chains.list'] as const),
  ...(['chains.news'] as const),
  ...(['chain.genesis', 'chain.heads', 'chain.get', 'chain.blocks', 'chain.reps', 'chain.traverse'] as const),
  ...(['chain.consensus', 'chain.status', 'chain.missing', 'chain.profiles'] as const),
  ...(['peer.list', 'peer.ping', 'peer.chains', 'peer.check'] as const),
])

/**
 * Methods whose answers grow with a chain or with the node, to as much as a payload in base64. None of them waits for a
 * peer: on a connection they are answered one after another.
 */
export const LARGE_ANSWERS: ReadonlySet<Method> = new Set<Method>([
  ...(['chains.list', 'chains.news'] as const),
  ...(['chain.heads', 'chain.get', 'chain.blocks', 'chain.reps', 'chain.traverse'] as const),
  ...(['chain.consensus', 'chain.status', 'chain.missing', 'chain.profiles', 'peer.list'] as const),
])

/** What a handler knows of its caller. */
export interface CallContext {
  /** Aborted when the client is gone or the server stops: whatever waits must give up. */
  readonly signal: AbortSignal
}

/**
 * What the handler of a subscription returns. The server answers `{subscription, from}` first, then sends the events
 * one by one, each when the socket has room. It calls `return()` on the iterator when the client is gone. Live events
 * wait in an `EventFeed` (`event-feed.ts`), whose byte limit cuts a slow reader off. When the iterable ends by itself
 * (the chain was left), the client is told that the subscription ended.
 */
export interface Subscription<M extends SubscriptionMethod = SubscriptionMethod> {
  readonly events: AsyncIterable<ControlEvent>
  /** The caller's cursor before the first event. */
  readonly from: ResultOf<M>['from']
}

/**
 * One handler for each method. Params are validated by schema before the call; a handler throws a `ControlError` for
 * everything else that is wrong with them.
 */
export type Handlers = {
  readonly [M in Exclude<Method, ServerMethod>]: (
    params: ParamsOf<M>,
    context: CallContext,
  ) => Promise<M extends SubscriptionMethod ? Subscription<M> : ResultOf<M>>
}

/** The one-line description of a method, for help texts and tables. */
export function aboutMethod(method: Method): string {
  return METHODS[method].about
}

export function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name)
}

export function isSubscription(method: Method): method is SubscriptionMethod {
  return (SUBSCRIPTIONS as readonly string[]).includes(method)
}
