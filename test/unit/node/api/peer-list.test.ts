/** `peer.list`: static peers that are not connected, and why (spec §11). */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import type { StaticPeerState } from '../../../../src/node/net/discovery/static-peer.ts'
import { awayPeers } from '../../../../src/node/api/peer-list.ts'

const [ID, OTHER] = [
  '12D3KooWGjSE7eCu5f1Pa8pGxscmoEcdQ5BRMGqbyMvL2dhrPCS5',
  '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X',
]

const at = (host: string, more: Omit<StaticPeerState, 'address'> = {}): StaticPeerState => ({
  address: multiaddr(`/ip4/${host}/tcp/8331`),
  ...more,
})

test('a peer that is connected, at whatever address, is not listed as away', () => {
  expect(awayPeers([at('10.0.0.1', { peer: ID })], new Set([ID]), 0)).toEqual([])
})

test('one that nobody met has no id; one with several addresses is listed once', () => {
  const states = [
    at('10.0.0.1', { failure: 'connect ECONNREFUSED 10.0.0.1:8331', nextMs: 5_000 }),
    at('10.0.0.2', { peer: ID, failure: 'The operation was aborted', nextMs: 9_000 }),
    at('10.0.0.3', { peer: OTHER, nextMs: 1_500 }),
    at('10.0.0.4', { peer: ID, failure: 'The operation was aborted', nextMs: 4_000 }),
    at('10.0.0.5'),
  ]
  const away = awayPeers(states, new Set(), 1_000)
  expect(away.map(({ id, why, nextTryMs }) => [id, why, nextTryMs])).toEqual([
    [undefined, 'nothing listens there', 4_000],
    [ID, 'no answer', 3_000],
    [OTHER, 'the connection was lost', 500],
    [undefined, 'it is being dialled', 0],
  ])
  expect(away[1]).toMatchObject({ addresses: ['/ip4/10.0.0.2/tcp/8331', '/ip4/10.0.0.4/tcp/8331'], connected: false })
})

test.each([
  ['getaddrinfo ENOTFOUND node.example.org', 'the name has no address'],
  ['connect EHOSTUNREACH 10.0.0.1:8331', 'there is no way to it'],
  ['nothing within 10000 ms', 'no answer'],
  ['something new', 'something new'],
])('a dial that failed with “%s”: %s', (failure, why) => {
  expect(awayPeers([at('10.0.0.1', { failure })], new Set(), 0)).toMatchObject([{ why }])
})
