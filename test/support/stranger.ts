/**
 * A peer in this process that meets real daemons: our own host and gossip under it, and both ends of its sync streams by
 * hand, byte for byte, so that it can say whatever it likes. It refuses everything until it is told what to answer.
 */
import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import type { Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { encode } from 'it-length-prefixed'
import type { Uint8ArrayList } from 'uint8arraylist'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { FingerprintTree } from '../../src/dag/fingerprint-tree.ts'
import { Graph } from '../../src/dag/graph.ts'
import { Bug } from '../../src/dag/result.ts'
import type { AuthorKey, BlockId } from '../../src/dag/ids.ts'
import { hasFirstPostPioneer } from '../../src/dag/sound.ts'
import { FRAME_BYTES } from '../../src/dag/store.ts'
import { topicOf } from '../../src/node/net/gossip/chain-gossip.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { readMessages, MessageWriter, readChunks } from '../../src/node/net/host/streams.ts'
import { Pubsub } from '../../src/node/net/gossip/pubsub.ts'
import { decodeHello, decodeRequest, encodeHello, encodeReply, encodeRequest } from '../../src/protocol/codec.ts'
import {
  BLOCKS_REPLY_BYTES,
  HEADS_PER_PAGE,
  IDS_PER_PAGE,
  INLINE_PAYLOAD_BYTES,
  MESSAGE_BYTES,
} from '../../src/protocol/sync-limits.ts'
import type { Handshake } from '../../src/protocol/membership-proof.ts'
import { answerFolds } from '../../src/protocol/dag-diff.ts'
import { SYNC_PROTOCOL, type Reply, type Request, type WireBlock } from '../../src/protocol/messages.ts'
import { must } from './blocks.ts'
import { eventually, type Daemon } from './daemon.ts'
import { soon, startHost } from './hosts.ts'

/** What a stranger answers to a daemon's request; nothing at all: it stays silent, or has written to the wire itself. */
export type Answer = (request: Request, wire: Wire) => Reply | undefined

/** Breaches that a daemon takes from a peer before it bans it. */
export const BREACHES = 4

/** What this end says breaks off after so many bytes, on the first stream that it is for. */
export class Cut {
  readonly #kind: 'reset' | 'end'
  #left: number
  #isUsed = false
  #isMade = false

  constructor(afterBytes: number, kind: 'reset' | 'end') {
    this.#left = afterBytes
    this.#kind = kind
  }

  /** Not yet: there was less to say. */
  get isMade(): boolean {
    return this.#isMade
  }

  on(stream: Stream): void {
    if (this.#isUsed) return
    this.#isUsed = true
    const send = stream.send.bind(stream)
    stream.send = (data) => {
      if (this.#isMade) return true
      const bytes = data.subarray()
      if (bytes.byteLength <= this.#left) {
        this.#left -= bytes.byteLength
        return send(bytes)
      }
      this.#isMade = true
      if (this.#left > 0) send(bytes.subarray(0, this.#left))
      if (this.#kind === 'reset') stream.abort(new Error('cut'))
      else stream.close().catch(() => undefined)
      return true
    }
  }
}

/** One end of a sync stream: whole frames, or raw bytes. */
export class Wire {
  readonly nonce: Uint8Array = randomBytes(32)
  theirNonce: Uint8Array = new Uint8Array()
  readonly #stream: Stream
  readonly #writer: MessageWriter
  readonly #frames: AsyncGenerator<Uint8Array>

  /** In the tick in which the stream is handed over. */
  constructor(stream: Stream, cut?: Cut) {
    this.#stream = stream
    cut?.on(stream)
    this.#frames = readMessages(MESSAGE_BYTES)(readChunks(stream))
    this.#writer = new MessageWriter(stream)
  }

  /** Both hellos; false if the other side hung up instead of saying its own. */
  async greet(): Promise<boolean> {
    this.write(encodeHello({ t: 'hello', v: 1, nonce: this.nonce }))
    const hello = await this.next()
    if (hello === undefined) return false
    this.theirNonce = must(decodeHello(hello)).nonce
    return true
  }

  /** A frame, behind its length. */
  write(frame: Uint8Array): void {
    // Who is cut off in the middle of a lie has nobody to tell.
    this.#writer.write(frame).catch(() => undefined)
  }

  /** Bytes as they are; none once the stream is over. */
  writeRaw(bytes: Uint8Array): void {
    if (this.isOpen) this.#stream.send(bytes)
  }

  /** The same, and waits until there is room for more or the stream is over. */
  async pour(bytes: Uint8Array): Promise<void> {
    if (!this.isOpen || this.#stream.send(bytes)) return nextTurn()
    await this.#stream.onDrain({ signal: soon() }).catch(() => undefined)
  }

  /** A frame as it is written. */
  framed(frame: Uint8Array): Uint8Array {
    return encode.single(frame).subarray()
  }

  /** The next frame as it came; nothing when the stream is over. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      const next = await this.#frames.next()
      return next.done === true ? undefined : next.value
    } catch {
      return undefined
    }
  }

  send(request: Request): void {
    this.write(encodeRequest(request))
  }

  reply(reply: Reply): void {
    this.write(encodeReply(reply))
  }

  /** Sends a request and gives the reply as it came. */
  async ask(request: Request): Promise<Uint8Array | undefined> {
    this.send(request)
    return this.next()
  }

  /** Ends this side, as in the middle of a frame if need be. */
  async close(): Promise<void> {
    await this.#stream.close()
  }

  /** Breaks the stream off. */
  abort(): void {
    this.#stream.abort(new Error('the stranger broke off'))
  }

  /** Whether the other side has not ended it. */
  get isOpen(): boolean {
    return this.#stream.status === 'open'
  }

  /** As the multiplexer knows it. */
  get number(): number {
    return Number(this.#stream.id)
  }
}

/** What libp2p does not show of a connection: streams that speak no protocol, and bytes that are no stream's. */
export interface Multiplexer {
  readonly createStream: () => Promise<Stream>
  readonly maConn: { readonly send: (packet: Uint8Array) => boolean; readonly onDrain: () => Promise<void> }
}

/** What gossipsub keeps to itself: its streams to others, by their ids. */
interface Gossiping {
  readonly streamsOutbound: ReadonlyMap<string, { readonly pushPrefixed: (frame: Uint8ArrayList) => void }>
}

/** A data frame as yamux spells it: version, type, flags, stream, length; which need not be that of the data. */
export function yamuxData(stream: number, data: Uint8Array, length = data.byteLength): Uint8Array {
  const frame = new Uint8Array(12 + data.byteLength)
  const view = new DataView(frame.buffer)
  view.setUint32(4, stream)
  view.setUint32(8, length)
  frame.set(data, 12)
  return frame
}

export class Stranger {
  readonly host: Host
  answer: Answer = refuse
  /** For streams that daemons open from now on. */
  cut: Cut | undefined
  /** Whether it says hello on streams that daemons open. */
  greets = true
  /** What daemons asked, oldest first. */
  readonly asked: Request[] = []
  /** Announcements as they came, of the topics it listens to. */
  readonly heard: Uint8Array[] = []
  /** Streams that daemons opened. */
  streams = 0
  readonly #topics: Pubsub

  private constructor(host: Host) {
    this.host = host
    this.#topics = new Pubsub({ host, log: silentLogger })
  }

  static async start(): Promise<Stranger> {
    const stranger = new Stranger(await startHost())
    await stranger.host.libp2p.handle(SYNC_PROTOCOL, (stream) => stranger.#serve(new Wire(stream, stranger.cut)))
    return stranger
  }

  get id(): string {
    return this.host.peerId.toString()
  }

  /** With the peer id. */
  get address(): string {
    return this.host.addresses()[0] ?? ''
  }

  async meet(...daemons: readonly Daemon[]): Promise<void> {
    for (const daemon of daemons) must(await this.host.connect(addressOf(daemon), { signal: soon() }))
  }

  /** A sync stream to a daemon, before any hello. */
  async open(daemon: Daemon, cut?: Cut): Promise<Wire> {
    const stream = await this.host.libp2p.dialProtocol(addressOf(daemon), SYNC_PROTOCOL, { signal: soon() })
    return new Wire(stream, cut)
  }

  /** The same after both hellos. */
  async wire(daemon: Daemon): Promise<Wire> {
    const wire = await this.open(daemon)
    if (!(await wire.greet())) throw new Error('the daemon hung up')
    return wire
  }

  /** Lets everybody else in this process have a turn. */
  turn(): Promise<void> {
    return nextTurn()
  }

  /** What lies under the streams of the connection to a daemon. */
  under(daemon: Daemon): Multiplexer {
    const [connection] = this.host.libp2p
      .getConnections()
      .filter(({ remotePeer }) => remotePeer.toString() === daemon.peerId)
    if (connection === undefined) throw new Bug('the stranger is not connected')
    return (connection as unknown as { readonly muxer: Multiplexer }).muxer
  }

  /** What a proof of membership on this stream to the daemon speaks of. */
  handshake(wire: Wire, daemon: Daemon): Handshake {
    const other = this.host.libp2p.getPeers().find((peer) => peer.toString() === daemon.peerId)
    return {
      requesterNonce: wire.nonce,
      responderNonce: wire.theirNonce,
      requesterPeer: this.host.peerId.toMultihash().bytes,
      responderPeer: other?.toMultihash().bytes ?? new Uint8Array(),
    }
  }

  /** Subscribes to a chain's topic and passes nothing on. */
  listen(chain: Chain): void {
    this.#topics.join(topicOf(chain.rendezvous), (_from, data) => {
      this.heard.push(data)
      return Promise.resolve('ignore')
    })
  }

  /** Publishes on a chain's topic, again (with other bytes) until there was somebody to hear it. */
  async say(chain: Chain, make: () => Uint8Array): Promise<void> {
    await eventually(
      () => this.#topics.publish(topicOf(chain.rendezvous), make()),
      (recipients) => recipients > 0,
    )
  }

  /** Sends all of these to one daemon in one frame of gossip, as no `publish` would; waits for a gossip stream to it. */
  async sayAtOnce(daemon: Daemon, chain: Chain, said: readonly Uint8Array[]): Promise<void> {
    const { streamsOutbound } = this.host.libp2p.services.pubsub as unknown as Gossiping
    const topic = topicOf(chain.rendezvous)
    const messages = said.map((data) => ({ topic, data }))
    const stream = await eventually(
      () => Promise.resolve(streamsOutbound.get(daemon.peerId)),
      (open) => open !== undefined || !this.host.isConnected(daemon.peerId),
    )
    // `push` would divide it.
    stream?.pushPrefixed(encode.single(RPC.encode({ subscriptions: [], messages })))
  }

  /** Whether the daemon has to do with this peer: it can be banned and not know. */
  async isWelcome(daemon: Daemon): Promise<boolean> {
    return daemon.client.call('peer.ping', { addr: this.address }).then(
      () => true,
      () => false,
    )
  }

  /** What the daemon holds against this peer, by how many breaches are left to it. It is banned after that. */
  async breachesLeft(daemon: Daemon): Promise<number> {
    for (let breaches = 0; breaches <= BREACHES; breaches++) {
      if (!(await this.isWelcome(daemon))) return breaches
      const wire = await this.wire(daemon)
      await wire.ask({ t: 'offer', id: 1, chain: new Uint8Array(32) })
      wire.write(new Uint8Array([0xff]))
      await wire.next()
    }
    return Infinity
  }

  /** Ends the connection to a daemon. */
  async hangUp(daemon: Daemon): Promise<void> {
    await this.host.libp2p.hangUp(peerIdFromString(daemon.peerId))
  }

  async stop(): Promise<void> {
    await this.host.stop()
  }

  async #serve(wire: Wire): Promise<void> {
    this.streams += 1
    if (!this.greets) return
    if (!(await wire.greet())) return
    for (let frame = await wire.next(); frame !== undefined; frame = await wire.next()) {
      const request = must(decodeRequest(frame))
      this.asked.push(request)
      const reply = this.answer(request, wire)
      if (reply !== undefined) wire.reply(reply)
    }
  }
}

export function refuse({ id }: Request): Reply {
  return { t: 'refuse', id, code: 'unknown-chain' }
}

/** What to say instead of the honest reply, by request. */
export type Lies = {
  readonly [T in Request['t']]?: (honest: Reply, request: Request & { readonly t: T }, wire: Wire) => Reply | undefined
}

/** Answers as a peer that has just these blocks of a chain, pasts first, in pages as an honest one; but for the lies. */
export function servingBlocks(chain: Chain, blocks: readonly MadeBlock[], lies: Lies = {}): Answer {
  const below = new Set(blocks.flatMap(({ block }) => block.header.backs))
  const ids = blocks.map(({ block }) => block.id)
  const things = {
    ids,
    heads: ids.filter((id) => !below.has(id)).sort(),
    byId: new Map(blocks.map((made) => [made.block.id, made])),
    ...(hasFirstPostPioneer(chain) ? founderOf(blocks) : {}),
    graph: () => graphOf(chain, blocks),
  }
  return (request, wire) => {
    const honest = Buffer.compare(request.chain, chain.rendezvous) === 0 ? answerFrom(things, request) : refuse(request)
    const lie = lies[request.t] as ((honest: Reply, request: Request, wire: Wire) => Reply | undefined) | undefined
    return lie === undefined ? honest : lie(honest, request, wire)
  }
}

/** Blocks whose backs are all before them: a liar's need not be. */
function graphOf(chain: Chain, blocks: readonly MadeBlock[]): Graph {
  const graph = new Graph(chain.id, 1)
  for (const { block } of blocks) {
    const { height, time } = block.header
    const backs = block.header.backs.map((back) => graph.indexOf(back)).filter((index) => index !== undefined)
    const isFit = backs.length === block.header.backs.length && !graph.has(block.id)
    if (isFit) graph.add({ id: block.id, height, time, backs }, true)
  }
  return graph
}

/** As an honest node names it: the author of the first post. */
function founderOf(blocks: readonly MadeBlock[]): { readonly pioneer?: AuthorKey } {
  const author = blocks.find(({ block }) => block.header.height === 1)?.block.header.author
  return author === undefined ? {} : { pioneer: author }
}

interface Things {
  readonly pioneer?: AuthorKey
  readonly ids: readonly BlockId[]
  readonly heads: readonly BlockId[]
  readonly byId: ReadonlyMap<BlockId, MadeBlock>
  readonly graph: () => Graph
}

function answerFrom({ ids, heads, byId, graph, pioneer }: Things, request: Request): Reply {
  const { id } = request
  switch (request.t) {
    case 'open':
      return {
        t: 'opened',
        id,
        ...(pioneer === undefined ? {} : { pioneer }),
        blocks: heads.length,
        heads: heads.slice(0, HEADS_PER_PAGE),
        more: heads.length > HEADS_PER_PAGE,
      }
    case 'heads': {
      const rest = heads.filter((head) => head > request.after)
      return { t: 'heads', id, heads: rest.slice(0, HEADS_PER_PAGE), more: rest.length > HEADS_PER_PAGE }
    }
    case 'diff': {
      const from = request.after === undefined ? 0 : ids.indexOf(request.after) + 1
      return { t: 'ids', id, ids: ids.slice(from, from + IDS_PER_PAGE), more: from + IDS_PER_PAGE < ids.length }
    }
    case 'folds': {
      const own = graph()
      return { t: 'folds', id, folds: answerFolds(own, new FingerprintTree(own), request.prefixes) }
    }
    case 'get': {
      const found: WireBlock[] = []
      let room = BLOCKS_REPLY_BYTES
      let asked = 0
      for (const wanted of request.ids) {
        const made = byId.get(wanted)
        const wire = made === undefined ? undefined : wireBlock(made)
        const size = wire === undefined ? 0 : wire.headerBytes.byteLength + (wire.payload?.byteLength ?? 0)
        if (asked > 0 && size > room) break
        room -= size
        asked += 1
        if (wire !== undefined) found.push(wire)
      }
      return { t: 'blocks', id, asked, blocks: found }
    }
    case 'frame': {
      const payload = byId.get(request.block)?.payload
      if (payload === undefined) return { t: 'no-payload', id, why: 'absent' }
      const { offset } = request
      return { t: 'frame', id, offset, bytes: payload.subarray(offset, offset + FRAME_BYTES) }
    }
    case 'held':
      return { t: 'ids', id, ids: [], more: false }
    case 'offer':
      return { t: 'refuse', id, code: 'busy' }
  }
}

/** A block as an honest peer sends it. */
export function wireBlock({ block: { headerBytes, signature }, payload }: MadeBlock): WireBlock {
  const signed = { headerBytes, ...(signature === undefined ? {} : { signature }) }
  return payload.byteLength > INLINE_PAYLOAD_BYTES
    ? { ...signed, state: 'frames' }
    : { ...signed, state: 'inline', payload }
}

/** The same bytes but for the last bit. */
export function altered(bytes: Uint8Array): Uint8Array {
  const other = Uint8Array.from(bytes)
  other[other.length - 1]! ^= 1
  return other
}

function addressOf(daemon: Daemon): ReturnType<typeof multiaddr> {
  return multiaddr(daemon.addresses[0])
}
