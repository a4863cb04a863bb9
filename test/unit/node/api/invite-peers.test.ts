import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { MAX_INVITE_PEERS } from '../../../../src/node/api/invite.ts'
import { peersForInvite } from '../../../../src/node/api/invite-peers.ts'

const [US, THEM] = await Promise.all(
  [1, 2].map(async () => `/tcp/8331/p2p/${peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()}`),
)

const own = (...hosts: readonly string[]): string[] => hosts.map((host) => `${host}${US!}`)
const others = (...hosts: readonly string[]): string[] => hosts.map((host) => `${host}${THEM!}`)

const PUBLIC = '/ip4/203.0.114.7'
const LAN = '/ip4/192.168.1.7'
const LOOPBACK = '/ip4/127.0.0.1'
const ELSEWHERE = '/dns4/boot.example.org'

test.each([
  ['public addresses alone, if there are some', own(LOOPBACK, LAN, PUBLIC), own(PUBLIC), 'anywhere'],
  ['a name is public', own(LAN, '/dns4/node.example.org'), own('/dns4/node.example.org'), 'anywhere'],
  ['else those of the network', own(LOOPBACK, LAN, '/ip6/fd00::7'), own(LAN, '/ip6/fd00::7'), 'network'],
  ['else those of the machine', own(LOOPBACK, '/ip6/::1'), own(LOOPBACK, '/ip6/::1'), 'machine'],
  ['localhost is this machine', own('/dns4/localhost', LAN), own(LAN), 'network'],
  ['none that is not dialled over TCP', own(LAN).concat(`${PUBLIC}/udp/8331`), own(LAN), 'network'],
  ['none, if there are none', [], [], undefined],
])('%s', (_what, announced, peers, reach) => {
  const chosen = peersForInvite(announced, [])
  expect(chosen.peers).toEqual(peers)
  expect(chosen.reach).toBe(reach)
})

test('bootstrap peers stand behind this node, and a private one never beside its public address', () => {
  expect(peersForInvite(own(PUBLIC), others(LAN, LOOPBACK, ELSEWHERE)).peers).toEqual([
    ...own(PUBLIC),
    ...others(ELSEWHERE),
  ])
  expect(peersForInvite(own(LAN), others(LAN, LOOPBACK, ELSEWHERE)).peers).toEqual([
    ...own(LAN),
    ...others(LAN, ELSEWHERE),
  ])
  expect(peersForInvite([], others(LAN, ELSEWHERE))).toEqual({ peers: others(ELSEWHERE) })
  expect(peersForInvite([], others(LOOPBACK))).toEqual({ peers: others(LOOPBACK) })
})

test('a handful at the most, this node named once by whoever names it', () => {
  const many = Array.from({ length: 9 }, (_, n) => `/ip4/203.0.114.${String(n)}`)
  const { peers } = peersForInvite(own(...many), [...own(ELSEWHERE), ...others(...many)])
  expect(peers).toEqual([...own(...many.slice(0, 3)), ...others(...many.slice(0, MAX_INVITE_PEERS - 3))])
})
