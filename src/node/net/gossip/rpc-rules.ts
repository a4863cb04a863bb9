/**
 * What the specification asks of gossipsub's RPCs and the library does not do (spec §7): an RPC has at most 64 KiB on
 * the way out, and a message that names a sender in `from` is invalid. (The library itself refuses `seqno`, `key` and
 * `signature` under `StrictNoSign`, and takes the sha2-256 of `data` as the id.)
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import type { PeerId } from '@libp2p/interface'
import { Bug } from '../../../dag/result.ts'
import { GOSSIP_RPC_BYTES } from '../../../protocol/gossip-limits.ts'

/** Ids of one entry are divided into runs of about this many bytes, so that entries fit together into RPCs. */
const IDS_BYTES = 16 * 1024

/** Bytes of an id's field in front of it: tag and length. */
const ID_OVERHEAD_BYTES = 4

type Control = RPC.ControlMessage

/** Private members of gossipsub. */
interface GossipSubInternals {
  readonly streamsOutbound?: Map<string, OutboundStream>
  handleReceivedMessage?: (from: PeerId, message: RPC.Message) => Promise<void>
  readonly score?: { readonly rejectInvalidMessage?: (from: string, topic: string) => void }
}

interface OutboundStream {
  push: (bytes: Uint8Array) => void
}

/** @throws {Bug} if gossipsub has renamed these members */
export function enforceRpcRules(pubsub: GossipSub): void {
  const internals = pubsub as unknown as GossipSubInternals
  boundOutgoing(internals)
  refuseSenders(internals)
}

/** Divides RPCs on every stream, those open already and those to come. */
function boundOutgoing({ streamsOutbound: streams }: GossipSubInternals): void {
  if (!(streams instanceof Map)) throw new Bug('gossipsub keeps its streams elsewhere')
  const set = streams.set.bind(streams)
  streams.set = (id, stream) => set(id, bounded(stream))
  for (const stream of streams.values()) bounded(stream)
}

function bounded(stream: OutboundStream): OutboundStream {
  const push = stream.push.bind(stream)
  stream.push = (bytes) => {
    if (bytes.byteLength <= GOSSIP_RPC_BYTES) push(bytes)
    else for (const part of splitRpc(RPC.decode(bytes), GOSSIP_RPC_BYTES)) push(part)
  }
  return stream
}

/** A message with a `from` is refused like one with a signature: its sender loses score, and nobody gets it. */
function refuseSenders(internals: GossipSubInternals): void {
  const { handleReceivedMessage, score } = internals
  if (handleReceivedMessage === undefined || score?.rejectInvalidMessage === undefined) {
    throw new Bug('gossipsub takes messages in elsewhere')
  }
  internals.handleReceivedMessage = async (from, message) => {
    if (message.from === undefined) await handleReceivedMessage.call(internals, from, message)
    else score.rejectInvalidMessage?.(from.toString(), message.topic)
  }
}

/**
 * The same entries as encoded RPCs of at most `limit` bytes, in order. An entry that alone is larger is left out: only a
 * message or an id that a peer made up for a topic which is not followed here can be.
 */
export function splitRpc(rpc: RPC, limit: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let part = emptyRpc()
  let bytes = 0
  for (const entry of entriesOf(rpc)) {
    const size = RPC.encode(entry).byteLength
    if (size > limit) continue
    if (bytes + size > limit) {
      parts.push(RPC.encode(part))
      part = emptyRpc()
      bytes = 0
    }
    add(part, entry)
    bytes += size
  }
  if (bytes > 0) parts.push(RPC.encode(part))
  return parts
}

function emptyRpc(): RPC {
  return { subscriptions: [], messages: [] }
}

function emptyControl(): Control {
  return { ihave: [], iwant: [], graft: [], prune: [], idontwant: [] }
}

/** One RPC for each entry. The sum of their encoded sizes is no less than the size of their union. */
function* entriesOf({ subscriptions, messages, control }: RPC): Generator<RPC> {
  for (const one of subscriptions) yield { ...emptyRpc(), subscriptions: [one] }
  for (const one of messages) yield { ...emptyRpc(), messages: [one] }
  if (control === undefined) return
  const controlled = (some: Partial<Control>): RPC => ({ ...emptyRpc(), control: { ...emptyControl(), ...some } })
  for (const one of control.graft) yield controlled({ graft: [one] })
  for (const one of control.prune) yield controlled({ prune: [one] })
  for (const one of control.ihave) {
    for (const messageIDs of runsOf(one.messageIDs)) yield controlled({ ihave: [{ ...one, messageIDs }] })
  }
  for (const one of control.iwant)
    for (const messageIDs of runsOf(one.messageIDs)) yield controlled({ iwant: [{ messageIDs }] })
  for (const one of control.idontwant) {
    for (const messageIDs of runsOf(one.messageIDs)) yield controlled({ idontwant: [{ messageIDs }] })
  }
}

function runsOf(ids: readonly Uint8Array[]): Uint8Array[][] {
  const runs: Uint8Array[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const id of ids) {
    const size = id.byteLength + ID_OVERHEAD_BYTES
    if (bytes + size > IDS_BYTES) {
      runs.push([])
      bytes = 0
    }
    runs.at(-1)?.push(id)
    bytes += size
  }
  return runs
}

function add(part: RPC, { subscriptions, messages, control }: RPC): void {
  part.subscriptions.push(...subscriptions)
  part.messages.push(...messages)
  if (control === undefined) return
  part.control ??= emptyControl()
  part.control.graft.push(...control.graft)
  part.control.prune.push(...control.prune)
  part.control.ihave.push(...control.ihave)
  part.control.iwant.push(...control.iwant)
  part.control.idontwant.push(...control.idontwant)
}
