/** Pulls from every peer that can be reached, for an empty forum before its founding post (spec §2). */
import type { PeerId } from '@libp2p/interface'
import { withDeadline } from '../../base/deadline.ts'
import type { Replica } from '../../chain/replica.ts'
import { inOrderOfRank, type Rank, type Standing } from './pull-rank.ts'

/** Deadline for asking connected peers before a founding post. */
const ASK_CONNECTED_MS = 3_000

/**
 * Deadline for finding further peers before a founding post. A second forum of the same name cannot be undone, and a
 * lookup is usually short.
 */
const FIND_PEERS_MS = 10_000

/** Peers asked before a founding post; more would not answer in time. */
const MAX_PEERS_ASKED = 32

export interface EverybodyModules {
  readonly replica: Replica
  readonly connected: () => readonly PeerId[]
  readonly standing: (peer: string) => Standing
  readonly rankOf: (peer: string) => Rank
  /** Finds and connects further peers. */
  readonly findPeers: (signal: AbortSignal) => Promise<void>
}

/**
 * Pulls once from every connected peer and, if the forum is still empty, from peers found by a lookup. A peer that
 * connected just now may not have sent its subscriptions yet, so peers outside the topic are asked too.
 */
export async function pullFromEverybody(
  { replica, connected, standing, rankOf, findPeers }: EverybodyModules,
  pull: (peer: PeerId, signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  /** However many ids strangers of one address have, others are among those asked. */
  const chosen = (): PeerId[] => {
    const ranked = connected().map((peer) => {
      const id = peer.toString()
      return { peer, rank: rankOf(id), group: standing(id).shares[0] ?? id }
    })
    return inOrderOfRank(ranked, Math.random)
      .slice(0, MAX_PEERS_ASKED)
      .map(({ peer }) => peer)
  }
  const pullAll = async (peers: readonly PeerId[]): Promise<void> => {
    await withDeadline({ ms: ASK_CONNECTED_MS, signal }, (deadline) =>
      Promise.all(peers.map((peer) => pull(peer, deadline))),
    )
  }
  await pullAll(chosen())
  if (replica.blocks > 0) return
  await withDeadline({ ms: FIND_PEERS_MS, signal }, findPeers)
  await pullAll(chosen())
}
