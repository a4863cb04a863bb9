/** `peer.list` (spec §10, §11): connected peers, and static peers that are not connected, with reasons. */
import type { ResultOf } from '../control/schema.ts'
import type { StaticPeerState } from '../net/discovery/static-peer.ts'
import type { NodeParts } from './node-parts.ts'

type PeerView = ResultOf<'peer.list'>[number]

export function listPeers({ host, chains, staticPeers }: NodeParts): PeerView[] {
  const connected = new Map<string, string[]>()
  for (const { peer, address } of host.connections()) {
    connected.set(peer.toString(), [...(connected.get(peer.toString()) ?? []), address])
  }
  const shown = [...connected].map(([id, addresses]) => ({
    id,
    addresses,
    connected: true,
    chains: chains
      .all()
      .filter(({ attached }) => attached.peers().includes(id))
      .map(({ replica }) => replica.chain.params.name),
  }))
  return [...shown, ...awayPeers(staticPeers(), connected, performance.now())]
}

/** Lists each peer once, with all its addresses. A peer whose id is not known yet is listed by address. */
export function awayPeers(
  states: readonly StaticPeerState[],
  connected: Pick<ReadonlyMap<string, unknown>, 'has'>,
  nowMs: number,
): PeerView[] {
  const away = states.filter(({ peer }) => peer === undefined || !connected.has(peer))
  const byPeer = new Map<string, StaticPeerState[]>()
  for (const state of away) {
    const key = state.peer ?? state.address.toString()
    byPeer.set(key, [...(byPeer.get(key) ?? []), state])
  }
  return [...byPeer.values()].map((all) => {
    const peer = all[0]?.peer
    const nextMs = Math.min(...all.map((state) => state.nextMs ?? nowMs))
    return {
      ...(peer === undefined ? {} : { id: peer }),
      addresses: all.map(({ address }) => address.toString()),
      connected: false,
      why: whyAway(all),
      nextTryMs: Math.max(0, Math.round(nextMs - nowMs)),
    }
  })
}

/** Addresses of a peer may fail for different reasons; each reason is listed once. */
function whyAway(states: readonly StaticPeerState[]): string {
  const reasons = states.map(({ failure, nextMs }) => {
    if (failure !== undefined) return describeFailure(failure)
    return nextMs === undefined ? 'it is being dialled' : 'the connection was lost'
  })
  return [...new Set(reasons)].join('; ')
}

/** Describes a failed dial in words, if the error is a known one. `peer.check` is more precise. */
function describeFailure(failure: string): string {
  if (failure.includes('ECONNREFUSED')) return 'nothing listens there'
  if (/ETIMEDOUT|aborted|timed out|nothing within/i.test(failure)) return 'no answer'
  if (/ENOTFOUND|EAI_AGAIN|getaddrinfo/.test(failure)) return 'the name has no address'
  if (/EHOSTUNREACH|ENETUNREACH/.test(failure)) return 'there is no way to it'
  return failure
}
