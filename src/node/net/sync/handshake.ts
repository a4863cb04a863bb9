/** Opens one chain on a sync stream outside of a pull (spec §8 step 1), with membership proofs in both directions. */
import type { PeerId } from '@libp2p/interface'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { AuthorKey } from '../../../dag/ids.ts'
import { proofFor, proofHolds, type Handshake } from '../../../protocol/membership-proof.ts'
import type { Replica } from '../../chain/replica.ts'
import type { SyncStream } from './client.ts'
import type { SyncFault } from './faults.ts'

/** The data that both membership proofs cover. This side is the requester. */
export function handshakeOf({ peer, nonces }: SyncStream, self: PeerId): Handshake {
  return {
    requesterNonce: nonces.requester,
    responderNonce: nonces.responder,
    requesterPeer: self.toMultihash().bytes,
    responderPeer: peer.toMultihash().bytes,
  }
}

/** What the peer says of its side. */
export interface Opened {
  /** The founder that it follows. */
  readonly theirs?: AuthorKey
  readonly blocks: number
}

export async function openChain(
  stream: SyncStream,
  { chain, founder }: Replica,
  handshake: Handshake,
  signal: AbortSignal,
): Promise<Result<Opened, SyncFault>> {
  const peer = stream.peer.toString()
  const { key } = chain.params
  const membership = key === undefined ? undefined : { key, handshake }
  const proof = membership === undefined ? {} : { proof: proofFor(membership, 'requester') }
  const reply = await stream.request({ t: 'open', chain: chain.rendezvous, ...proof }, { signal })
  if (!reply.ok) return reply
  if (reply.value.t === 'refuse' && reply.value.code === 'incompatible' && founder !== undefined) {
    return fail({ code: 'SYNC_INCOMPATIBLE', ours: founder, theirs: reply.value.pioneer })
  }
  if (reply.value.t === 'refuse') return fail({ code: 'SYNC_REFUSED', peer, why: reply.value.code })
  if (reply.value.t !== 'opened') return fail({ code: 'SYNC_REFUSED', peer, why: reply.value.t })
  if (membership !== undefined && !proofHolds(reply.value.proof, membership, 'responder')) {
    return fail({ code: 'SYNC_REFUSED', peer, why: 'it did not prove the key' })
  }
  const { pioneer: theirs, blocks } = reply.value
  if (founder !== undefined && theirs !== undefined && theirs !== founder) {
    return fail({ code: 'SYNC_INCOMPATIBLE', ours: founder, theirs })
  }
  return ok(theirs === undefined ? { blocks } : { theirs, blocks })
}

/** Why no block of a forum passes between the two, if one of them follows nobody yet (spec §2). */
export function founderMissing(
  peer: PeerId,
  { pioneer, needsFounder }: Replica,
  { theirs, blocks }: Opened,
): SyncFault | undefined {
  if (needsFounder && theirs !== undefined) {
    return { code: 'SYNC_NO_FOUNDER', peer: peer.toString(), founder: theirs, blocks }
  }
  if (pioneer !== undefined && theirs === undefined) {
    return { code: 'SYNC_PEER_NO_FOUNDER', peer: peer.toString(), founder: pioneer }
  }
  return undefined
}
