/** Answers other peers' sync requests (spec §8): the plan is `protocol/serve.ts`'s, loading and offers are done here. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { PeerId } from '@libp2p/interface'
import { FRAME_BYTES, type StoredBlock } from '../dag/store.ts'
import type { Reply, Request } from '../protocol/messages.ts'
import {
  BlocksReply,
  fittingIn,
  newServeStream,
  noPayload,
  planReply,
  travelsInline,
  type LoadedBlock,
  type ServeStream,
} from '../protocol/serve.ts'
import type { Replica } from './replica.ts'
import type { SyncCaller, SyncHandler } from './serve.ts'
import { paySizeOfStored, storedHere } from './stored-block.ts'

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

/** Two readings for a whole reply: of its blocks, and of as many of their payloads as fit into it. */
async function loadBlocks(replica: Replica, id: number, indexes: readonly (number | undefined)[]): Promise<Reply> {
  // What was dropped meanwhile is not had.
  const kept = indexes.filter((index) => index !== undefined && replica.isKept(index)) as readonly number[]
  const stored = await replica.storedBlocks(kept)
  const found = kept.map((index, n) => wantedOf(replica, index, stored[n]))
  const fitting = found.slice(0, fittingIn(found.map(({ bytes }) => bytes)))
  const inline = fitting.filter(({ inlineBytes }) => inlineBytes > 0).map(({ index }) => index)
  const frames = await replica.store.firstFrames(inline.map((index) => replica.graph.id(index)))
  const payloads = new Map(inline.map((index, n) => [index, frames[n]]))
  const loaded = new Map(fitting.map((wanted) => [wanted.index, loadedBlock(wanted, payloads.get(wanted.index))]))
  const blocks = new BlocksReply(id)
  const has = new Set(kept)
  for (const index of indexes) {
    const block = index === undefined ? undefined : loaded.get(index)
    if (block === undefined && index !== undefined && has.has(index)) break
    if (!blocks.add(block)) break
  }
  return blocks.reply()
}

/** A block to be sent; `bytes` with its payload, as far as that goes along. */
interface Wanted {
  readonly index: number
  readonly stored: StoredBlock
  readonly payload: 'inline' | 'frames' | 'hidden' | 'absent'
  readonly inlineBytes: number
  readonly bytes: number
}

function wantedOf(replica: Replica, index: number, found: StoredBlock | undefined): Wanted {
  const stored = storedHere(index, found)
  const size = paySizeOfStored(index, stored)
  const payload = replica.reputation.isHidden(index)
    ? 'hidden'
    : replica.missing.has(index)
      ? 'absent'
      : travelsInline(size)
        ? 'inline'
        : 'frames'
  const inlineBytes = payload === 'inline' ? size : 0
  const bytes = stored.headerBytes.byteLength + (stored.signature?.byteLength ?? 0) + inlineBytes
  return { index, stored, payload, inlineBytes, bytes }
}

/** @param frame - the payload, if it goes along and is not empty; it may have been deleted meanwhile */
function loadedBlock({ stored, payload, inlineBytes }: Wanted, frame: Uint8Array | undefined): LoadedBlock {
  if (payload !== 'inline') return { ...stored, payload }
  if (inlineBytes === 0) return { ...stored, payload: new Uint8Array(0) }
  return { ...stored, payload: frame?.byteLength === inlineBytes ? frame : 'absent' }
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
