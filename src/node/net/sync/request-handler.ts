/** Answers other peers' sync requests (spec §8): the plan is `protocol/serve.ts`'s, loading and offers are done here. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { PeerId } from '@libp2p/interface'
import type { BlockId } from '../../../dag/ids.ts'
import { FRAME_BYTES, type StoredBlock } from '../../../dag/store.ts'
import type { Reply, Request } from '../../../protocol/messages.ts'
import {
  BlocksReply,
  fittingIn,
  newServeStream,
  noPayload,
  planReply,
  travelsInline,
  type LoadedBlock,
  type ServePlan,
  type ServeStream,
} from '../../../protocol/responder.ts'
import type { Replica } from '../../chain/replica.ts'
import type { SyncCaller, SyncHandler } from './server.ts'
import { paySizeOfStored, storedHere } from '../../chain/intake/stored-blocks.ts'

const NO_BYTES = new Uint8Array(0)

export interface RequestHandlerModules {
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

export function createRequestHandler({ self, find, onOffer }: RequestHandlerModules): SyncHandler {
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
        return loadBlocks(replica, plan)
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
  const { chain, graph, fingerprints: folds, pioneer } = replica
  return {
    chain,
    graph,
    fingerprints: folds,
    held: () => replica.heldHere(),
    ...(pioneer === undefined ? {} : { pioneer }),
  }
}

/**
 * Two readings for a whole reply: of its blocks, and of as many of their payloads as fit into it. A peer that catches up
 * asks for little else, and most of that is over before V8 has compiled it: hence small functions, loops over indexes, and
 * no copies of objects.
 */
async function loadBlocks(replica: Replica, plan: BlocksPlan): Promise<Reply> {
  const kept = keptOf(replica, plan)
  const wanted = wantedOf(replica, kept, await replica.storedBlocks(kept.indexes))
  const inline = wanted.filter(isToBeRead)
  givePayloads(inline, await replica.store.firstFrames(inline.map(idOf)))
  return replyOf(plan, kept, wanted)
}

type BlocksPlan = ServePlan & { readonly do: 'blocks' }

/** What is had of a plan, in its order. */
interface Kept {
  readonly ids: BlockId[]
  readonly indexes: number[]
}

/** What was dropped meanwhile is not had. */
function keptOf(replica: Replica, { ids, indexes }: BlocksPlan): Kept {
  const kept: Kept = { ids: [], indexes: [] }
  for (let n = 0; n < ids.length; n += 1) {
    const id = ids[n]
    const index = indexes[n]
    if (id === undefined || index === undefined || !replica.isKept(index)) continue
    kept.ids.push(id)
    kept.indexes.push(index)
  }
  return kept
}

/** A block to be sent. */
interface Wanted extends LoadedBlock {
  readonly id: BlockId
  /** Absent until it is read. */
  payload: LoadedBlock['payload']
  /** Of its payload, as far as that goes along. */
  readonly inlineBytes: number
}

/** As many as fit into one reply, from the front. */
function wantedOf(replica: Replica, { ids, indexes }: Kept, stored: readonly StoredBlock[]): Wanted[] {
  const wanted: Wanted[] = []
  const sizes: number[] = []
  for (let n = 0; n < ids.length; n += 1) {
    const id = ids[n]
    const index = indexes[n]
    if (id === undefined || index === undefined) break
    const block = wantedBlock(replica, id, index, storedHere(index, stored[n]))
    wanted.push(block)
    sizes.push(bytesOf(block))
  }
  wanted.length = fittingIn(sizes)
  return wanted
}

function wantedBlock(replica: Replica, id: BlockId, index: number, stored: StoredBlock): Wanted {
  const size = paySizeOfStored(id, stored)
  if (replica.state.isHidden(index)) return { id, stored, payload: 'hidden', inlineBytes: 0 }
  if (replica.missing.has(index)) return { id, stored, payload: 'absent', inlineBytes: 0 }
  if (!travelsInline(size)) return { id, stored, payload: 'frames', inlineBytes: 0 }
  return { id, stored, payload: size === 0 ? NO_BYTES : 'absent', inlineBytes: size }
}

function bytesOf({ stored: { headerBytes, signature }, inlineBytes }: Wanted): number {
  return headerBytes.byteLength + (signature?.byteLength ?? 0) + inlineBytes
}

function isToBeRead({ inlineBytes }: Wanted): boolean {
  return inlineBytes > 0
}

function idOf({ id }: Wanted): BlockId {
  return id
}

/** One that was deleted meanwhile stays absent. */
function givePayloads(inline: readonly Wanted[], frames: readonly (Uint8Array | undefined)[]): void {
  for (let n = 0; n < inline.length; n += 1) {
    const block = inline[n]
    const frame = frames[n]
    if (block !== undefined && frame?.byteLength === block.inlineBytes) block.payload = frame
  }
}

/** @param wanted - of the first of those that are had */
function replyOf({ id, indexes }: BlocksPlan, kept: Kept, wanted: readonly Wanted[]): Reply {
  const blocks = new BlocksReply(id)
  let next = 0
  for (const index of indexes) {
    const isHad = index !== undefined && index === kept.indexes[next]
    if (isHad && next === wanted.length) break
    if (!blocks.add(isHad ? wanted[next++] : undefined)) break
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
