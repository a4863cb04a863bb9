/**
 * Passes messages on to the same neighbours as own ones (spec §7): the mesh, and others at random up to gossipsub's `D`. The
 * library publishes to these, and forwards to the mesh alone: a neighbour outside the mesh would know who posts here.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import { Bug } from '../../../dag/result.ts'

/** Private members of gossipsub. */
interface GossipSubInternals {
  selectPeersToPublish?: (topic: string, floodPublish: false) => { readonly tosend: Set<string> }
  selectPeersToForward?: (topic: string, source?: string, exclude?: ReadonlySet<string>) => Set<string>
}

/** @throws {Bug} if gossipsub has renamed these members */
export function forwardAsPublished(pubsub: GossipSub): void {
  const internals = pubsub as unknown as GossipSubInternals
  const { selectPeersToPublish: select, selectPeersToForward } = internals
  if (select === undefined || selectPeersToForward === undefined) throw new Bug('gossipsub forwards elsewhere')
  internals.selectPeersToForward = (topic, source, exclude) => {
    const { tosend } = select.call(internals, topic, false)
    for (const peer of [source, ...(exclude ?? [])]) if (peer !== undefined) tosend.delete(peer)
    return tosend
  }
}
