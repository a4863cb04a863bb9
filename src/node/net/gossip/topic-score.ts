/**
 * The gossipsub score parameters of a chain's topic (spec §7, "sane scoring for small networks"). No parameter demands
 * traffic, since a quiet forum is healthy. gossipsub takes these parameters only at construction, but chains are joined
 * later, so they are written where its score reads them.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import { Bug } from '../../../dag/result.ts'

const TOPIC_SCORE = {
  topicWeight: 1,
  // P1: a little credit for staying, full after five minutes.
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 300,
  // P2: a little credit for delivering first.
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.99,
  firstMessageDeliveriesCap: 50,
  // P3, P3b: off. The defaults expect twenty messages a second and would prune every peer of a quiet forum.
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 0,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  // P4: one invalid message (-20) stops gossip with the peer until it has decayed; two at once (-80) stop everything.
  // With 1 % decay per second the first is forgotten after four minutes; with the default, after two seconds.
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.99,
}

interface GossipSubInternals {
  readonly score?: { readonly params?: { readonly topics?: Record<string, typeof TOPIC_SCORE> } }
}

/**
 * Sets the parameters of a topic. They are never removed: gossipsub reads them again for every peer it has seen there.
 * @throws {Bug} if gossipsub keeps its parameters elsewhere
 */
export function scoreTopic(pubsub: GossipSub, topic: string): void {
  const topics = (pubsub as GossipSubInternals).score?.params?.topics
  if (topics === undefined) throw new Bug('gossipsub keeps its score parameters elsewhere')
  topics[topic] = TOPIC_SCORE
}
