import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { encode } from 'it-length-prefixed'
import { expect, onTestFinished, test, vi } from 'vitest'
import { boundedIdentify } from '../../../../../src/node/net/host/guarded-identify.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import {
  PEER_ADDRESS_BYTES,
  PEER_ADDRESSES,
  PEER_METADATA_BYTES,
  PEER_PROTOCOLS,
  PEER_RECORD_BYTES,
} from '../../../../../src/protocol/peer-limits.ts'
import { dial, soon, startHost, startHosts, stopAll } from '../../../../support/hosts.ts'

const IDENTIFY = '/ipfs/id/1.0.0'

function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(number * 8 + 2), encode.single(bytes).subarray()])
}

/** Ten messages of almost 8 KiB, as many as the library reads, with 5,000 addresses of this machine. */
async function flood(stream: Stream, publicKey: Uint8Array): Promise<void> {
  const protocols = Array.from({ length: 90 }, (_, n) => field(3, Buffer.from(`/x/${String(n)}`)))
  const agent = field(6, Buffer.alloc(600, 'a'))
  for (let message = 0; message < 10; message++) {
    const ports = Array.from({ length: 500 }, (_, n) => 1 + message * 500 + n)
    const addresses = ports.map((port) => field(2, multiaddr(`/ip4/127.0.0.1/tcp/${String(port)}`).bytes))
    stream.send(encode.single(Buffer.concat([field(1, publicKey), agent, ...addresses, ...protocols])))
  }
  await stream.close({ signal: soon() })
}

test('what a peer says of itself in identify is cut before it is parsed', () => {
  const message = {
    listenAddrs: [new Uint8Array(PEER_ADDRESS_BYTES + 1), ...Array.from({ length: 16_000 }, () => new Uint8Array(8))],
    protocols: Array.from({ length: 16_000 }, (_, n) => `/x/${String(n)}`),
    agentVersion: '\u{ffff}'.repeat(8000),
    observedAddr: new Uint8Array(PEER_ADDRESS_BYTES + 1),
    signedPeerRecord: new Uint8Array(PEER_RECORD_BYTES + 1),
  }
  const { listenAddrs, protocols, agentVersion = '', ...rest } = boundedIdentify(message)
  expect([listenAddrs.length, protocols.length, rest]).toEqual([2 * PEER_ADDRESSES - 1, PEER_PROTOCOLS, {}])
  expect(Buffer.byteLength(agentVersion)).toBeLessThanOrEqual(PEER_METADATA_BYTES)
  const small = { listenAddrs: [], protocols: [], signedPeerRecord: new Uint8Array(PEER_RECORD_BYTES) }
  expect(boundedIdentify(small)).toEqual(small)
})

test('a flood of identify leaves few addresses, and an honest peer is met and identified meanwhile', async () => {
  const [node, honest] = (await startHosts(2)) as [Host, Host]
  const privateKey = await generateKeyPair('Ed25519')
  const liar = await startHost({ privateKey })
  onTestFinished(() => stopAll([node, honest, liar]))
  // As in libp2p's protobuf: the type of the key, then the key.
  const publicKey = Buffer.concat([Buffer.of(8, 1), field(2, privateKey.publicKey.raw)])
  await liar.libp2p.unhandle(IDENTIFY)
  const floods = vi.fn((stream: Stream) => flood(stream, publicKey))
  await liar.libp2p.handle(IDENTIFY, floods)
  await dial(liar, node)
  await dial(honest, node)
  const known = async (peer: Host): Promise<number[]> => {
    const { addresses, protocols, metadata } = await node.libp2p.peerStore.get(peer.peerId)
    return [addresses.length, protocols.length, metadata.get('AgentVersion')?.byteLength ?? 0]
  }
  await expect.poll(() => known(honest).then(([count]) => count), { timeout: 20_000 }).toBe(1)
  const most = [PEER_ADDRESSES, PEER_PROTOCOLS, Math.floor(PEER_METADATA_BYTES / 3)]
  await expect.poll(() => known(liar), { timeout: 20_000 }).toEqual(most)
  expect(floods).toHaveBeenCalled()
})
