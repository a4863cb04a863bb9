/**
 * Bounds what reading gossip costs before any topic is looked at (spec §7): an RPC with more fields than any honest peer
 * sends is dropped unread, and a neighbour that sends more than a rate is read later, so that its own window holds it
 * back. Nothing is held against anybody here.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { gossipsub, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerId, Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'
import { Bug } from '../../../dag/result.ts'
import {
  GOSSIP_FIELD_BYTES,
  GOSSIP_READ,
  GOSSIP_RPC_FIELDS,
  RATE_LIMITED_PEERS,
} from '../../../protocol/gossip-limits.ts'
import { Buckets } from '../../../protocol/token-bucket.ts'
import { countRpcFields } from './rpc-fields.ts'

type Frames = AsyncIterable<Uint8ArrayList>
type Readable = Pick<Stream, 'pause' | 'resume'>

/** Private members of gossipsub. */
interface GossipSubInternals {
  readonly streamsInbound?: ReadonlyMap<string, { readonly rawStream?: Readable }>
  pipePeerReadStream?: (peer: PeerId, frames: Frames) => Promise<void>
}

/** gossipsub, whose streams are read within the bounds. */
export function guardedGossipsub(...options: Parameters<typeof gossipsub>): ReturnType<typeof gossipsub> {
  const create = gossipsub(...options)
  return (components) => {
    const pubsub = create(components)
    guard(pubsub)
    return pubsub
  }
}

/** @throws {Bug} if gossipsub has renamed these members */
function guard(pubsub: GossipSub): void {
  const internals = pubsub as unknown as GossipSubInternals
  const { pipePeerReadStream: read, streamsInbound } = internals
  if (read === undefined || streamsInbound === undefined) throw new Bug('gossipsub reads its streams elsewhere')
  // Of a peer and not of a stream: opening a new one is free.
  const budgets = new Buckets(GOSSIP_READ, RATE_LIMITED_PEERS)
  internals.pipePeerReadStream = (peer, frames) => {
    const id = peer.toString()
    const stream = streamsInbound.get(id)?.rawStream
    if (stream === undefined) throw new Bug('gossipsub keeps its streams elsewhere')
    const spend = (tokens: number): number => budgets.of(id, performance.now()).spend(tokens, performance.now())
    return read.call(pubsub, peer, readWithin(frames, stream, spend))
  }
}

/**
 * The frames, without those of too many fields.
 * @param spend - takes tokens of the sender; returns for how many ms nothing more may be read
 */
export async function* readWithin(
  frames: Frames,
  stream: Readable,
  spend: (tokens: number) => number,
): AsyncGenerator<Uint8ArrayList> {
  for await (const frame of frames) {
    const fields = countRpcFields(frame.subarray(), GOSSIP_RPC_FIELDS)
    const waitMs = spend(frame.byteLength + fields * GOSSIP_FIELD_BYTES)
    if (fields <= GOSSIP_RPC_FIELDS) yield frame
    if (waitMs <= 0) continue
    // Without the pause the iterator goes on taking in what arrives.
    if (!attempt(() => stream.pause())) continue
    await sleep(waitMs, undefined, { ref: false })
    attempt(() => stream.resume())
  }
}

/** False if the stream has ended: then there is nothing to hold back. */
function attempt(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
