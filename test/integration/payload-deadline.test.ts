/**
 * A payload whose frames one peer owes for longer than any reply may take (spec §8), between hosts of this process: the
 * deadline is an argument there, so nobody waits out the real one.
 */
import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, expect, test } from 'vitest'
import { silentLogger } from '../../src/node/base/log.ts'
import { SyncClient, type RpcFault } from '../../src/node/net/sync/client.ts'
import { UNHURRIED } from '../support/pulling.ts'
import { FRAME_BYTES } from '../../src/dag/store.ts'
import { PullCoordinator } from '../../src/node/net/sync/pull-coordinator.ts'
import type { PullResult } from '../../src/protocol/pull-types.ts'
import { above, ALICE } from '../support/attack-blocks.ts'
import { author, chain, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { soon, startHost } from '../support/hosts.ts'
import { openReplica, takeIn } from '../support/replicas.ts'
import { altered, servingBlocks, Stranger, type Answer } from '../support/stranger.ts'

/** Instead of the 30 s of a real node; longer than an honest reply takes on a busy machine. */
const REPLY_MS = 4_000

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const on = chain(`@${author(ALICE).author}`)
const base = post(on, { author: ALICE, payload: 'the first one' })

interface Puller {
  readonly pullFrom: (stranger: Stranger) => Promise<PullResult>
  readonly stranger: (answer: Answer) => Promise<Stranger>
  readonly payloadOf: (id: string) => Promise<Uint8Array>
  /** What streams told against peers, by their ids. */
  readonly faults: [peer: string, fault: RpcFault][]
}

/** A node that has the base alone. */
async function puller(): Promise<Puller> {
  const { replica, clock, store } = await openReplica(on)
  await takeIn({ replica, clock, store }, [base])
  const host = await startHost()
  closing.push(() => host.stop())
  const faults: Puller['faults'] = []
  const onFault = (peer: unknown, fault: RpcFault): void => void faults.push([String(peer), fault])
  const client = new SyncClient({ host, log: silentLogger, onFault, replyMs: REPLY_MS })
  closing.push(async () => client.stop())
  const pulls = new PullCoordinator(replica, clock)
  return {
    faults,
    stranger: async (answer) => {
      const stranger = await Stranger.start()
      closing.push(() => stranger.stop())
      stranger.answer = answer
      expect(await host.connect(multiaddr(stranger.address), { signal: soon() })).toMatchObject({ ok: true })
      return stranger
    },
    pullFrom: async (stranger) => {
      const signal = soon()
      const stream = await client.stream(stranger.host.peerId, { signal })
      if (!stream.ok) throw new Error(JSON.stringify(stream.fault))
      const { requester: requesterNonce, responder: responderNonce } = stream.value.nonces
      const [requesterPeer, responderPeer] = [host, stranger.host].map(({ peerId }) => peerId.toMultihash().bytes)
      const handshake = { requesterNonce, responderNonce, requesterPeer: requesterPeer!, responderPeer: responderPeer! }
      return pulls.run({ stream: stream.value, handshake, signal, ...UNHURRIED })
    },
    payloadOf: async (id) => {
      const index = [...Array(replica.graph.size).keys()].find((at) => replica.graph.id(at) === id)
      expect(index === undefined ? false : replica.graph.isAccepted(index)).toBe(true)
      const frames: Uint8Array[] = []
      const count = await store.frames(large.block.id)
      for (let n = 0; n < count; n += 1) frames.push((await store.frame(large.block.id, n)) ?? new Uint8Array())
      return Buffer.concat(frames)
    },
  }
}

const large = above({ on, base }, { payload: randomBytes(2 * FRAME_BYTES + 75_712) })

test('frames of a peer that lies meanwhile are not held against the one that gives the same payload', async () => {
  const { pullFrom, stranger, payloadOf, faults } = await puller()
  const held: (() => void)[] = []
  const slow = await stranger(
    servingBlocks(on, [base, large], {
      frame: (reply, _request, wire) => {
        if (reply.t !== 'frame') return reply
        held.push(() => wire.reply({ ...reply, bytes: altered(reply.bytes) }))
        return undefined
      },
    }),
  )
  const lied = pullFrom(slow)
  await eventually(
    () => Promise.resolve(held.length),
    (frames) => frames === 3,
  )
  let given = 0
  const giver = await stranger(
    servingBlocks(on, [base, large], {
      frame: (reply, _request, wire) => {
        given += 1
        if (given < 3) return reply
        // The last frame waits until the other one's lies are in.
        for (const lie of held.splice(0)) lie()
        lied.then(
          () => wire.reply(reply),
          () => wire.reply(reply),
        )
        return undefined
      },
    }),
  )
  const { end } = await pullFrom(giver)
  expect(end).toEqual({ why: 'done' })
  expect(given).toBe(3)
  expect(Buffer.compare(await payloadOf(large.block.id), large.payload)).toBe(0)
  expect((await lied).end).toMatchObject({ why: 'failed' })
  expect(faults.filter(([peer]) => peer === giver.id)).toEqual([])
  // Its stream is still open, and is used again.
  expect((await pullFrom(giver)).end).toEqual({ why: 'done' })
  expect(giver.streams).toBe(1)
})
