/** Whose forum is pulled (spec §2, §8), over real responders, without sockets: what a peer says of founders binds nobody. */
import type { PeerId } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { UNHURRIED } from '../../../../support/pulling.ts'
import { ChainSync } from '../../../../../src/node/net/sync/chain-sync.ts'
import type { SyncClient } from '../../../../../src/node/net/sync/client.ts'
import { founderMissing, openChain } from '../../../../../src/node/net/sync/handshake.ts'
import { outcomeOf } from '../../../../../src/node/net/sync/pull-outcome.ts'
import { PullCoordinator } from '../../../../../src/node/net/sync/pull-coordinator.ts'
import type { PullResult } from '../../../../../src/protocol/pull-types.ts'
import { author, chain, post } from '../../../../support/blocks.ts'
import { openReplica, takeIn, viewOf, type TestReplica } from '../../../../support/replicas.ts'
import { peerOf, wiredTo, type OnReply, type Wired } from '../../../../support/wired.ts'
import { turns } from '../../../../support/turns.ts'

const FORUM = chain('#forum')
const [X, Y] = [author(1).author, author(2).author]

/** The forum of author `n`: a first post and one on it. */
async function forumOf(n: number): Promise<TestReplica> {
  const on = await openReplica(FORUM)
  const first = post(FORUM, { payload: 'first', author: n })
  await takeIn(on, [first, post(FORUM, { backs: [first.block], payload: 'second', author: n })])
  return on
}

/** Pulls with one coordinator: what it remembers of one peer's blocks holds for the next. */
function pulling(on: TestReplica): (wired: Wired) => Promise<PullResult> {
  const pulls = new PullCoordinator(on.replica, on.clock)
  const { signal } = new AbortController()
  return ({ stream, handshake }) => pulls.run({ stream, handshake, signal, ...UNHURRIED })
}

/** Says that it follows author 1, with many blocks. */
const sayingX: OnReply = (_, reply) => (reply.t === 'opened' ? { ...reply, pioneer: X, blocks: 1_000_000 } : reply)

test('who says the wanted founder and gives blocks of another: nothing is taken, and the forum still comes from others', async () => {
  const on = await openReplica(FORUM)
  on.replica.follow(X)
  const pull = pulling(on)
  const [real, other] = [await forumOf(1), await forumOf(2)]
  for (let n = 0; n < 3; n += 1) {
    const lie = await pull(await wiredTo(other.replica, 1, sayingX))
    expect(lie).toMatchObject({ fresh: 0, end: { why: 'incompatible', ours: X, theirs: Y } })
    // It may have been mistaken: the peer is not blamed for it.
    expect(outcomeOf('liar', lie).breach).toBeUndefined()
  }
  expect(on.replica.blocks).toBe(0)
  expect(await pull(await wiredTo(real.replica, 2))).toMatchObject({ fresh: 2, end: { why: 'done' } })
  expect(viewOf(on)).toEqual(viewOf(real))
})

test('blocks of another founder are not held against them: who chooses that one later gets them from the same peer', async () => {
  const on = await openReplica(FORUM)
  on.replica.follow(X)
  const pull = pulling(on)
  const other = await forumOf(2)
  await pull(await wiredTo(other.replica, 1, sayingX))
  expect(on.replica.follow(Y)).toBe(true)
  expect(await pull(await wiredTo(other.replica, 1))).toMatchObject({ fresh: 2, end: { why: 'done' } })
})

test('a founder that is chosen while blocks of another are on their way stays chosen', async () => {
  const on = await openReplica(FORUM)
  on.replica.follow(X)
  const pull = pulling(on)
  const real = await forumOf(1)
  const changed = await pull(
    await wiredTo(real.replica, 1, (request, reply) => {
      if (request.t === 'get') on.replica.follow(Y)
      return reply
    }),
  )
  expect(changed).toMatchObject({ fresh: 0, end: { why: 'incompatible', ours: Y, theirs: X } })
  expect([on.replica.founder, on.replica.blocks]).toEqual([Y, 0])
})

test('a peer that follows nobody takes nothing: who offers it blocks is told whom to choose there, and so is who checks', async () => {
  const [real, bare] = [await forumOf(1), await openReplica(FORUM)]
  const { stream, handshake } = await wiredTo(bare.replica, 1)
  const { signal } = new AbortController()
  const [self, peer] = [await peerOf(0), await peerOf(1)]
  const client = { stream: () => Promise.resolve({ ok: true, value: stream }) }
  const sync = new ChainSync({
    ...real,
    self,
    client: client as unknown as SyncClient,
    log: silentLogger,
    ...turns(),
  } as unknown as ConstructorParameters<typeof ChainSync>[0])
  const fault = { code: 'SYNC_PEER_NO_FOUNDER', peer: peer.toString(), founder: X }
  expect(await sync.offer(peer, signal)).toEqual({ ok: false, fault })
  bare.replica.follow(X)
  expect(await sync.offer(peer, signal)).toEqual({ ok: true, value: expect.objectContaining({ fresh: 0 }) as object })
  await sync.stop()
  const opened = await openChain(stream, real.replica, handshake, signal)
  expect(opened).toEqual({ ok: true, value: { theirs: X, blocks: 0 } })
})

test.each<[string, string | undefined, string | undefined, string | undefined]>([
  ['nobody here, nobody there', undefined, undefined, undefined],
  ['nobody here', undefined, 'theirs', 'SYNC_NO_FOUNDER'],
  ['one that has nothing yet here, nobody there', 'wanted', undefined, undefined],
  ['the same', 'wanted', 'theirs', undefined],
])('whether blocks may pass: %s', async (_, wanted, theirs, code) => {
  const { replica } = await openReplica(FORUM)
  if (wanted !== undefined) replica.follow(X)
  const fault = founderMissing({ toString: () => 'ann' } as PeerId, replica, {
    ...(theirs === undefined ? {} : { theirs: X }),
    blocks: 3,
  })
  expect(fault?.code).toBe(code)
})
