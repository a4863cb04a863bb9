/** `chain.status` (spec §10): whether a chain is in sync, the progress of pulls, and if nothing moves, why. */
import type { AuthorKey } from '../../dag/ids.ts'
import { clockTime } from '../base/clock-time.ts'
import type { Delays } from '../chain/intake/delays.ts'
import type { Joined } from '../chain/registry.ts'
import type { PeerSyncState } from '../net/sync/peer-states.ts'
import type { ResultOf } from '../control/schema.ts'
import type { NoRoom } from '../chain/faults.ts'
import type { OverQuota } from '../chain/quota.ts'
import { controlErrorOf } from './fault-reports.ts'
import { mib } from './report.ts'
import { foundersOf, whyChoose } from './founder.ts'
import type { PeersFounder } from '../net/sync/seen-founders.ts'
import type { NodeParts } from './node-parts.ts'
import { newcomersOf } from './newcomers.ts'
import { twinWarning } from './twin-warning.ts'
import type { ChainServices } from '../net/chain-network.ts'

type Status = ResultOf<'chain.status'>

const SYNCED = 'synced'
const HOLDING_BACK = 'holding back'

/** A pull without data for this long is reported as idle. */
const IDLE_MS = 3_000

export function statusOf(joined: Joined<ChainServices>, { host, twin, clock, undialled }: NodeParts): Status {
  const { replica, attached } = joined
  const { graph, missing, bytes, aheadCount, blocks, storage } = replica
  const { overQuota } = storage
  const delays = replica.delays()
  const { sync, gossip } = attached
  const nowMs = clock.nowMs()
  const peers = sync.peers().map((peer) => sinceLast(peer, attached.compareMs(), nowMs))
  const progress = sync.progress()
  return {
    blocks,
    heads: graph.heads().length,
    held: replica.held().length + replica.guests.inLobby().length + aheadCount,
    ...newcomersOf(replica),
    bytes,
    missing: missing.size,
    // Nothing here says `synced` while blocks are kept back.
    peers: peers.map((peer) =>
      delays !== undefined && peer.state === SYNCED ? { ...peer, state: HOLDING_BACK } : peer,
    ),
    ...foundersOf(joined),
    ...twinWarning(twin(), host.peerId.toString()),
    waiting: [...gossip.waiting.neighbours()],
    ...(progress === undefined ? {} : { progress: { ...progress, from: [...progress.from] } }),
    ...(delays === undefined ? {} : { delayed: { ...delays } }),
    ...(overQuota === undefined ? {} : { overQuota: { ...overQuota } }),
    ...syncStateOf({
      noRoom: storage.noRoom,
      overQuota,
      ...(replica.needsFounder ? { choice: { name: replica.chain.params.name, seen: sync.founders() } } : {}),
      ...awaitedBy(joined),
      peers,
      sharers: attached.peers(),
      active: sync.active,
      idleMs: sync.idleMs,
      connections: host.connections().length,
      undialled: [...undialled()],
      missing: missing.size,
      delays,
      nowMs,
    }),
  }
}

/** A comparison says nothing of now when two more are overdue. */
const STALE_INTERVALS = 2

/**
 * The peer's state with its age: nobody is called synced by a comparison that is too old. A clock that was set back makes it
 * as old as one that was set forward.
 *
 * @param compareMs - the interval at which the chain is compared
 */
export function sinceLast(peer: PeerSyncState, compareMs: number, nowMs: number): PeerSyncState {
  const { state, lastSyncMs } = peer
  if (state !== SYNCED || lastSyncMs === null) return peer
  if (Math.abs(nowMs - lastSyncMs) <= STALE_INTERVALS * compareMs) return peer
  return { ...peer, state: `not compared since ${clockTime(lastSyncMs, nowMs)}` }
}

