/**
 * Answers the sync requests of other peers (spec §8). `protocol/responder.ts` plans the reply; this file loads blocks
 * and payloads, and passes offers on.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { PeerId } from '@libp2p/interface'
import type { BlockId } from '../../../dag/ids.ts'
import { FRAME_BYTES, type StoredBlock } from '../../../dag/store.ts'
import type { Offered, Reply, Request } from '../../../protocol/messages.ts'
import {
  BlocksReply,
  fittingIn,
  newResponderStream,
  noPayload,
  planReply,
  travelsInline,
  type LoadedBlock,
  type ReplyPlan,
  type ResponderStream,
} from '../../../protocol/responder.ts'
import type { Replica } from '../../chain/replica.ts'
import type { SyncCaller, SyncHandler } from './server.ts'
import { paySizeOfStored, storedHere } from '../../chain/intake/stored-blocks.ts'

const NO_BYTES = new Uint8Array(0)

export interface RequestHandlerModules {
  readonly self: PeerId
  /** Looks up a joined chain by its rendezvous, in lower-case hex. */
  readonly find: (rendezvous: string) => Replica | undefined
  /** The peer opened the chain: it has it, and in a group proved the key. */
  readonly onOpened?: (replica: Replica, peer: PeerId) => void
  /** The peer was told of the held posts made here. */
  readonly onHeldTold?: (replica: Replica, peer: PeerId) => void
  /** Pulls from a peer that offers its blocks; `undefined` if the pull failed. */
  readonly onOffer: (replica: Replica, peer: PeerId, signal: AbortSignal) => Promise<Offered | undefined>
}

export function createRequestHandler({
  self,
  find,
  onOpened,
  onHeldTold,
  onOffer,
}: RequestHandlerModules): SyncHandler {
  const streams = new WeakMap<object, ResponderStream>()
  // One offer per peer and chain at a time: an offer waits for a pull slot, and many would delay everybody else.
  const offering = new Set<string>()
  return async (caller, request, signal) => {
    const replica = find(bytesToHex(request.chain))
    const stream = streams.get(caller.stream) ?? newResponderStream(handshakeOf(caller, self))
    streams.set(caller.stream, stream)
    const plan = planReply(request, replica === undefined ? undefined : servedOf(replica), stream)
    if (plan.do === 'reply') {
      if (plan.reply.t === 'opened' && replica !== undefined) onOpened?.(replica, caller.peer)
      if (request.t === 'held' && plan.reply.t === 'ids' && replica !== undefined) onHeldTold?.(replica, caller.peer)
      return plan.reply
    }
    if (replica === undefined) return { t: 'refuse', id: request.id, code: 'unknown-chain' }
    switch (plan.do) {
      case 'blocks':
        return loadBlocks(replica, plan)
      case 'frame':
        return loadFrame(replica, plan, request)
      case 'offer': {
        const offer = `${caller.peer.toString()} ${replica.chain.id}`
        if (offering.has(offer)) return { t: 'refuse', id: plan.id, code: 'busy' }
        offering.add(offer)
        const pulled = await onOffer(replica, caller.peer, signal).finally(() => offering.delete(offer))
        if (pulled === undefined) return { t: 'refuse', id: plan.id, code: 'busy' }
        return { t: 'offered', id: plan.id, ...pulled }
      }
    }
  }
}

function handshakeOf({ peer, nonces }: SyncCaller, self: PeerId): ResponderStream['handshake'] {
  return {
    requesterNonce: nonces.requester,
    responderNonce: nonces.responder,
    requesterPeer: peer.toMultihash().bytes,
    responderPeer: self.toMultihash().bytes,
  }
}

function servedOf(replica: Replica): NonNullable<Parameters<typeof planReply>[1]> {
  const { chain, graph, fingerprints, founder } = replica
  return {
    chain,
    graph,
    fingerprints,
    held: () => replica.heldHere(),
    ...(founder === undefined ? {} : { founder }),
  }
}

/**
 * Two reads per reply: the blocks, and as many of their payloads as fit. A peer that catches up requests little else,
 * and most of it is over before V8 has optimised this code: hence small functions, index loops, and no copied objects.
 */
