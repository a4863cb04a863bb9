/** `peer remove` removes peers that were added by command, and none that the config names (spec §11). */
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { beforeEach, expect, test } from 'vitest'
import { AddedPeers } from '../../../../../src/node/net/discovery/added-peers.ts'
import type { Discovery } from '../../../../../src/node/net/discovery/discovery.ts'

const [ID, OTHER] = [
  '12D3KooWGjSE7eCu5f1Pa8pGxscmoEcdQ5BRMGqbyMvL2dhrPCS5',
  '12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X',
]
const BARE = '/ip4/10.0.0.1/tcp/8331'
const WHOLE = `/ip4/10.0.0.2/tcp/8331/p2p/${ID}`
const CONFIGURED = `/ip4/10.0.0.3/tcp/8331/p2p/${ID}`

let saved: readonly string[]
let staticPeers: Map<string, string | undefined>
let peers: AddedPeers

beforeEach(() => {
  saved = []
  staticPeers = new Map([[CONFIGURED, ID]])
  const discovery = {
    addPeer: (address: Multiaddr) => staticPeers.set(address.toString(), undefined),
    removePeer: (address: Multiaddr) => {
      staticPeers.delete(address.toString())
      return Promise.resolve()
    },
    staticPeers: () =>
      [...staticPeers].map(([address, peer]) => ({
        address: multiaddr(address),
        ...(peer === undefined ? {} : { peer }),
      })),
  } as unknown as Discovery
  const list = {
    load: () => Promise.resolve(saved),
    save: (entries: readonly string[]) => {
      saved = entries
      return Promise.resolve()
    },
  }
  peers = new AddedPeers({ configured: [CONFIGURED] }, { list, discovery })
})

async function add(...addresses: readonly string[]): Promise<void> {
  await peers.add(addresses.map((address) => multiaddr(address)))
}

test.each([
  ['as it was typed', '10.0.0.1', [BARE]],
  ['as it is listed', BARE, [BARE]],
  ['with the peer id that is not in it', `${BARE}/p2p/${ID}`, [BARE]],
  ['without the peer id that is in it', '10.0.0.2:8331', [WHOLE]],
  ['by its peer id, at all its addresses', ID, [WHOLE]],
])('an added peer is forgotten, and kept no more: %s', async (_how, which, removed) => {
  await add(BARE, WHOLE)
  expect(await peers.remove(which)).toMatchObject({ ok: true, value: { removed } })
  expect(saved).toEqual([BARE, WHOLE].filter((address) => !removed.includes(address)))
  expect([...staticPeers.keys()]).toEqual([CONFIGURED, ...saved])
})

test('a peer that was met at an address without its id is found by the id', async () => {
  await add(BARE)
  staticPeers.set(BARE, OTHER)
  expect(await peers.remove(OTHER)).toEqual({ ok: true, value: { removed: [BARE], configured: [] } })
  await add(BARE)
  staticPeers.set(BARE, OTHER)
  expect(await peers.remove(`${BARE}/p2p/${ID}`)).toMatchObject({ ok: false, fault: { code: 'PEER_NOT_ADDED' } })
})

test('what the config file names stays, and is said to', async () => {
  await add(WHOLE)
  expect(await peers.remove(ID)).toEqual({ ok: true, value: { removed: [WHOLE], configured: [CONFIGURED] } })
  for (const which of [ID, '10.0.0.3', CONFIGURED]) {
    expect(await peers.remove(which)).toEqual({ ok: false, fault: { code: 'PEER_IN_CONFIG', addresses: [CONFIGURED] } })
  }
  await add(CONFIGURED)
  expect(await peers.remove(CONFIGURED)).toEqual({
    ok: true,
    value: { removed: [CONFIGURED], configured: [CONFIGURED] },
  })
  expect([saved, [...staticPeers.keys()]]).toEqual([[], [CONFIGURED]])
})

test('what was never added, and what is no address, is refused', async () => {
  await add(BARE)
  expect(await peers.remove('10.0.0.9')).toEqual({ ok: false, fault: { code: 'PEER_NOT_ADDED', which: '10.0.0.9' } })
  expect(await peers.remove('10.0.0.1:8332')).toMatchObject({ ok: false, fault: { code: 'PEER_NOT_ADDED' } })
  expect(await peers.remove('a b')).toMatchObject({ ok: false, fault: { code: 'PEER_BAD_ADDRESS' } })
  expect(saved).toEqual([BARE])
})
