/**
 * How gossipsub scores the peers of one topic (spec §7, "sane scoring for small networks"). Nothing in it asks for
 * traffic: a quiet forum is not a faulty one. gossipsub takes these values only at construction, and chains are joined
 * later, so they are put where its score reads them.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import { Bug } from '../../../dag/result.ts'

const TOPIC_SCORE = {
  topicWeight: 1,
  // P1: a little credit for staying, full after five minutes.
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  // P2: a little for being the first with news.
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.99,
  firstMessageDeliveriesCap: 50,
  // P3, P3b: off. The defaults expect twenty messages a second and prune every peer of a forum that sleeps.
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 0,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  // P4: one invalid message (-20) ends gossip with a peer until it has faded, two at once (-80) everything. With 1 % off
  // each second the first is forgotten after four minutes; the default forgets it in two seconds.
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.99,
}

interface GossipSubInternals {
  readonly score?: { readonly params?: { readonly topics?: Record<string, typeof TOPIC_SCORE> } }
}

/**
 * Scores a topic from now on. There is no way back: gossipsub looks the values up again for every peer it has seen there.
 * @throws {Bug} if gossipsub no longer keeps its parameters there
 */
export function scoreTopic(pubsub: GossipSub, topic: string): void {
  const topics = (pubsub as GossipSubInternals).score?.params?.topics
  if (topics === undefined) throw new Bug('gossipsub keeps its score parameters elsewhere')
  topics[topic] = TOPIC_SCORE
}
