/** gossipsub's peers and streams follow libp2p's connections, whatever it lost (spec §7). */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Connection, PeerId } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { expect, test } from 'vitest'
import { reopenStreams } from '../../../../../src/node/net/gossip/reopen-streams.ts'

class FakeStream {
  readonly rawStream = { status: 'open', remoteWriteStatus: 'writable', abort: () => (this.isAborted = true) }
  isAborted = false
}

const idOf = (name: string): PeerId => ({ toString: () => name }) as PeerId
const connectionTo = (name: string): Connection => ({ status: 'open', remotePeer: idOf(name) }) as Connection

/** The parts of gossipsub that it keeps to itself. `refuses`: peers that take no stream. */
class FakeGossip extends EventTarget {
  readonly refuses = new Set<string>()
  readonly opened: string[] = []
  readonly peers = new Map<string, PeerId>()
  readonly streamsOutbound = new Map<string, FakeStream>()
  readonly streamsInbound = new Map<string, FakeStream>()
  reading: Promise<void> = Promise.resolve()

  addPeer(peer: PeerId): void {
    this.peers.set(peer.toString(), peer)
  }

  removePeer(peer: PeerId): void {
    this.peers.delete(peer.toString())
    this.streamsOutbound.delete(peer.toString())
  }

  async createOutboundStream(peer: PeerId): Promise<void> {
    const key = peer.toString()
    this.opened.push(key)
    await Promise.resolve()
    if (!this.refuses.has(key)) this.streamsOutbound.set(key, new FakeStream())
  }

  pipePeerReadStream(_peer: PeerId, _source: unknown): Promise<void> {
    return this.reading
  }
}

function following(...names: string[]) {
  const gossip = new FakeGossip()
  const connections = names.map(connectionTo)
  const getConnections = (peer?: PeerId): Connection[] =>
    connections.filter(({ remotePeer }) => peer === undefined || remotePeer.toString() === peer.toString())
  const stop = reopenStreams({ getConnections } as unknown as Libp2p, gossip as unknown as GossipSub)
  const beats = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      gossip.dispatchEvent(new Event('gossipsub:heartbeat'))
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    }
  }
  return { gossip, connections, beats, stop }
}

test('a connected peer that gossipsub forgot, or never heard of, is added and gets a stream', async () => {
  const { gossip, beats, stop } = following('ann')
  await beats(1)
  expect(gossip.opened).toEqual([])
  await beats(1)
  expect([gossip.opened, [...gossip.peers.keys()], [...gossip.streamsOutbound.keys()]]).toEqual([
    ['ann'],
    ['ann'],
    ['ann'],
  ])
  await beats(10)
  expect(gossip.opened).toEqual(['ann'])
  stop()
})

test('a peer that speaks no gossip is tried ever more rarely, and is not kept', async () => {
  const { gossip, beats } = following('ann')
  gossip.refuses.add('ann')
  await beats(100)
  expect(gossip.opened.length).toBeLessThanOrEqual(7)
  expect(gossip.peers.size).toBe(0)
})

test('a peer is forgotten with its last connection, and not before', async () => {
  const { gossip, connections, beats } = following('ann', 'ann')
  await beats(2)
  connections.pop()
  gossip.removePeer(idOf('ann'))
  expect([...gossip.peers.keys()]).toEqual(['ann'])
  connections.pop()
  // Nobody tells gossipsub.
  await beats(1)
  expect(gossip.peers.size).toBe(0)
})

test('a stream whose reader closed it is reset, and another one opened', async () => {
  const { gossip, beats } = following('ann')
  await beats(2)
  const stream = gossip.streamsOutbound.get('ann')
  if (stream === undefined) expect.unreachable('there is a stream')
  stream.rawStream.remoteWriteStatus = 'closed'
  await beats(1)
  expect(stream.isAborted).toBe(true)
  // As its `close` event does.
  gossip.streamsOutbound.delete('ann')
  await beats(2)
  expect(gossip.opened).toEqual(['ann', 'ann'])
})

test('a stream that is not read any more is reset, so that the peer opens another', async () => {
  const { gossip } = following('ann')
  const stream = new FakeStream()
  gossip.streamsInbound.set('ann', stream)
  await gossip.pipePeerReadStream(idOf('ann'), undefined)
  expect([stream.isAborted, gossip.streamsInbound.size]).toEqual([true, 0])
  const newer = new FakeStream()
  gossip.streamsInbound.set('ann', stream)
  const reading = gossip.pipePeerReadStream(idOf('ann'), undefined)
  gossip.streamsInbound.set('ann', newer)
  await reading
  expect([newer.isAborted, gossip.streamsInbound.get('ann')]).toEqual([false, newer])
})

test('while a stream is being opened no second one is', async () => {
  const { gossip } = following('ann')
  await Promise.all([gossip.createOutboundStream(idOf('ann')), gossip.createOutboundStream(idOf('ann'))])
  expect(gossip.opened).toEqual(['ann'])
})

test('a gossipsub that keeps its streams elsewhere is a bug of this program', () => {
  expect(() => reopenStreams({} as Libp2p, new EventTarget() as unknown as GossipSub)).toThrow('elsewhere')
})
