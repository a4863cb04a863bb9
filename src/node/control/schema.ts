/**
 * The control port's methods (spec §10): params, result and a one-line description of each. It is the single source of
 * types, of validation in server and client, of help, of the OpenRPC document (`openrpc.ts`) and of the reference in
 * `docs/control-port.md` (`reference.ts`). It is declarative: it does nothing itself.
 *
 * Params are strict: an unknown name is an error. Results may gain fields, which older clients drop.
 */
import * as z from 'zod'
import { DRAFTING } from './draft-schema.ts'
import {
  addr,
  blocksParams,
  chain,
  id,
  ids,
  joinParams,
  likeParams,
  none,
  passphrase,
  postParams,
  repsParams,
  short,
} from './params.ts'
import { method } from './method.ts'
import { READING_METHODS } from './reading-methods.ts'
import {
  blockSchema,
  peerCheckStep,
  count,
  founders,
  info,
  listedChain,
  listedSchema,
  pageSchema,
  namedChain,
  peerView,
  authorReps,
  shownId,
  shownIds,
  status,
  type ControlEvent,
} from './shapes.ts'

/** `from` is the cursor where the events begin. A client advances it by each event (`client/cursor.ts`). */
const subscription = z.object({ subscription: z.number().int(), from: shownIds })
const subscriptionToAll = z.object({ subscription: z.number().int(), from: z.record(z.string(), shownIds) })
const transfer = z.object({ new: count, missing: count, delayed: count.exactOptional() })
/** For the note on methods with such a result. */
const TRANSFER = 'of those missing, `delayed` are kept back for a while by the throttle; absent if none is'

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

  'host.info': method(
    'what this node is and where it listens',
    none,
    info,
    '`chains` and `peers` are counts; `readOnly`, why nothing is stored now',
  ),
  'host.stop': method('answers, then stops the daemon', none, z.literal(true)),
  'host.page': method('a link that opens the page in one browser, once', none, z.object({ link: z.string() })),
  'host.now': method(
    'the clock in ms; sets it with --test-clock',
    z.strictObject({ ms: z.number().int().nonnegative().exactOptional() }),
    count,
  ),

  'keys.shared': method(
    "a group's key: a random one, or from a passphrase",
    z.strictObject({ passphrase: passphrase.exactOptional() }),
    z.object({ key: z.string(), warning: z.string().exactOptional() }),
  ),
  'keys.pubpvt': method(
    "an author's key pair: a random one, or from a passphrase",
    z.strictObject({ passphrase: passphrase.exactOptional() }),
    z.object({ pub: z.string(), pvt: z.string(), warning: z.string().exactOptional() }),
  ),

  'chains.join': method(
    'joins a chain: a forum with its pioneers or the founder to follow, a group with its key, or by an invite, whose peers are added; ' +
      'with instead, leaves what has its name and is not it first, and removes that',
    joinParams,
    z.object({ id: z.string(), name: z.string().exactOptional(), notes: z.array(z.string()).exactOptional() }),
    '`notes` are for people: what was left out of an invite and why, that a name mixes scripts, and that so many chains have a cost',
  ),
  'chains.invite': method(
    'one text with all that somebody needs to join: the chain, and peers to begin with; its key only if told so',
    z.strictObject({ chain, withKey: z.boolean().exactOptional() }),
    z.object({ invite: z.string(), peers: z.array(z.string()), notes: z.array(z.string()) }),
  ),
  'chains.leave': method(
    'leaves a chain and removes its data, also what is left over of one that is not joined any more; false if there is nothing',
    z.strictObject({ name: chain }),
    z.boolean(),
  ),
  'chains.list': method(
    'the chains joined here; then those taken out of the config file whose blocks are still on disk',
    none,
    z.array(listedChain),
    '`leftOver`, of a chain that is not joined any more: its bytes on disk; its `name` is empty if nobody knows it; `warning`, if the name mixes scripts',
  ),
  'chains.listen': method(
    'events of all chains, those joined later too; with from, first what is new in each since then',
    z.strictObject({ from: z.record(chain, ids).exactOptional() }),
    subscriptionToAll,
    '`from` has ids by name of chain: `{}` for all there is',
  ),

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

  'peer.list': method(
    'connected peers, and static ones that are not connected: why, and in how many ms they are tried again',
    none,
    z.array(peerView),
    '`chains` are names; `id` is missing where nobody knows it yet',
  ),
  'peer.add': method(
    'remembers a peer and keeps a connection to it',
    z.strictObject({ addr }),
    z.object({ id: z.string().exactOptional(), connected: z.boolean() }),
  ),
  'peer.remove': method(
    'forgets a peer that was added, by its address or its id, and lets go of the connection',
    z.strictObject({ addr }),
    z.object({ removed: z.array(z.string()), configured: z.array(z.string()) }),
    '`configured` are addresses of it that stay, for the config file names them',
  ),
  'peer.ping': method('round trip to a peer', z.strictObject({ addr }), z.object({ ms: z.number().nonnegative() })),
  'peer.chains': method('the chains that both have', z.strictObject({ addr }), z.array(namedChain)),
  'peer.send': method(
    'offers a chain to a peer now; counts what it gained',
    z.strictObject({ addr, chain }),
    transfer,
    `${TRANSFER}: there`,
  ),
  'peer.recv': method(
    'pulls a chain from a peer now; counts what came',
    z.strictObject({ addr, chain }),
    transfer,
    `${TRANSFER}: here, from whatever peer`,
  ),
  'peer.held': method(
    'asks a peer, by its address or id, for its held posts; gives those of them that are here now',
    z.strictObject({ addr, chain }),
    z.object({ ids: z.array(z.string()) }),
  ),
  'peer.check': method(
    'says which step of reaching a peer fails: resolve, dial, noise, identify, protocol, chain',
    z.strictObject({ addr, chain: chain.exactOptional() }),
    z.array(peerCheckStep),
  ),
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
