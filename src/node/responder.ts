/** Answers other peers' sync requests (spec §8): the plan is `protocol/serve.ts`'s, loading and offers are done here. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { PeerId } from '@libp2p/interface'
import { FRAME_BYTES } from '../dag/store.ts'
import type { Reply, Request } from '../protocol/messages.ts'
import {
  BlocksReply,
  newServeStream,
  noPayload,
  planReply,
  travelsInline,
  type LoadedBlock,
  type ServeStream,
} from '../protocol/serve.ts'
import { readPayload } from './payloads.ts'
import type { Replica } from './replica.ts'
import type { SyncCaller, SyncHandler } from './serve.ts'

export interface ResponderModules {
  readonly self: PeerId
  /** Joined chains by rendezvous, in lower-case hex. */
  readonly find: (rendezvous: string) => Replica | undefined
  /** A peer offers what it has of a chain: pull it. */
  readonly onOffer: (
    replica: Replica,
    peer: PeerId,
    signal: AbortSignal,
  ) => Promise<{ readonly fresh: number; readonly missing: number }>
}

export function createResponder({ self, find, onOffer }: ResponderModules): SyncHandler {
  const streams = new WeakMap<object, ServeStream>()
  // An offer waits for its turn to be pulled: many of one peer would hold up everybody else's.
  const offering = new Set<string>()
  return async (caller, request, signal) => {
    const replica = find(bytesToHex(request.chain))
    const stream = streams.get(caller.stream) ?? newServeStream(handshakeOf(caller, self))
    streams.set(caller.stream, stream)
    const plan = planReply(request, replica === undefined ? undefined : servedOf(replica), stream)
    if (plan.do === 'reply') return plan.reply
    if (replica === undefined) return { t: 'refuse', id: request.id, code: 'unknown-chain' }
    switch (plan.do) {
      case 'blocks':
        return loadBlocks(replica, plan.id, plan.indexes)
      case 'frame':
        return loadFrame(replica, plan, request)
      case 'offer': {
        const offer = `${caller.peer.toString()} ${replica.chain.id}`
        if (offering.has(offer)) return { t: 'refuse', id: plan.id, code: 'busy' }
        offering.add(offer)
        const pulled = onOffer(replica, caller.peer, signal).finally(() => offering.delete(offer))
        const { fresh, missing } = await pulled
        return { t: 'offered', id: plan.id, fresh, missing }
      }
    }
  }
}

function handshakeOf({ peer, nonces }: SyncCaller, self: PeerId): ServeStream['handshake'] {
  return {
    requesterNonce: nonces.requester,
    responderNonce: nonces.responder,
    requesterPeer: peer.toMultihash().bytes,
    responderPeer: self.toMultihash().bytes,
  }
}

function servedOf(replica: Replica): NonNullable<Parameters<typeof planReply>[1]> {
  const { chain, graph, folds, pioneer } = replica
  return { chain, graph, folds, held: () => replica.heldHere(), ...(pioneer === undefined ? {} : { pioneer }) }
}

async function loadBlocks(replica: Replica, id: number, indexes: readonly (number | undefined)[]): Promise<Reply> {
  const blocks = new BlocksReply(id)
  for (const index of indexes) {
    if (!blocks.add(index === undefined ? undefined : await loadBlock(replica, index))) break
  }
  return blocks.reply()
}

/** `undefined` if it was dropped meanwhile. */
async function loadBlock(replica: Replica, index: number): Promise<LoadedBlock | undefined> {
  if (!replica.isKept(index)) return undefined
  const block = await replica.block(index)
  const { headerBytes, signature, header } = block
  const signed = { headerBytes, ...(signature === undefined ? {} : { signature }) }
  if (replica.reputation.isHidden(index)) return { ...signed, payload: 'hidden' }
  if (replica.missing.has(index)) return { ...signed, payload: 'absent' }
  if (!travelsInline(header.pay.size)) return { ...signed, payload: 'frames' }
  return { ...signed, payload: (await readPayload(replica, block)) ?? 'absent' }
}

async function loadFrame(
  replica: Replica,
  plan: { id: number; index: number; offset: number },
  request: Request,
): Promise<Reply> {
  if (replica.reputation.isHidden(plan.index)) return noPayload(plan.id, 'hidden')
  if (request.t !== 'frame' || replica.missing.has(plan.index)) return noPayload(plan.id, 'absent')
  const bytes = await replica.store.frame(request.block, plan.offset / FRAME_BYTES)
  return bytes === undefined ? noPayload(plan.id, 'absent') : { t: 'frame', id: plan.id, offset: plan.offset, bytes }
}
