/**
 * Subscriptions of local apps to chains (spec §6, §10): live events, or first everything new since a cursor and then
 * live events, without a gap.
 *
 * A cursor is the heads of what a listener takes for accepted. That set contains the past of each of its blocks. So the
 * graph alone determines what changed while the listener was away: blocks under the cursor that are no longer accepted
 * were withdrawn, and accepted blocks not under it are new.
 *
 * When a chain is left, its listeners get `removed` and nothing after it. A listener that is away then gets nothing.
 */
import { showChainId } from '../../dag/chain.ts'
import { showId } from '../../dag/ids.ts'
import { traverse } from '../../dag/order.ts'
import { resolvePrefix } from '../../dag/id-prefix.ts'
import { unacceptedUnder } from '../../dag/walk.ts'
import { acceptedEvent, eventOf, type ChainEvent } from '../chain/intake/chain-events.ts'
import { ControlError } from '../control/error-codes.ts'
import { EventFeed } from '../control/server/event-feed.ts'
import type { Subscription } from '../control/schema.ts'
import type { ControlEvent } from '../control/shapes.ts'
import type { NodeParts } from './node-parts.ts'
import { orThrow } from './fault-reports.ts'
import type { Replica } from '../chain/replica.ts'

/** The events that one listener missed in one chain, by local index. */
interface Backlog {
  readonly replica: Replica
  /** Tops first: what the listener takes for accepted must contain all its pasts at every step. */
  readonly withdrawn: readonly number[]
  /** Pasts first, for the same reason. */
  readonly accepted: readonly number[]
}

/** Subscribes to every chain, including those joined later. `from` has cursors by chain name. */
export async function listenAll(
  { chains }: NodeParts,
  from: Readonly<Record<string, readonly string[]>> | undefined,
  signal: AbortSignal,
): Promise<Subscription<'chains.listen'>> {
  const stops: (() => void)[] = []
  const feed = new EventFeed<ControlEvent>({ signal, onEnd: () => stops.forEach((stop) => stop()) })
  /** Chains whose backlog is not computed yet: events until then are part of it. */
  const waiting = new Set(chains.all().map(({ replica }) => replica))
  const left = new WeakSet<Replica>()
  stops.push(
    chains.listen((replica, events) => {
      if (waiting.has(replica) || left.has(replica)) return
      for (const event of events) feed.push(controlEvent(replica, event))
    }),
    chains.onLeave((replica) => {
      left.add(replica)
      feed.push(removedEvent(replica))
    }),
  )
  if (signal.aborted) stops.forEach((stop) => stop())
  const cursors: Record<string, string[]> = {}
  const backlogs: Backlog[] = []
  try {
    for (const replica of [...waiting]) {
      const { name } = replica.chain.params
      const cursor = from === undefined || Object.hasOwn(from, name) ? from?.[name] : []
      await replica.atRest(() => {
        const place = backlogSince(replica, cursor)
        cursors[name] = place.from
        backlogs.push(place.backlog)
        waiting.delete(replica)
      })
    }
  } catch (error) {
    feed.end()
    throw error
  }
  return { from: cursors, events: replayThen(backlogs, feed) }
}

/**
 * Subscribes to one chain; without a cursor, to events from now on. @throws {ControlError} the chain has no block of an
 * id in the cursor
 */
export async function listenOne(
  { replica, chains }: { readonly replica: Replica; readonly chains: Pick<NodeParts['chains'], 'onLeave'> },
  cursor: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Subscription<'chain.listen'>> {
  const stops: (() => void)[] = []
  const feed = new EventFeed<ControlEvent>({ signal, onEnd: () => stops.forEach((stop) => stop()) })
  stops.push(
    chains.onLeave((left) => {
      if (left !== replica) return
      feed.push(removedEvent(replica))
      feed.end()
    }),
  )
  try {
    return await replica.atRest(() => {
      const { from, backlog } = backlogSince(replica, cursor)
      const onEvents = (events: readonly ChainEvent[]): void => {
        for (const event of events) feed.push(controlEvent(replica, event))
      }
      stops.push(replica.listen(onEvents, () => feed.end()))
      // The client or the chain went away while the replica was busy.
      if (feed.isEnded) stops.forEach((one) => one())
      return { from, events: replayThen([backlog], feed) }
    })
  } catch (error) {
    feed.end()
    throw error
  }
}

/**
 * The cursor and the backlog of a listener, in a chain at rest. Dropped blocks in the cursor count: they may have been
 * accepted once.
 */
function backlogSince(
  replica: Replica,
  cursor: readonly string[] | undefined,
): { readonly from: string[]; readonly backlog: Backlog } {
  const { graph } = replica
  const known = cursor?.map((id) => blockOfCursor(replica, id)) ?? graph.heads()
  const from = known.length === 0 ? [0] : known
  return {
    from: from.map((index) => showId(graph.height(index), graph.id(index))),
    backlog: {
      replica,
      withdrawn: unacceptedUnder(graph, known).reverse(),
      accepted: cursor === undefined ? [] : traverse(graph, known),
    },
  }
}

function blockOfCursor({ chain, graph }: Replica, id: string): number {
  const found = resolvePrefix(graph, id)
  if (found.ok || found.fault.code !== 'DAG_UNKNOWN_ID') return orThrow(found)
  throw new ControlError(
    'block-not-found',
    `${chain.params.name} has no block “${id}”, so nobody can say what came after it: the chain was left and joined ` +
      'again, or its data is older than this cursor; wait until the block is here, or begin anew with an empty cursor',
  )
}

/**
 * Ends the feed even if the iteration never started: `return()` of an unstarted generator would not run its `finally`.
 */
function replayThen(backlogs: readonly Backlog[], feed: EventFeed<ControlEvent>): AsyncIterableIterator<ControlEvent> {
  const events = replay(backlogs, feed)
  return {
    next: () => events.next(),
    return: async () => {
      await feed.return()
      return await events.return(undefined)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* replay(backlogs: readonly Backlog[], feed: EventFeed<ControlEvent>): AsyncGenerator<ControlEvent> {
  try {
    for (const { replica, withdrawn, accepted } of backlogs) {
      const { state: reputation } = replica
      for (const index of withdrawn) yield controlEvent(replica, eventOf(reputation, index, 'withdrawn'))
      for (const index of accepted) yield controlEvent(replica, acceptedEvent(reputation, index))
    }
    yield* feed
  } finally {
    await feed.return()
  }
}

/** The event of a left chain; its genesis stands for it. */
function removedEvent({ chain }: Replica): ControlEvent {
  return { chain: chain.params.name, id: showChainId(chain), height: 0, backs: [], kind: 'removed' }
}

function controlEvent(replica: Replica, { id, height, author, kind, guest }: ChainEvent): ControlEvent {
  const { graph } = replica
  const backs = guest?.backs.map((back) => graph.indexOf(back) ?? 0) ?? graph.backs(graph.indexOf(id) ?? 0)
  return {
    chain: replica.chain.params.name,
    id: showId(height, id),
    height,
    backs: backs.map((index) => showId(graph.height(index), graph.id(index))),
    ...(author === undefined ? {} : { author }),
    kind,
    ...(guest === undefined ? {} : { heldBy: [guest.peer] }),
  }
}
