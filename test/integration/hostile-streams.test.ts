/**
 * Streams by the thousand (spec §8): left open, or opened and closed without end. libp2p caps what is open at once; beyond
 * a rate that no honest peer reaches, who opens them is cut off and blamed.
 */
import type { Stream } from '@libp2p/interface'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeReply } from '../../src/protocol/codec.ts'
import { STREAMS_AT_ONCE, STREAMS_OPENED, SYNC_STREAMS_PER_PEER } from '../../src/protocol/limits.ts'
import { must } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { Ordeal } from '../support/ordeal.ts'
import { BREACHES, type Stranger, type Wire } from '../support/stranger.ts'

const FLOOD = { code: 'STREAM_FLOOD' }

let ordeal: Ordeal

beforeAll(async () => {
  ordeal = await Ordeal.open()
})

afterAll(async () => {
  await ordeal.close()
})

/** Opens streams one after another until so many were opened, or the connection is gone; how many there were. */
async function flood(liar: Stranger, use: (stream: Stream) => void, atMost = Infinity): Promise<number> {
  await liar.meet(ordeal.node)
  // Who opens more than ten before the node has the connection to be blamed on is cut off by the library, and not blamed.
  const met = await liar.wire(ordeal.node)
  met.abort()
  const muxer = liar.under(ordeal.node)
  let opened = 0
  for (; opened < atMost && liar.host.isConnected(ordeal.node.peerId); opened += 1) {
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
  const at = await ordeal.arena()
  const wave = async (): Promise<void> => {
    const liar = await ordeal.stranger()
    let opened = 0
    for (let times = 0; times < BREACHES; times += 1) opened += await flood(liar, use)
    expect(opened).toBeGreaterThan(BREACHES * 0.5 * STREAMS_OPENED.burst)
    await ordeal.isBanned(liar, FLOOD)
  }
  await ordeal.withstands(at, wave)
})

test('as many as an honest peer may come to open are nothing to be blamed for', async () => {
  const at = await ordeal.arena()
  const busy = await ordeal.stranger()
  await flood(busy, shut, STREAMS_OPENED.burst / 2)
  await ordeal.withstands(at, () => busy.isWelcome(ordeal.node))
  await ordeal.isSpared(busy, at)
})

test('more streams at once than one connection may have: the surplus is reset, the others live, nobody is blamed', async () => {
  const at = await ordeal.arena()
  const wide = await ordeal.stranger()
  const streams: Stream[] = []
  await flood(wide, (stream) => void streams.push(stream), 2 * STREAMS_AT_ONCE)
  const open = async (): Promise<number> => streams.filter(({ status }) => status === 'open').length
  expect(await eventually(open, (count) => count <= STREAMS_AT_ONCE)).toBeGreaterThan(STREAMS_AT_ONCE / 2)
  for (const stream of streams) stream.abort(new Error('enough'))
  await ordeal.isSpared(wide, at)
})

test('more sync streams than one peer may have: the surplus is reset, the first ones are served, nobody is blamed', async () => {
  const at = await ordeal.arena()
  const greedy = await ordeal.stranger()
  const first: Wire[] = []
  for (let count = 0; count < SYNC_STREAMS_PER_PEER; count += 1) first.push(await greedy.wire(ordeal.node))
  const wave = async (): Promise<void> => {
    for (let count = 0; count < 20; count += 1) await expect(greedy.wire(ordeal.node)).rejects.toThrow()
    for (const wire of first) {
      const reply = await wire.ask({ t: 'open', id: 1, chain: at.on.rendezvous })
      expect(must(decodeReply(reply ?? new Uint8Array())).t).toBe('opened')
    }
  }
  await ordeal.withstands(at, wave)
  for (const wire of first) await wire.close()
  await eventually(
    () =>
      greedy.wire(ordeal.node).then(
        (wire) => wire.close().then(() => true),
        () => false,
      ),
    Boolean,
  )
  await ordeal.isSpared(greedy, at)
})