/** What determines the sync state. */
export interface SyncFacts {
  /** Why nothing may be stored. */
  readonly noRoom?: NoRoom | undefined
  /** The quota for which payloads are not taken. */
  readonly overQuota?: OverQuota | undefined
  /** In a forum that follows no founder yet: its name, and the founders that peers follow. */
  readonly choice?: { readonly name: string; readonly seen: readonly PeersFounder[] }
  /** In a forum with nothing of it here: the founder that is wanted, if no peer says that it follows that one. */
  readonly awaited?: AuthorKey
  readonly peers: readonly PeerSyncState[]
  /** Connected peers that have the chain, as far as is known. */
  readonly sharers: readonly string[]
  /** Peers that are pulled from now, and the time since data came from any of them. */
  readonly active: readonly string[]
  readonly idleMs: number
  readonly connections: number
  /** Static peers that cannot be dialled, with reasons. */
  readonly undialled: readonly (readonly [address: string, why: string])[]
  readonly missing: number
  readonly delays: Delays | undefined
  readonly nowMs: number
}

/** Two empty sides that want the same founder are in sync; with a peer that names nobody there is nothing to be in sync on. */
function awaitedBy({ replica, attached }: Joined<ChainServices>): Pick<SyncFacts, 'awaited'> {
  const { founder, pioneer } = replica
  if (founder === undefined || pioneer !== undefined) return {}
  return attached.sync.founders().some((seen) => seen.founder === founder) ? {} : { awaited: founder }
}

/** The sync state in one word, and the reason. */
export function syncStateOf(facts: SyncFacts): Pick<Status, 'state' | 'why'> {
  const { noRoom, peers, active, idleMs, sharers, choice, awaited, delays, nowMs } = facts
  if (noRoom !== undefined) return { state: 'read-only', why: controlErrorOf(noRoom).message }
  if (choice !== undefined && choice.seen.length > 0) {
    return { state: 'choosing', why: whyChoose(choice.name, choice.seen) }
  }
  if (active.length > 0) {
    const idle = idleMs < IDLE_MS ? '' : `; nothing came for ${String(Math.floor(idleMs / 1000))} s`
    const kept = delays === undefined ? '' : `; ${HOLDING_BACK} ${whyDelayed(delays, nowMs)}`
    return { state: 'syncing', why: `pulling from ${active.join(', ')}${idle}${kept}${whyNoPayloads(facts)}` }
  }
  if (delays !== undefined) return { state: HOLDING_BACK, why: whyDelayed(delays, nowMs) }
  const synced = peers.filter(({ state }) => state === SYNCED)
  // Peers without the forum have nothing to be in sync on.
  if (synced.length > 0 && awaited !== undefined) {
    return {
      state: 'alone',
      why: `nothing of the founder ${awaited} has come: none of ${String(peers.length)} peers has it`,
    }
  }
  if (synced.length > 0) return { state: 'synced', why: whySynced(synced.length, facts) }
  const troubled = peers.at(-1)
  if (troubled !== undefined) return { state: 'alone', why: `peer ${troubled.id}: ${troubled.state}` }
  if (sharers.length > 0) return { state: 'syncing', why: `about to ask ${String(sharers.length)} peers on this chain` }
  return { state: 'alone', why: whyAlone(facts) }
}

/** Ends a sentence that begins with `holding back`. */
function whyDelayed({ blocks, untilMs, why }: Delays, nowMs: number): string {
  return `${String(blocks)} blocks until about ${clockTime(untilMs, nowMs)}, because ${why}`
}

/** Follows the reason of another state: blocks come in all the same. */
function whyNoPayloads({ overQuota }: SyncFacts): string {
  if (overQuota === undefined) return ''
  const [whose, key] = overQuota.of === 'chain' ? ['the chain has', 'maxChainMiB'] : ['all chains have', 'maxMiB']
  return `; takes no payloads, for ${whose} ${mib(overQuota.bytes)} of ${mib(overQuota.limitBytes)} (storage.${key})`
}

function whySynced(count: number, facts: SyncFacts): string {
  const { peers, missing, overQuota } = facts
  const givenNot = overQuota === undefined ? 'that no peer has given yet' : 'missing'
  const payloads = (missing === 0 ? '' : `; ${String(missing)} payloads ${givenNot}`) + whyNoPayloads(facts)
  const incompatible = peers.find(({ state }) => state.startsWith('incompatible'))
  const rival = incompatible === undefined ? '' : `; peer ${incompatible.id} is ${incompatible.state}`
  return `in sync with ${String(count)} of ${String(peers.length)} peers${payloads}${rival}`
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
