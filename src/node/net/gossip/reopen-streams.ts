/**
 * Keeps gossipsub's streams and peers to what libp2p's connections are. gossipsub writes to each peer on one stream, which
 * it does not open again while the peer is connected, and it forgets the whole peer when a stream from it breaks, even if
 * that was one of an old connection and the peer came back on another. From then on messages and subscriptions are lost,
 * in one direction or both. A stream breaks when the line under it changes, or when its write buffer overflows because the
 * peer is slow.
 */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { Bug } from '../../../dag/result.ts'
import { StreamCut } from '../host/streams.ts'

/** Heartbeats, of a second each, between tries with a peer that takes no stream: doubled up to this. */
const LONGEST_WAIT = 64

interface GossipStream {
  readonly rawStream: Stream
}

/** Private members of gossipsub. */
interface GossipSubInternals {
  readonly peers?: ReadonlyMap<string, PeerId>
  readonly streamsOutbound?: ReadonlyMap<string, GossipStream>
  readonly streamsInbound?: Map<string, GossipStream>
  addPeer?: (peer: PeerId, direction: Connection['direction'], address: Connection['remoteAddr']) => void
  removePeer?: (peer: PeerId) => void
  createOutboundStream?: (peer: PeerId, connection: Connection) => Promise<void>
  pipePeerReadStream?: (peer: PeerId, source: unknown) => Promise<void>
}

type Internals = Required<GossipSubInternals>

/**
 * Runs at each heartbeat. Returns the function that stops it.
 * @throws {Bug} if gossipsub has renamed these members
 */
export function reopenStreams(libp2p: Libp2p, pubsub: GossipSub): () => void {
  const internals = internalsOf(pubsub)
  const removePeer = internals.removePeer.bind(internals)
  keepConnected(internals, libp2p, removePeer)
  resetWhatIsNotRead(internals)
  openOnce(internals)
  const streams = new OutboundStreams(internals, removePeer)
  const onHeartbeat = (): void => {
    streams.look(openConnections(libp2p))
  }
  pubsub.addEventListener('gossipsub:heartbeat', onHeartbeat)
  return () => {
    pubsub.removeEventListener('gossipsub:heartbeat', onHeartbeat)
  }
}

function internalsOf(pubsub: GossipSub): Internals {
  const internals = pubsub as unknown as GossipSubInternals
  const { peers, streamsOutbound, streamsInbound } = internals
  const { addPeer, removePeer, createOutboundStream, pipePeerReadStream } = internals
  const members = [
    peers,
    streamsOutbound,
    streamsInbound,
    addPeer,
    removePeer,
    createOutboundStream,
    pipePeerReadStream,
  ]
  if (members.includes(undefined)) throw new Bug('gossipsub keeps its streams elsewhere')
  return internals as Internals
}

/** The open connections of each peer, the newest first. */
function openConnections(libp2p: Libp2p): Map<string, Connection[]> {
  const byPeer = new Map<string, Connection[]>()
  for (const connection of libp2p.getConnections()) {
    if (connection.status !== 'open') continue
    const key = connection.remotePeer.toString()
    byPeer.set(key, [connection, ...(byPeer.get(key) ?? [])])
  }
  return byPeer
}

/** A peer with an open connection is not forgotten: its subscriptions and its place in the mesh stay. */
function keepConnected(internals: Internals, libp2p: Libp2p, removePeer: (peer: PeerId) => void): void {
  internals.removePeer = (peer) => {
    if (!libp2p.getConnections(peer).some(({ status }) => status === 'open')) removePeer(peer)
  }
}

/** A stream that is not read any more is reset: the peer sees it, and opens another one. */
function resetWhatIsNotRead(internals: Internals): void {
  const read = internals.pipePeerReadStream.bind(internals)
  const { streamsInbound } = internals
  internals.pipePeerReadStream = async (peer, source) => {
    const key = peer.toString()
    const stream = streamsInbound.get(key)
    await read(peer, source)
    if (stream === undefined) return
    if (streamsInbound.get(key) === stream) streamsInbound.delete(key)
    if (stream.rawStream.status === 'open') stream.rawStream.abort(new StreamCut('nobody reads it'))
  }
}

/** While a stream to a peer is being opened no second one is: it would replace the first, which would never be closed. */
function openOnce(internals: Internals): void {
  const open = internals.createOutboundStream.bind(internals)
  const opening = new Map<string, Promise<void>>()
  internals.createOutboundStream = (peer, connection) => {
    const key = peer.toString()
    const known = opening.get(key)
    if (known !== undefined) return known
    const opened = open(peer, connection).finally(() => opening.delete(key))
    opening.set(key, opened)
    return opened
  }
}

/** A peer without a stream. */
interface Missing {
  /** Heartbeats until the next try. */
  wait: number
  /** Tries that failed. */
  failures: number
  isOpening: boolean
}

/**
 * Invariants:
 * 1. `#missing` has the connected peers that had no stream at the last look. The first stream may still be opening, so the
 *    first look only notes them.
 * 2. A peer that gossipsub did not know is known to it only if it took a stream: peers that speak no gossip are not.
 */
class OutboundStreams {
  readonly #internals: Internals
  readonly #removePeer: (peer: PeerId) => void
  readonly #missing = new Map<string, Missing>()

  constructor(internals: Internals, removePeer: (peer: PeerId) => void) {
    this.#internals = internals
    this.#removePeer = removePeer
  }

  look(connected: ReadonlyMap<string, readonly Connection[]>): void {
    const { peers, streamsOutbound } = this.#internals
    // libp2p does not tell of the end of a connection whose peer its store has forgotten.
    for (const [key, peer] of [...peers]) if (!connected.has(key)) this.#removePeer(peer)
    for (const key of [...this.#missing.keys()]) if (!connected.has(key)) this.#missing.delete(key)
    for (const [key, connections] of connected) {
      const stream = streamsOutbound.get(key)
      // It is the reading end that closes its side: nothing that is written arrives any more.
      if (stream?.rawStream.remoteWriteStatus === 'closed') stream.rawStream.abort(new StreamCut('nobody reads it'))
      if (streamsOutbound.has(key)) this.#missing.delete(key)
      else this.#lookAtMissing(key, connections)
    }
  }

  #lookAtMissing(key: string, connections: readonly Connection[]): void {
    const missing = this.#missing.get(key) ?? { wait: 1, failures: 0, isOpening: false }
    this.#missing.set(key, missing)
    if (missing.isOpening) return
    if (missing.wait > 0) {
      missing.wait -= 1
      return
    }
    // The newest one may be the one that is dead.
    const connection = connections[missing.failures % connections.length]
    if (connection !== undefined) void this.#open(key, connection, missing)
  }

  async #open(key: string, connection: Connection, missing: Missing): Promise<void> {
    const { peers, streamsOutbound } = this.#internals
    const { remotePeer, direction, remoteAddr } = connection
    const isNew = !peers.has(key)
    missing.isOpening = true
    if (isNew) this.#internals.addPeer(remotePeer, direction, remoteAddr)
    // It does not report a failure.
    await this.#internals.createOutboundStream(remotePeer, connection)
    missing.isOpening = false
    if (streamsOutbound.has(key)) return
    missing.failures += 1
    missing.wait = Math.min(LONGEST_WAIT, 2 ** missing.failures)
    if (isNew) this.#removePeer(remotePeer)
  }
}
