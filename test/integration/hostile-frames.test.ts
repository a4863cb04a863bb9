/**
 * Giant frames (spec §8): a length is refused before anything of what it promises is taken in, on sync streams, in gossip,
 * and below them in the multiplexer. Who sends one is cut off; where no honest peer can send it, it is blamed too.
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ANNOUNCEMENT_BYTES } from '../../src/protocol/gossip-limits.ts'
import { MESSAGE_BYTES } from '../../src/protocol/sync-limits.ts'
import { eventually } from '../support/daemon.ts'
import { above, riding, shown } from '../support/attack-blocks.ts'
import { AttackedNetwork, idsOf, type Lie } from '../support/attacked-network.ts'
import { BREACHES, servingBlocks, yamuxData, type Stranger, type Wire } from '../support/stranger.ts'

const MIB = 1024 * 1024
const MALFORMED = { code: 'WIRE_MALFORMED' }

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.open()
})

afterAll(async () => {
  await network.close()
})

/** A length in the prefix's seven bits a byte. */
function lengthOf(bytes: number): Uint8Array {
  return new Uint8Array([
    (bytes & 0x7f) | 0x80,
    ((bytes >> 7) & 0x7f) | 0x80,
    ((bytes >> 14) & 0x7f) | 0x80,
    bytes >> 21,
  ])
}

const LENGTHS: readonly { title: string; prefix: Uint8Array }[] = [
  {
    title: 'one byte above the limit',
    prefix: lengthOf(MESSAGE_BYTES + 1)
      .map((byte, at) => (at === 2 ? byte & 0x7f : byte))
      .subarray(0, 3),
  },
  { title: 'as much as a length can say', prefix: new Uint8Array([0xff, 0xff, 0xff, 0x7f]) },
  { title: 'a length that does not end', prefix: new Uint8Array(64).fill(0xff) },
  { title: 'a length with zeros behind it', prefix: new Uint8Array([0x85, 0x80, 0x00]) },
]

/** Pours this much into a stream for as long as it is open. */
async function pour(wire: Wire, bytes: number): Promise<void> {
  const some = new Uint8Array(256 * 1024)
  for (let sent = 0; sent < bytes && wire.isOpen; sent += some.byteLength) await wire.pour(some)
}

describe('a giant frame as a request', () => {
  test.each(LENGTHS)('$title', async ({ prefix }) => {
    const at = await network.newChain()
    const wave = async (): Promise<void> => {
      const liar = await network.stranger()
      for (let times = 0; times < BREACHES; times += 1) {
        const wire = await liar.wire(network.node)
        wire.writeRaw(prefix)
        await pour(wire, 64 * MIB)
        expect(wire.isOpen).toBe(false)
      }
      await network.isBanned(liar, MALFORMED)
    }
    await network.withstands(at, wave)
  })
})

describe('a giant frame as a reply', () => {
  const lies = LENGTHS.map<Lie>(({ title, prefix }) => ({
    title,
    tell: (at) =>
      servingBlocks(at.on, [at.base], {
        open: (_reply, _request, wire) => {
          wire.writeRaw(prefix)
          void pour(wire, 64 * MIB)
          return undefined
        },
      }),
    error: /WIRE_MALFORMED|RPC_MALFORMED/,
    blame: MALFORMED,
  }))
  test.each(lies)('$title', (lie) => network.refuses(lie))
})

test('a giant frame of the multiplexer, below all streams', async () => {
  const at = await network.newChain()
  const giant = async (liar: Stranger): Promise<void> => {
    await liar.meet(network.node)
    const { maConn } = liar.under(network.node)
    maConn.send(yamuxData(1, new Uint8Array(), 0xffff_ffff))
    const some = new Uint8Array(MIB)
    for (let sent = 0; sent < 128 && liar.host.isConnected(network.node.peerId); sent += 1) {
      maConn.send(some)
      await liar.turn()
    }
    await eventually(
      () => Promise.resolve(liar.host.isConnected(network.node.peerId)),
      (is) => !is,
    )
  }
  const wave = async (): Promise<void> => {
    const liar = await network.stranger()
    for (let times = 0; times < BREACHES; times += 1) await giant(liar)
    await network.isBanned(liar, { code: 'WIRE_TOO_LARGE' })
  }
  await network.withstands(at, wave)
})

test('an announcement above the limit is not read, and its sender is still heard after one', async () => {
  const at = await network.newChain()
  const giant = async (): Promise<Stranger> => {
    const liar = await network.stranger()
    await liar.say(at.on, () => randomBytes(ANNOUNCEMENT_BYTES + 1))
    return liar
  }
  const liar = await giant()
  await network.withstands(at, giant, { waves: 4 })
  const good = above(at)
  await liar.say(at.on, () => riding(good))
  await eventually(
    () => idsOf(network.node, at.name),
    (ids) => ids.includes(shown(good)),
  )
  await network.isSpared(liar, at)
})
