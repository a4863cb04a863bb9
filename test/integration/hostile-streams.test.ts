/**
 * Streams by the thousand (spec §8): left open, or opened and closed without end. libp2p caps what is open at once; beyond
 * a rate that no honest peer reaches, who opens them is cut off and blamed.
 */
import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeReply } from '../../src/protocol/codec.ts'
import { STREAMS_AT_ONCE, STREAMS_OPENED, SYNC_STREAMS_PER_PEER } from '../../src/protocol/stream-limits.ts'
import { must } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import { BREACHES, type Stranger, type Wire } from '../support/stranger.ts'

const FLOOD = { code: 'STREAM_FLOOD' }

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

/** Opens streams one after another until so many were opened, or the connection is gone; how many there were. */
async function flood(liar: Stranger, use: (stream: Stream) => void, atMost = Infinity): Promise<number> {
  await liar.meet(network.node)
  // Who opens more than ten before the node has the connection to be blamed on is cut off by the library, and not blamed.
  const met = await liar.wire(network.node)
  met.abort()
  const muxer = liar.under(network.node)
  let opened = 0
  for (; opened < atMost && liar.host.isConnected(network.node.peerId); opened += 1) {
    // At its end the connection refuses before it is known to be gone.
    await muxer.createStream().then(use, () => undefined)
    if (opened % 50 === 0) await liar.turn()
  }
  return opened
}

const leave = (): void => undefined
const shut = (stream: Stream): void => stream.abort(new Error('enough'))

test.each([
  { title: 'left open, and nothing is ever said on them', use: leave },
  { title: 'closed as soon as they are open', use: shut },
])('thousands of streams, $title: cut off each time, and banned in the end', async ({ use }) => {
  const at = await network.newChain()
  const wave = async (): Promise<void> => {
    const liar = await network.stranger()
    let opened = 0
    for (let times = 0; times < BREACHES; times += 1) opened += await flood(liar, use)
    expect(opened).toBeGreaterThan(BREACHES * 0.5 * STREAMS_OPENED.burst)
    await network.isBanned(liar, FLOOD)
  }
  await network.withstands(at, wave)
})

test('as many as an honest peer may come to open are nothing to be blamed for', async () => {
  const at = await network.newChain()
  const busy = await network.stranger()
  await flood(busy, shut, STREAMS_OPENED.burst / 2)
  await network.withstands(at, () => busy.isWelcome(network.node))
  await network.isSpared(busy, at)
})

test('more streams at once than one connection may have: the surplus is reset, the others live, nobody is blamed', async () => {
  const at = await network.newChain()
  const wide = await network.stranger()
  const streams: Stream[] = []
  await flood(wide, (stream) => void streams.push(stream), 2 * STREAMS_AT_ONCE)
  const open = async (): Promise<number> => streams.filter(({ status }) => status === 'open').length
  expect(await eventually(open, (count) => count <= STREAMS_AT_ONCE)).toBeGreaterThan(STREAMS_AT_ONCE / 2)
  for (const stream of streams) stream.abort(new Error('enough'))
  await network.isSpared(wide, at)
})

test('more sync streams than one peer may have: the surplus is reset, the first ones are served, nobody is blamed', async () => {
  const at = await network.newChain()
  const greedy = await network.stranger()
  const first: Wire[] = []
  for (let count = 0; count < SYNC_STREAMS_PER_PEER; count += 1) first.push(await greedy.wire(network.node))
  const wave = async (): Promise<void> => {
    for (let count = 0; count < 20; count += 1) await expect(greedy.wire(network.node)).rejects.toThrow()
    for (const wire of first) {
      const reply = await wire.ask({ t: 'open', id: 1, chain: at.on.rendezvous })
      expect(must(decodeReply(reply ?? new Uint8Array())).t).toBe('opened')
    }
  }
  await network.withstands(at, wave)
  for (const wire of first) await wire.close()
  await eventually(
    () =>
      greedy.wire(network.node).then(
        (wire) => wire.close().then(() => true),
        () => false,
      ),
    Boolean,
  )
  await network.isSpared(greedy, at)
})
