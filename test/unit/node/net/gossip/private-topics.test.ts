/** §7 Topics of groups: told to peers that may know them, and to nobody else. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { beforeEach, expect, test } from 'vitest'
import { PrivateTopics } from '../../../../../src/node/net/gossip/private-topics.ts'

/** The two methods of gossipsub that are wrapped, with what reached the library. */
class FakeGossipSub {
  readonly sent: string[] = []
  readonly taken: string[] = []
  sendSubscriptions(_peer: string, topics: string[], subscribe: boolean): void {
    this.sent.push(...topics.map((topic) => `${subscribe ? '+' : '-'}${topic}`))
  }
  handleReceivedSubscription(_from: PeerId, topic: string, subscribe: boolean): boolean {
    this.taken.push(`${subscribe ? '+' : '-'}${topic}`)
    return true
  }
}

let pubsub: FakeGossipSub
let topics: PrivateTopics
let peer: PeerId
let isKnown: boolean

beforeEach(async () => {
  peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  pubsub = new FakeGossipSub()
  topics = new PrivateTopics(pubsub as unknown as GossipSub)
  isKnown = false
  topics.add('group', () => isKnown)
})

const open = (): void => pubsub.sendSubscriptions(peer.toString(), ['forum', 'group'], true)
const hear = (topic: string, subscribe = true): boolean => pubsub.handleReceivedSubscription(peer, topic, subscribe)

test('a stranger is told of forums alone, and its subscription to a group is not noticed', () => {
  open()
  expect(pubsub.sent).toEqual(['+forum'])
  expect([hear('forum'), hear('group')]).toEqual([true, false])
  expect(pubsub.taken).toEqual(['+forum'])
})

test('once it may know, it is told once, and what it said before counts', () => {
  open()
  hear('group')
  isKnown = true
  expect([topics.admit('group', peer.toString()), topics.admit('group', peer.toString())]).toEqual([true, false])
  expect([pubsub.sent, pubsub.taken]).toEqual([['+forum', '+group'], ['+group']])
  open()
  expect(topics.admit('group', peer.toString())).toBe(false)
  expect(pubsub.sent).toEqual(['+forum', '+group', '+forum', '+group'])
})

test('who was not told is not told either that the topic was left; who was, is', () => {
  open()
  pubsub.sendSubscriptions(peer.toString(), ['group'], false)
  isKnown = true
  open()
  pubsub.sendSubscriptions(peer.toString(), ['group'], false)
  expect(pubsub.sent).toEqual(['+forum', '+forum', '+group', '-group'])
})

test('one that took its subscription back before is not subscribed when it may know', () => {
  hear('group')
  hear('group', false)
  isKnown = true
  expect(topics.admit('group', peer.toString())).toBe(false)
  expect(topics.admit('forum', peer.toString())).toBe(false)
})
