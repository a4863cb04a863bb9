/** A pull that brings blocks which the throttle delays (spec §5): what it counts, what status says, what is fetched again. */
import { expect, test } from 'vitest'
import { statusOf } from '../../../../../src/node/api/chain-status.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { ChainSync } from '../../../../../src/node/net/sync/chain-sync.ts'
import type { SyncClient } from '../../../../../src/node/net/sync/client.ts'
import { MEMPOOL_BLOCKS } from '../../../../../src/protocol/intake-limits.ts'
import { COMPARE_MS } from '../../../../../src/protocol/sync-limits.ts'
import { HOUR } from '../../../../support/economy.ts'
import { openForumReplica, type ForumReplica } from '../../../../support/forum-replicas.ts'
import { NOW_MS, takeIn } from '../../../../support/replicas.ts'
import {
  branch,
  first,
  forum,
  founding,
  longBranch,
  many,
  settleAt,
  watchAll,
  watcher,
} from '../../../../support/throttled.ts'
import { peerOf, wiredTo, type Wired } from '../../../../support/wired.ts'
import { turns } from '../../../../support/turns.ts'

const { signal } = new AbortController()

/** Somebody who pulls from a peer that has these blocks. */
async function pulling(on: ForumReplica, wired: Wired): Promise<ChainSync> {
  return new ChainSync({
    replica: on.replica,
    clock: on.clock,
    client: { stream: () => Promise.resolve({ ok: true, value: wired.stream }) } as unknown as SyncClient,
    self: await peerOf(0),
    log: silentLogger,
    mayRecheck: () => true,
    onPulled: () => undefined,
    onFault: () => undefined,
    ...turns(),
  } as unknown as ConstructorParameters<typeof ChainSync>[0])
}

function status({ replica, clock }: ForumReplica, sync: ChainSync): ReturnType<typeof statusOf> {
  const parts = { host: { connections: () => [], peerId: 'me' }, clock, undialled: () => [], twin: () => undefined }
  const gossip = { waiting: { neighbours: () => [] } }
  const joined = { replica, attached: { sync, gossip, peers: () => [], compareMs: () => COMPARE_MS } }
  return statusOf(
    joined as unknown as Parameters<typeof statusOf>[0],
    parts as unknown as Parameters<typeof statusOf>[1],
  )
}

test('recv counts what is kept back; status says it, until about when and why, never synced; afterwards it does', async () => {
  const theirs = await openForumReplica(forum)
  await takeIn(theirs, [first, ...branch])
  const on = await watcher()
  const sync = await pulling(on, await wiredTo(theirs.replica, 1))
  expect(await sync.receive(await peerOf(1), signal, { isAsked: true })).toEqual({
    ok: true,
    value: { fresh: 100, missing: 130, delayed: 130 },
  })
  const held = status(on, sync)
  expect(held).toMatchObject({ state: 'holding back', blocks: 101, delayed: { blocks: 130 } })
  expect(held.why).toMatch(
    /^130 blocks until about (\d{4}-\d\d-\d\d )?\d\d:\d\d, because some claim to be more than a day old although this node was in sync then$/,
  )
  expect(JSON.stringify(held)).not.toContain('synced')
  const untilMs = held.delayed?.untilMs ?? expect.unreachable('it says until when')
  expect([untilMs > NOW_MS + HOUR, untilMs < NOW_MS + 3 * HOUR]).toEqual([true, true])
  await settleAt(on, NOW_MS + HOUR)
  expect(status(on, sync)).toMatchObject({ state: 'holding back', delayed: { blocks: 30, untilMs } })
  await settleAt(on, untilMs)
  const old = status(on, sync)
  expect(old.state).toBe('alone')
  expect(old.why).toMatch(/: not compared since \d/)
  expect(await sync.receive(await peerOf(1), signal, { isAsked: true })).toEqual({
    ok: true,
    value: { fresh: 0, missing: 0 },
  })
  const done = status(on, sync)
  expect([done.state, done.delayed, done.blocks, done.peers.map(({ state }) => state)]).toEqual([
    'synced',
    undefined,
    231,
    ['synced'],
  ])
  await sync.stop()
})

test('what there is no room for is counted, and not fetched again before an hour has passed', async () => {
  const [next, ...rest] = longBranch(MEMPOOL_BLOCKS + 302).reverse()
  const dark = rest.reverse()
  const theirs = await openForumReplica(many)
  await takeIn(theirs, [founding, ...dark])
  const on = await openForumReplica(many)
  await takeIn(on, [founding])
  watchAll(on, founding.block.header.time)
  const wired = await wiredTo(theirs.replica, 1)
  const sync = await pulling(on, wired)
  const receive = async (): Promise<number> => {
    const before = wired.served.length
    // The peer is not to blame for what it lists again.
    expect(await sync.receive(await peerOf(1), signal, { isAsked: true })).toMatchObject({ ok: true })
    return wired.served.length - before
  }
  expect(await receive()).toBe(dark.length)
  expect([on.replica.blocks, on.replica.delayedCount]).toEqual([101, dark.length - 100])
  await on.replica.advanceClock()
  expect(await receive()).toBe(0)
  // Now the peer has a head that is not here, and lists all below it again.
  await takeIn(theirs, [next!])
  expect(await receive()).toBe(1)
  await settleAt(on, NOW_MS + HOUR)
  expect([on.replica.blocks, await receive(), on.replica.delayedCount]).toEqual([201, 202, dark.length - 199])
  await sync.stop()
})
