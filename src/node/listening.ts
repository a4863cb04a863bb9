/** Events of chains for local apps (spec §6, §10): live, or first what is here already and then live, without a gap. */
import { showId } from '../dag/ids.ts'
import { traverse } from '../dag/order.ts'
import { acceptedEvent, type ChainEvent } from './chain-events.ts'
import { EventFeed } from './control/feed.ts'
import type { ControlEvent } from './control/schema.ts'
import type { NodeParts } from './node-parts.ts'
import type { Replica } from './replica.ts'

/** Events of every chain, of those joined later too. */
export function listenAll({ chains }: NodeParts, signal: AbortSignal): AsyncIterable<ControlEvent> {
  let stop = (): void => undefined
  const feed = new EventFeed<ControlEvent>({ signal, onEnd: () => stop() })
  stop = chains.listen((replica, events) => {
    for (const event of events) feed.push(controlEvent(replica, event))
  })
  if (signal.aborted) stop()
  return feed
}

/** `from`: local indexes; with it, what `traverse` gives comes first. */
export function listenOne(
  replica: Replica,
  from: readonly number[] | undefined,
  signal: AbortSignal,
): AsyncIterable<ControlEvent> {
  const { graph } = replica
  const backlog = from === undefined ? [] : traverse(graph, from)
  const rankedThen = graph.ranked
  const inBacklog = ({ id, kind }: ChainEvent): boolean => {
    const index = from === undefined || (kind !== 'post' && kind !== 'like') ? undefined : graph.indexOf(id)
    // What is accepted later, or once more, has a higher rank.
    return index !== undefined && (graph.rank(index) ?? rankedThen) < rankedThen
  }
  let stop = (): void => undefined
  const feed = new EventFeed<ControlEvent>({ signal, onEnd: () => stop() })
  stop = replica.listen(
    (events) => {
      for (const event of events) if (!inBacklog(event)) feed.push(controlEvent(replica, event))
    },
    () => {
      feed.end()
    },
  )
  if (signal.aborted) stop()
  return replayThen(replica, backlog, feed)
}

/** The graph is ahead of its events by what is being committed; those blocks are in the backlog and skipped in the feed. */
async function* replayThen(
  replica: Replica,
  backlog: readonly number[],
  feed: EventFeed<ControlEvent>,
): AsyncGenerator<ControlEvent> {
  try {
    for (const index of backlog) {
      yield controlEvent(replica, acceptedEvent(replica.reputation, index))
    }
    yield* feed
  } finally {
    await feed.return()
  }
}

function controlEvent(replica: Replica, { id, height, author, kind }: ChainEvent): ControlEvent {
  return {
    chain: replica.chain.params.name,
    id: showId(height, id),
    height,
    ...(author === undefined ? {} : { author }),
    kind,
  }
}