async function loadBlocks(replica: Replica, plan: BlocksPlan): Promise<Reply> {
  const available = availableOf(replica, plan)
  const outgoing = outgoingOf(replica, available, await replica.storedBlocks(available.indexes))
  const inline = outgoing.filter(needsPayload)
  attachPayloads(inline, await replica.store.firstFrames(inline.map(idOf)))
  return replyOf(plan, available, outgoing)
}

type BlocksPlan = ReplyPlan & { readonly do: 'blocks' }

/** The requested blocks that we have, in request order. */
interface Available {
  readonly ids: BlockId[]
  readonly indexes: number[]
}

/** Leaves out blocks that were dropped meanwhile. */
function availableOf(replica: Replica, { ids, indexes }: BlocksPlan): Available {
  const available: Available = { ids: [], indexes: [] }
  for (let n = 0; n < ids.length; n += 1) {
    const id = ids[n]
    const index = indexes[n]
    if (id === undefined || index === undefined || !replica.isKept(index)) continue
    available.ids.push(id)
    available.indexes.push(index)
  }
  return available
}

/** A block in a reply. */
interface OutgoingBlock extends LoadedBlock {
  readonly id: BlockId
  /** `absent` until it is loaded. */
  payload: LoadedBlock['payload']
  /** Bytes of the payload that are sent inline. */
  readonly inlineBytes: number
}

/** The longest prefix of the blocks that fits into one reply. */
function outgoingOf(replica: Replica, { ids, indexes }: Available, stored: readonly StoredBlock[]): OutgoingBlock[] {
  const outgoing: OutgoingBlock[] = []
  const sizes: number[] = []
  for (let n = 0; n < ids.length; n += 1) {
    const id = ids[n]
    const index = indexes[n]
    if (id === undefined || index === undefined) break
    const block = outgoingBlock(replica, id, index, storedHere(index, stored[n]))
    outgoing.push(block)
    sizes.push(bytesOf(block))
  }
  outgoing.length = fittingIn(sizes)
  return outgoing
}

function outgoingBlock(replica: Replica, id: BlockId, index: number, stored: StoredBlock): OutgoingBlock {
  const size = paySizeOfStored(id, stored)
  if (replica.state.isHidden(index)) return { id, stored, payload: 'hidden', inlineBytes: 0 }
  if (replica.missing.has(index)) return { id, stored, payload: 'absent', inlineBytes: 0 }
  if (!travelsInline(size)) return { id, stored, payload: 'frames', inlineBytes: 0 }
  return { id, stored, payload: size === 0 ? NO_BYTES : 'absent', inlineBytes: size }
}

function bytesOf({ stored: { headerBytes, signature }, inlineBytes }: OutgoingBlock): number {
  return headerBytes.byteLength + (signature?.byteLength ?? 0) + inlineBytes
}

function needsPayload({ inlineBytes }: OutgoingBlock): boolean {
  return inlineBytes > 0
}

function idOf({ id }: OutgoingBlock): BlockId {
  return id
}

/** A payload that was deleted meanwhile stays absent. */
function attachPayloads(inline: readonly OutgoingBlock[], frames: readonly (Uint8Array | undefined)[]): void {
  for (let n = 0; n < inline.length; n += 1) {
    const block = inline[n]
    const frame = frames[n]
    if (block !== undefined && frame?.byteLength === block.inlineBytes) block.payload = frame
  }
}

/** @param outgoing - a prefix of the available blocks */
function replyOf({ id, indexes }: BlocksPlan, available: Available, outgoing: readonly OutgoingBlock[]): Reply {
  const blocks = new BlocksReply(id)
  let next = 0
  for (const index of indexes) {
    const isAvailable = index !== undefined && index === available.indexes[next]
    if (isAvailable && next === outgoing.length) break
    if (!blocks.add(isAvailable ? outgoing[next++] : undefined)) break
  }
  return blocks.reply()
}

async function loadFrame(
  replica: Replica,
  plan: { id: number; index: number; offset: number },
  request: Request,
): Promise<Reply> {
  if (replica.state.isHidden(plan.index)) return noPayload(plan.id, 'hidden')
  if (request.t !== 'frame' || replica.missing.has(plan.index)) return noPayload(plan.id, 'absent')
  const bytes = await replica.store.frame(request.block, plan.offset / FRAME_BYTES)
  return bytes === undefined ? noPayload(plan.id, 'absent') : { t: 'frame', id: plan.id, offset: plan.offset, bytes }
}
