/**
 * Peers in this process: a sync stream whose other end is a real responder over a replica, so that pulls run without
 * sockets. A test decides when replies come.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Replica } from '../../src/node/chain/replica.ts'
import { createRequestHandler } from '../../src/node/net/sync/request-handler.ts'
import type { SyncStream } from '../../src/node/net/sync/client.ts'
import { orAborted } from '../../src/node/base/deadline.ts'
import type { Handshake } from '../../src/protocol/membership-proof.ts'
import type { Reply, Request, RequestBody } from '../../src/protocol/messages.ts'

export async function peerOf(n: number): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(n)))
}

/** Asked before each reply goes out; what it gives is what the requester gets. */
export type OnReply = (request: Request, reply: Reply) => Reply | Promise<Reply>

export interface Wired {
  readonly stream: SyncStream
  readonly handshake: Handshake
  /** Ids of the blocks that came, in their order, once for each time they came. */
  readonly served: string[]
  /** Ids of blocks that were asked for, and have not come yet. */
  readonly asking: Set<string>
}

/** A stream of peer `n` with peer 0. */
export async function wiredTo(replica: Replica, n: number, onReply: OnReply = (_, reply) => reply): Promise<Wired> {
  const [self, peer] = [await peerOf(0), await peerOf(n)]
  const nonces = { requester: new Uint8Array(32).fill(1), responder: new Uint8Array(32).fill(2) }
  const find = (rendezvous: string): Replica | undefined =>
    rendezvous === bytesToHex(replica.chain.rendezvous) ? replica : undefined
  const respond = createRequestHandler({ self: peer, find, onOffer: async () => ({ fresh: 0, missing: 0 }) })
  const served: string[] = []
  const asking = new Set<string>()
  const caller = { peer: self, nonces, stream: {} }
  let lastId = 0
  const request = async (body: RequestBody, signal: AbortSignal): Promise<Reply> => {
    const numbered = { ...body, id: ++lastId } as Request
    const ids = numbered.t === 'get' ? numbered.ids : []
    for (const id of ids) asking.add(id)
    try {
      return await onReply(numbered, await respond(caller, numbered, signal))
    } finally {
      for (const id of ids) asking.delete(id)
    }
  }
  const stream: SyncStream = {
    peer,
    nonces,
    closed: false,
    request: async (body, { signal }) => {
      const reply = await orAborted(request(body, signal), signal)
      if (reply === undefined) {
        if (body.t === 'get') for (const id of body.ids) asking.delete(id)
        return { ok: false, fault: { code: 'RPC_ABORTED', peer: peer.toString() } }
      }
      if (reply.t === 'blocks' && body.t === 'get') served.push(...body.ids.slice(0, reply.blocks.length))
      return { ok: true, value: reply }
    },
    onClose: () => undefined,
  }
  const handshake: Handshake = {
    requesterNonce: nonces.requester,
    responderNonce: nonces.responder,
    requesterPeer: self.toMultihash().bytes,
    responderPeer: peer.toMultihash().bytes,
  }
  return { stream, handshake, served, asking }
}
