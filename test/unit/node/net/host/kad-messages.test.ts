import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, test } from 'vitest'
import {
  boundedReply,
  boundedRequest,
  isRendezvousKey,
  RefusedRequest,
  type KadPeer,
} from '../../../../../src/node/net/host/kad-messages.ts'
import {
  KAD_ADDRESSES,
  KAD_KEY_BYTES,
  KAD_PEERS,
  KAD_REPLY_BYTES,
  PEER_ADDRESS_BYTES,
} from '../../../../../src/protocol/peer-limits.ts'

const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
const ID = peer.toMultihash().bytes
const DIGEST = Buffer.concat([Buffer.of(0x12, 32), Buffer.alloc(32, 7)])
const CID = Buffer.concat([Buffer.of(1, 0x55), DIGEST])

function peers(count: number, addresses: number, bytes = 8): KadPeer[] {
  return Array.from({ length: count }, (_, n) => ({
    id: Buffer.alloc(38, n),
    multiaddrs: Array.from({ length: addresses }, () => new Uint8Array(bytes)),
  }))
}

describe('the key of a provider record is', () => {
  test.each([
    ['a rendezvous', DIGEST, true],
    ['its CID', CID, true],
    ['not a longer one', Buffer.concat([DIGEST, Buffer.of(0)]), false],
    ['not a shorter one', DIGEST.subarray(0, 33), false],
    ['not of another hash', Buffer.concat([Buffer.of(0x13, 32), Buffer.alloc(32)]), false],
    ['not the bytes themselves', Buffer.concat([Buffer.of(1, 0x55, 0, 32), Buffer.alloc(32)]), false],
    ['not nothing', Buffer.of(), false],
  ])('%s', (_name, key, is) => {
    expect(isRendezvousKey(key)).toBe(is)
  })
})

test.each(['GET_VALUE', 'PUT_VALUE', 'SOMETHING'])('%s is refused: the DHT keeps no values', (type) => {
  expect(() => boundedRequest(peer, { type, key: DIGEST, closer: [], providers: [] })).toThrow(RefusedRequest)
})

test('records and lookups under other keys are refused', () => {
  const request = (type: string, key?: Uint8Array): unknown =>
    boundedRequest(peer, { type, ...(key === undefined ? {} : { key }), closer: [], providers: [] })
  for (const type of ['ADD_PROVIDER', 'GET_PROVIDERS']) {
    expect(() => request(type, Buffer.alloc(200_000))).toThrow(RefusedRequest)
    expect(() => request(type)).toThrow(RefusedRequest)
  }
  expect(() => request('FIND_NODE', Buffer.alloc(KAD_KEY_BYTES + 1))).toThrow(RefusedRequest)
  expect(request('FIND_NODE', Buffer.alloc(KAD_KEY_BYTES))).toBeDefined()
})

test('a peer announces itself alone, once, with so many short addresses', () => {
  const own = { id: ID, multiaddrs: [...peers(1, 2 * KAD_ADDRESSES)[0]!.multiaddrs] }
  const long = { id: ID, multiaddrs: [new Uint8Array(PEER_ADDRESS_BYTES + 1)] }
  const message = { type: 'ADD_PROVIDER', key: DIGEST, closer: peers(9, 1), providers: [...peers(9, 1), own, long] }
  const { closer, providers } = boundedRequest(peer, message)
  expect([closer.length, providers.length, providers[0]?.multiaddrs.length]).toEqual([0, 1, KAD_ADDRESSES])
  expect(boundedRequest(peer, { ...message, providers: [long] }).providers[0]?.multiaddrs).toEqual([])
})

test('a reply names so many peers, with so many addresses, in so many bytes', () => {
  const reply = { type: 'GET_PROVIDERS', key: DIGEST, closer: peers(99, 99), providers: peers(99, 99) }
  const { closer, providers } = boundedReply(reply)
  expect([closer.length, providers.length]).toEqual([KAD_PEERS, KAD_PEERS])
  expect(providers.every(({ multiaddrs }) => multiaddrs.length === KAD_ADDRESSES)).toBe(true)
  const most = { ...reply, closer: peers(99, 99, PEER_ADDRESS_BYTES), providers: peers(99, 99, PEER_ADDRESS_BYTES) }
  const bytes = [...boundedReply(most).closer, ...boundedReply(most).providers].flatMap(({ id, multiaddrs }) =>
    [id, ...multiaddrs].map(({ byteLength }) => byteLength),
  )
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(KAD_REPLY_BYTES)
  expect(boundedReply(most).providers).toHaveLength(KAD_PEERS)
})
