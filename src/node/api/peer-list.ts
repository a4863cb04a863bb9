/** `peer.list` (spec §10, §11): who is connected, and which static peers are not, and why. */
import type { ResultOf } from '../control/schema.ts'
import type { StaticPeerState } from '../net/discovery/static-peer.ts'
import type { NodeParts } from './node-parts.ts'

type PeerView = ResultOf<'peer.list'>[number]

export function listPeers({ host, chains, pubsub, staticPeers }: NodeParts): PeerView[] {
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
      .filter(({ attached }) => pubsub.subscribers(attached.gossip.topic).includes(id))
      .map(({ replica }) => replica.chain.params.name),
  }))
  return [...shown, ...awayPeers(staticPeers(), connected, performance.now())]
}

/** A peer once, with all its addresses; one that nobody has met yet, and whose id is not known, by its address. */
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

/** Of several addresses each may have its own reason; the same one is said once. */
function whyAway(states: readonly StaticPeerState[]): string {
  const reasons = states.map(({ failure, nextMs }) => {
    if (failure !== undefined) return describeFailure(failure)
    return nextMs === undefined ? 'it is being dialled' : 'the connection was lost'
  })
  return [...new Set(reasons)].join('; ')
}

/** What a dial failed of, where it is known what that means; `peer check` says more. */
function describeFailure(failure: string): string {
  if (failure.includes('ECONNREFUSED')) return 'nothing listens there'
  if (/ETIMEDOUT|aborted|timed out|nothing within/i.test(failure)) return 'no answer'
  if (/ENOTFOUND|EAI_AGAIN|getaddrinfo/.test(failure)) return 'the name has no address'
  if (/EHOSTUNREACH|ENETUNREACH/.test(failure)) return 'there is no way to it'
  return failure
}
