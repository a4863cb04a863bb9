/**
 * Slow-loris, in both directions (spec §8): a peer that reads nothing of what it asked for, sends a request or a hello byte
 * by byte, answers byte by byte or not at all. It may be on a bad line, so nothing is held against it; but what it holds is
 * bounded in memory and in time, and nobody waits for it.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { encodeReply } from '../../src/protocol/codec.ts'
import { REQUESTS_IN_FLIGHT, SYNC_STREAMS_PER_PEER } from '../../src/protocol/stream-limits.ts'
import { author } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { floodOf } from '../support/flood.ts'
import { above, ALICE, Branch } from '../support/attack-blocks.ts'
import { type AttackedChain, AttackedNetwork, idsOf, MEMORY_BYTES } from '../support/attacked-network.ts'
import type { Wire } from '../support/stranger.ts'
import { servingBlocks, yamuxData, type Answer, type Stranger } from '../support/stranger.ts'

const SYBILS = 12

/** Slow enough that a few hundred bytes take longer than anybody is waited for. */
const BYTE_MS = 10

let network: AttackedNetwork

/** Says its hello byte by byte from the beginning. */
let muttering: Stranger
let mutter: Wire

beforeAll(async () => {
  network = await AttackedNetwork.open()
  muttering = await network.stranger()
  mutter = await muttering.open(network.node)
  trickle(mutter, new Uint8Array([0x80, 0x80, 0x01, ...new Uint8Array(10_000)]))
})

afterAll(async () => {
  await network.close()
})

/** What trickles on each stream: messages come one after another. */
const trickling = new WeakMap<Wire, Promise<void>>()

/** One byte after another for as long as somebody takes them. */
function trickle(wire: Wire, bytes: Uint8Array): void {
  const before = trickling.get(wire) ?? Promise.resolve()
  const trickled = before.then(async () => {
    for (const [at] of bytes.entries()) {
      if (!wire.isOpen) return
      wire.writeRaw(bytes.subarray(at, at + 1))
      await setTimeout(BYTE_MS)
    }
  })
  trickling.set(wire, trickled)
}

async function wires(of: Stranger): Promise<Wire[]> {
  const made: Wire[] = []
  for (let count = 0; count < SYNC_STREAMS_PER_PEER; count += 1) made.push(await of.wire(network.node))
  return made
}

test('bytes of a request, each in a packet of 64 KiB: it is the bytes that are held, and not the packets', async () => {
  const at = await network.newChain()
  const slow = await network.stranger()
  const streams = await wires(slow)
  for (const wire of streams) wire.writeRaw(new Uint8Array([0x80, 0xe0, 0x12]))
  const { maConn } = slow.under(network.node)
  // No stream has this number: what is sent on it is dropped.
  const ballast = yamuxData(0x7fff_fffe, new Uint8Array(60_000))
  const packets = streams.map(({ number }) => new Uint8Array([...yamuxData(number, new Uint8Array(1)), ...ballast]))
  const wave = async (): Promise<void> => {
    for (let times = 0; times < 20; times += 1) for (const packet of packets) maConn.send(packet)
    await slow.isWelcome(network.node)
  }
  // 200 MB in all at night.
  const waveBytes = 20 * packets.reduce((sum, { byteLength }) => sum + byteLength, 0)
  await network.withstands(at, wave, { waves: floodOf(MEMORY_BYTES / waveBytes, 42) })
  for (const wire of streams) {
    expect(wire.isOpen).toBe(true)
    wire.abort()
  }
  await network.isSpared(slow, at)
})

test('large replies are asked for, and not read: four of them wait for each stream, and no more', async () => {
  const at = await network.newChain(`@${author(ALICE).author}`)
  const large = above(at, { payload: randomBytes(1024 * 1024) })
  expect(await network.bring(at.name, servingBlocks(at.on, [at.base, large]))).toBe(1)
  const deaf: Wire[] = []
  const wave = async (): Promise<void> => {
    if (deaf.length >= 6 * SYNC_STREAMS_PER_PEER) return
    for (const wire of await wires(await network.stranger())) {
      deaf.push(wire)
      wire.send({ t: 'open', id: 0, chain: at.on.rendezvous })
      // 8 MiB for each of 24 streams.
      for (let id = 1; id <= REQUESTS_IN_FLIGHT; id += 1) {
        wire.send({ t: 'frame', id, chain: at.on.rendezvous, block: large.block.id, offset: 0 })
      }
    }
  }
  await network.withstands(at, wave, { waves: 6 })
  for (const wire of deaf) wire.abort()
  await network.isSpared(await network.stranger(), at)
})

