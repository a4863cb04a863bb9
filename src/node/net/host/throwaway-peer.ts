/**
 * A connection to an address that shows this node's own id (spec §9). libp2p ends connections between two ends of one id, so it is made
 * under a key that is thrown away: noise still proves that the other end has this node's key.
 */
import { noise } from '@chainsafe/libp2p-noise'
import type { Connection, PeerId } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

export interface ThrowawayPeer {
  /** Fails if somebody else answers there. */
  connect(address: Multiaddr, signal: AbortSignal): Promise<Connection>
  stop(): Promise<void>
}

/** It listens nowhere, and speaks what its caller opens alone. */
export async function throwawayPeer(expected: PeerId): Promise<ThrowawayPeer> {
  const libp2p = await createLibp2p({
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  })
  return {
    connect: (address, signal) => {
      const where = address.toString().replace(/\/p2p\/[^/]+$/, '')
      return libp2p.dial(multiaddr(`${where}/p2p/${expected.toString()}`), { signal, force: true })
    },
    stop: async () => libp2p.stop(),
  }
}
