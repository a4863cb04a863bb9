/** `chain.status` (spec §10): whether a chain is in sync, the progress of pulls, and if nothing moves, why. */
import type { Joined } from '../chain/registry.ts'
import type { PeerSyncState } from '../net/sync/peer-states.ts'
import type { ResultOf } from '../control/schema.ts'
import { foundersOf, whyChoose } from './founder.ts'
import type { PeersFounder } from '../net/sync/seen-founders.ts'
import type { NodeParts } from './node-parts.ts'
import type { ChainServices } from '../net/chain-network.ts'

type Status = ResultOf<'chain.status'>

/** A pull without data for this long is reported as idle. */
const IDLE_MS = 3_000

export function statusOf(joined: Joined<ChainServices>, { pubsub, host, undialled }: NodeParts): Status {
  const { replica, attached } = joined
  const { graph, missing, bytes, aheadCount, delayedCount, blocks } = replica
  const { sync, gossip } = attached
  const peers = sync.peers()
  const progress = sync.progress()
  return {
    blocks,
    heads: graph.heads().length,
    held: replica.held().length + aheadCount,
    bytes,
    missing: missing.size,
    peers: [...peers],
    ...foundersOf(joined),
    waiting: [...gossip.waiting.neighbours()],
    ...(progress === undefined ? {} : { progress: { ...progress, from: [...progress.from] } }),
    ...syncStateOf({
      ...(replica.needsFounder ? { choice: { name: replica.chain.params.name, seen: sync.founders() } } : {}),
      peers,
      onTopic: pubsub.subscribers(gossip.topic),
      active: sync.active,
      idleMs: sync.idleMs,
      connections: host.connections().length,
      undialled: [...undialled()],
      missing: missing.size,
      delayed: delayedCount,
    }),
  }
}

/** What determines the sync state. */
export interface SyncFacts {
  /** In a forum that follows no founder yet: its name, and what peers say of theirs. */
  readonly choice?: { readonly name: string; readonly seen: readonly PeersFounder[] }
  readonly peers: readonly PeerSyncState[]
  readonly onTopic: readonly string[]
  /** Peers that are pulled from now, and the time since data came from any of them. */
  readonly active: readonly string[]
  readonly idleMs: number
  readonly connections: number
  /** Static peers that cannot be dialled, with reasons. */
  readonly undialled: readonly (readonly [address: string, why: string])[]
  readonly missing: number
  readonly delayed: number
}

/** The sync state in one word, and the reason. */
export function syncStateOf(facts: SyncFacts): Pick<Status, 'state' | 'why'> {
  const { peers, active, idleMs, onTopic, choice } = facts
  if (choice !== undefined && choice.seen.length > 0) {
    return { state: 'choosing', why: whyChoose(choice.name, choice.seen) }
  }
  if (active.length > 0) {
    const idle = idleMs < IDLE_MS ? '' : `; nothing came for ${String(Math.floor(idleMs / 1000))} s`
    return { state: 'syncing', why: `pulling from ${active.join(', ')}${idle}` }
  }
  const synced = peers.filter(({ state }) => state === 'synced')
  if (synced.length > 0) return { state: 'synced', why: whySynced(synced.length, facts) }
  const troubled = peers.at(-1)
  if (troubled !== undefined) return { state: 'alone', why: `peer ${troubled.id}: ${troubled.state}` }
  if (onTopic.length > 0) return { state: 'syncing', why: `about to ask ${String(onTopic.length)} peers on this chain` }
  return { state: 'alone', why: whyAlone(facts) }
}

function whySynced(count: number, { peers, missing, delayed }: SyncFacts): string {
  const payloads = missing === 0 ? '' : `; ${String(missing)} payloads that no peer has given yet`
  const late =
    delayed === 0 ? '' : `; ${String(delayed)} blocks kept back that claim to be old or would withdraw others`
  const incompatible = peers.find(({ state }) => state.startsWith('incompatible'))
  const rival = incompatible === undefined ? '' : `; peer ${incompatible.id} is ${incompatible.state}`
  return `in sync with ${String(count)} of ${String(peers.length)} peers${payloads}${late}${rival}`
}

function whyAlone({ connections, undialled }: SyncFacts): string {
  const [address, why] = undialled[0] ?? []
  const others = undialled.length < 2 ? '' : ` (and ${String(undialled.length - 1)} more)`
  const failed = address === undefined ? '' : `dial failed: ${address}: ${why ?? ''}${others}`
  if (connections > 0) {
    return `no peer on this chain among ${String(connections)} connections${failed === '' ? '' : `; ${failed}`}`
  }
  return failed === '' ? 'not connected to any peer' : `not connected to any peer; ${failed}`
}
