/** `chain status`: in one look, whether a chain works here, and if not, why (spec §10). */
import type { Joined } from './chains.ts'
import type { PeerStanding } from './chain-sync.ts'
import type { ResultOf } from './control/schema.ts'
import type { NodeParts, OnNet } from './node-parts.ts'

type Status = ResultOf<'chain.status'>

export function statusOf({ replica, attached }: Joined<OnNet>, { topics, host }: NodeParts): Status {
  const { graph, missing, bytes, aheadCount, delayedCount, blocks } = replica
  const peers = attached.sync.peers()
  const onTopic = topics.subscribers(attached.gossip.topic)
  return {
    blocks,
    heads: graph.heads().length,
    held: replica.held().length + aheadCount,
    bytes,
    missing: missing.size,
    peers: [...peers],
    ...judge({
      peers,
      onTopic,
      active: attached.sync.active,
      connections: host.connections().length,
      missing: missing.size,
      delayed: delayedCount,
    }),
  }
}

interface Situation {
  readonly peers: readonly PeerStanding[]
  readonly onTopic: readonly string[]
  readonly active: readonly string[]
  readonly connections: number
  readonly missing: number
  readonly delayed: number
}

function judge({ peers, onTopic, active, connections, missing, delayed }: Situation): Pick<Status, 'state' | 'why'> {
  if (active.length > 0) return { state: 'syncing', why: `pulling from ${active.join(', ')}` }
  const synced = peers.filter(({ state }) => state === 'synced')
  if (synced.length > 0) {
    const payloads = missing === 0 ? '' : `; ${String(missing)} payloads that no peer has given yet`
    const late =
      delayed === 0 ? '' : `; ${String(delayed)} blocks kept back that claim to be old or would withdraw others`
    const incompatible = peers.find(({ state }) => state.startsWith('incompatible'))
    const rival = incompatible === undefined ? '' : `; peer ${incompatible.id} is ${incompatible.state}`
    const count = `in sync with ${String(synced.length)} of ${String(peers.length)} peers`
    return { state: 'synced', why: `${count}${payloads}${late}${rival}` }
  }
  const troubled = peers.at(-1)
  if (troubled !== undefined) return { state: 'alone', why: `peer ${troubled.id}: ${troubled.state}` }
  if (onTopic.length > 0) return { state: 'syncing', why: `about to ask ${String(onTopic.length)} peers on this chain` }
  if (connections === 0) return { state: 'alone', why: 'not connected to any peer' }
  return { state: 'alone', why: `no peer on this chain among ${String(connections)} connections` }
}