describe('a pull from a slow peer', () => {
  const byteByByte =
    (honest: Answer): Answer =>
    (request, wire) => {
      const reply = honest(request, wire)
      if (reply !== undefined) trickle(wire, wire.framed(encodeReply(reply)))
      return undefined
    }

  const KINDS: readonly {
    title: string
    answer: (at: AttackedChain, made: MadeBlock) => Answer
    greets?: boolean
    new?: number
  }[] = [
    {
      title: 'that answers byte by byte',
      answer: (at, made) => byteByByte(servingBlocks(at.on, [at.base, made])),
      new: 1,
    },
    { title: 'that answers nothing', answer: () => () => undefined },
    { title: 'that does not even say hello', answer: () => () => undefined, greets: false },
  ]

  test.each(KINDS)('$title holds up no other pull', async ({ answer, greets = true, new: fresh }) => {
    const at = await network.newChain()
    const slow = await network.stranger(answer(at, above(at, { payload: 'slow' })))
    slow.greets = greets
    const state = { isOver: false }
    const recv = network.recv(slow, at.name).finally(() => (state.isOver = true))
    recv.catch(() => undefined)
    await eventually(
      () => Promise.resolve(slow.streams),
      (streams) => streams > 0,
    )
    expect(await network.bring(at.name, servingBlocks(at.on, [at.base, above(at)]))).toBe(1)
    // Before a busy machine comes to the deadline of its replies.
    const { isOver } = state
    await network.withstands(at, () => slow.turn())
    if (fresh === undefined) {
      expect(isOver).toBe(false)
      await slow.hangUp(network.node)
      await expect(recv).rejects.toThrow()
    } else expect(await recv).toMatchObject({ new: fresh })
    slow.greets = true
    await network.isSpared(slow, at)
  })

  test('that offers again and again is waited for once', async () => {
    const at = await network.newChain()
    const silent = await network.stranger(() => undefined)
    const wire = await silent.wire(network.node)
    await wire.ask({ t: 'open', id: 1, chain: at.on.rendezvous })
    for (let id = 2; id < REQUESTS_IN_FLIGHT; id += 1) wire.send({ t: 'offer', id, chain: at.on.rendezvous })
    await eventually(
      () => Promise.resolve(silent.asked.length),
      (asked) => asked > 0,
    )
    await network.withstands(at, () => silent.turn())
    wire.abort()
    await network.isSpared(silent, at)
  })
})

test('many of one address subscribe and answer nothing: what a stranger has beside them comes before one of them is given up', async () => {
  const at = await network.newChain()
  const sybils = await Promise.all(Array.from({ length: SYBILS }, () => network.stranger(() => undefined)))
  for (const sybil of sybils) sybil.listen(at.on)
  await eventually(
    () => Promise.resolve(sybils.some(({ asked }) => asked.length > 0)),
    (isPulledFrom) => isPulledFrom,
  )
  const branch = new Branch(at.on, [at.base])
  for (let n = 1; n <= 20; n += 1) branch.post(ALICE, at.base.block.header.time + n)
  const honest = await network.stranger(servingBlocks(at.on, branch.blocks))
  honest.listen(at.on)
  // One after another, four at a time, they would take three times the half minute for which a request is waited for.
  await eventually(
    () => idsOf(network.node, at.name),
    (ids) => ids.length === 1 + branch.blocks.length,
    60_000,
  )
  for (const sybil of sybils) expect(sybil.host.isConnected(network.node.peerId)).toBe(true)
  await network.isSpared(honest, at)
})

test('a hello byte by byte: the stream is cut off in the end, and nobody is blamed', async () => {
  const at = await network.newChain()
  await network.withstands(at, () =>
    eventually(
      () => Promise.resolve(mutter.isOpen),
      (isOpen) => !isOpen,
    ),
  )
  await network.isSpared(muttering, at)
})
