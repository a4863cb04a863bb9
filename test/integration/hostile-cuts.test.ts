/**
 * A line that drops at every byte (spec §8): in what a peer answers, in what it asks, and below that in everything that
 * runs over TCP. Each time the two ends meet again they are in sync, nothing is lost, and nobody is blamed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { decodeReply } from '../../src/protocol/codec.ts'
import type { Reply, Request } from '../../src/protocol/messages.ts'
import { author, must, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { ALICE, pvt, shown } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, idsOf } from '../support/attacked-network.ts'
import { Cut, servingBlocks, type Wire } from '../support/stranger.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** Offsets in the bytes of a whole meeting, handshake and all, in each direction. */
const TCP_CUTS = 10

let network: AttackedNetwork
/** An owner's, who may post as often as there are bytes. */
let at: AttackedChain

beforeAll(async () => {
  network = await AttackedNetwork.open()
  at = await network.newChain(`@${author(ALICE).author}`)
})

afterAll(async () => {
  await network.close()
})

let last: MadeBlock | undefined

function nextPost(): MadeBlock {
  last = post(at.on, { author: ALICE, backs: [(last ?? at.base).block], payload: 'x' })
  return last
}

/** So often the two meet without a cut in between, and have to be in sync then. */
const MEETS_EACH = 25

test('in a reply, at each byte of an exchange', async () => {
  const giver = await network.stranger()
  const meet = (): Promise<boolean> =>
    network.recv(giver, at.name).then(
      () => true,
      () => false,
    )
  const offer = (made: MadeBlock): MadeBlock => {
    giver.answer = servingBlocks(at.on, [made], {
      diff: ({ id }) => ({ t: 'ids', id, ids: [made.block.id], more: false }),
    })
    return made
  }
  let made = offer(nextPost())
  /** The post is here for good, and there is another one. */
  const sync = async (): Promise<void> => {
    await eventually(meet, Boolean)
    expect(await idsOf(network.node, at.name)).toContain(shown(made))
    made = offer(nextPost())
  }
  let cuts = 0
  await network.withstands(at, async () => {
    for (let isWhole = false; !isWhole;) {
      const cut = new Cut(cuts, cuts % 2 === 0 ? 'reset' : 'end')
      giver.cut = cut
      const isThrough = await meet()
      giver.cut = undefined
      isWhole = isThrough && !cut.isMade
      if (cut.isMade) cuts += 1
      if (!isThrough && cuts % MEETS_EACH !== 0) continue
      await sync()
      // The next cut is for a stream of its own.
      await giver.hangUp(network.node)
    }
  })
  expect(cuts).toBeGreaterThan(300)
  await network.isSpared(giver, at)
})

test('in a request, at each byte of an exchange', async () => {
  const asker = await network.stranger()
  const { block } = last ?? at.base
  const on = { chain: at.on.rendezvous }
  const requests: readonly Request[] = [
    { t: 'open', id: 1, ...on },
    { t: 'diff', id: 2, ...on, have: [block.header.backs[0] ?? block.id] },
    { t: 'get', id: 3, ...on, ids: [block.id] },
  ]
  /** All replies, as far as they come. */
  const converse = async (wire: Wire): Promise<Reply[]> => {
    const replies: Reply[] = []
    if (!(await wire.greet())) return replies
    for (const request of requests) {
      const reply = await wire.ask(request)
      if (reply === undefined) break
      replies.push(must(decodeReply(reply)))
    }
    await wire.close()
    return replies
  }
  const whole = await converse(await asker.open(network.node))
  expect(whole.map(({ t }) => t)).toEqual(['opened', 'ids', 'blocks'])
  let cuts = 0
  let isWhole = false
  await network.withstands(at, async () => {
    while (!isWhole) {
      const cut = new Cut(cuts, cuts % 2 === 0 ? 'reset' : 'end')
      const some = await converse(await asker.open(network.node, cut))
      isWhole = !cut.isMade
      if (isWhole) break
      cuts += 1
      expect(some.length).toBeLessThan(requests.length)
      if (cuts % 10 === 0) expect((await converse(await asker.open(network.node))).at(-1)?.t).toBe('blocks')
    }
  })
  expect(cuts).toBeGreaterThan(200)
  await network.isSpared(asker, at)
})

test('below all that, at bytes all over a meeting of two daemons', async () => {
  const { playground } = network
  const proxy = await TcpProxy.open()
  const chains = [{ name: at.name }]
  // Neither knows another way to the other one.
  const near = await playground.start('near', { chains, announce: ['/ip4/127.0.0.1/tcp/1'] })
  const once = await playground.start('far')
  const listen = (once.addresses[0] ?? '').replace(/\/p2p\/.*/, '')
  await once.stop()
  const far = await playground.start('far', {
    chains,
    listen,
    announce: [`/ip4/127.0.0.1/tcp/${String(proxy.port)}`],
  })
  proxy.target = Number(listen.split('/').at(-1))
  const addr = `/ip4/127.0.0.1/tcp/${String(proxy.port)}/p2p/${far.peerId}`
  const meet = (): Promise<boolean> =>
    near.client.call('peer.recv', { addr, chain: at.name }).then(
      () => true,
      () => false,
    )
  const say = (text: string): Promise<unknown> =>
    far.client.call('chain.post', { chain: at.name, text, sign: pvt(ALICE) })
  const sync = async (): Promise<void> => {
    await eventually(meet, Boolean)
    await eventually(
      () => Promise.all([near, far].map((daemon) => idsOf(daemon, at.name))),
      ([ofNear, ofFar]) => String(ofNear) === String(ofFar),
    )
  }
  await say('what a meeting takes when one post is missing')
  await sync()
  const size = { ...proxy.passed }
  for (let cut = 0; cut < TCP_CUTS; cut += 1) {
    for (const direction of ['there', 'back'] as const) {
      proxy.limit({ direction, bytes: Math.floor((cut * size[direction]) / TCP_CUTS) })
      await say(`cut ${direction}`)
      // They meet by themselves too.
      await eventually(
        () => meet().then(() => proxy.isCut),
        (isCut) => isCut,
      )
      proxy.limit()
      await sync()
    }
  }
  expect(await idsOf(far, at.name)).toHaveLength(1 + 1 + 2 * TCP_CUTS)
  expect(network.blames({ id: far.peerId }, near)).toEqual([])
  expect(network.blames({ id: near.peerId }, far)).toEqual([])
  await proxy.close()
  await Promise.all([near.stop(), far.stop()])
})
