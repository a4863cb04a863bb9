/** Which comparisons of heads are evidence that this node is in sync, and which are none (spec §5, *Throttle*). */
import { expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { genesisBlockId } from '../../../../../src/dag/ids.ts'
import { ChainSync } from '../../../../../src/node/net/sync/chain-sync.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import type { PullResult } from '../../../../../src/protocol/pull-types.ts'
import { showsSync } from '../../../../../src/node/net/sync/pull-outcome.ts'
import type { SyncClient } from '../../../../../src/node/net/sync/client.ts'
import { holding, OWNED, postsInLine } from '../../../../support/pulling.ts'
import { NOW_MS, type TestReplica } from '../../../../support/replicas.ts'
import { peerOf, wiredTo, type OnReply } from '../../../../support/wired.ts'
import { turns } from '../../../../support/turns.ts'

const LINE = postsInLine(4, 'p')
const OTHER_LINE = postsInLine(4, 'q')

/** A node with these blocks, after it compared heads with a peer that has `theirs`. */
async function compared(
  ours: readonly MadeBlock[],
  theirs: readonly MadeBlock[],
  onReply?: OnReply,
): Promise<{ readonly on: TestReplica; readonly hasNoted: boolean; readonly end: string }> {
  const on = await holding(ours)
  const { stream } = await wiredTo((await holding(theirs)).replica, 1, onReply)
  const ends: string[] = []
  const sync = new ChainSync({
    replica: on.replica,
    clock: on.clock,
    client: { stream: () => Promise.resolve({ ok: true, value: stream }) } as unknown as SyncClient,
    self: await peerOf(0),
    log: silentLogger,
    mayRecheck: () => true,
    onPulled: (_peer: unknown, { end }: PullResult) => void ends.push(end.why),
    onFault: () => undefined,
    ...turns(),
  } as unknown as ConstructorParameters<typeof ChainSync>[0])
  await sync.pullNow(stream.peer, new AbortController().signal)
  await sync.stop()
  return { on, hasNoted: on.replica.watch.wasWatching(NOW_MS), end: ends.join() }
}

test.each([
  ['has the same', LINE, LINE, true],
  ['gives what is missing', LINE.slice(0, 2), LINE, true],
  ['gives everything', [], LINE, true],
  ['has one branch of two', [...LINE, ...OTHER_LINE], LINE, true],
  ['gives one branch of two', OTHER_LINE, LINE, true],
  ['has nothing', LINE, [], false],
  ['has nothing, as this node', [], [], false],
  ['is behind', LINE, LINE.slice(0, 3), false],
] as const)('a peer that %s', async (_, ours, theirs, isNoted) => {
  const { hasNoted, end } = await compared(ours, theirs)
  expect(end).toBe('done')
  expect(hasNoted).toBe(isNoted)
})

test.each([
  ['an empty chain', []],
  ['the genesis for a head', [genesisBlockId(OWNED.id)]],
])('a liar that shows %s says nothing either', async (_, heads) => {
  const lying: OnReply = (_request, reply) => (reply.t === 'opened' ? { ...reply, heads } : reply)
  expect((await compared([], LINE, lying)).hasNoted).toBe(false)
  expect((await compared(LINE, LINE, lying)).hasNoted).toBe(false)
})

test('what ended otherwise says nothing, whatever heads were shown', async () => {
  const { on } = await compared(LINE, LINE)
  const commonHeads = [LINE.at(-1)!.block.id]
  const result = { fresh: 0, missing: 0, heads: [], commonHeads, end: { why: 'done' } } as const
  expect(showsSync(result, on.replica.graph)).toBe(true)
  for (const why of ['stalled', 'postponed', 'busy'] as const) {
    expect(showsSync({ ...result, end: { why } }, on.replica.graph)).toBe(false)
  }
})
