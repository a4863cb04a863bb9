/** What a replica knows is in its store (spec §1): a restart at any moment changes no answer, then or later (spec §5). */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import type { Origin } from '../../../../src/node/chain/intake/chain-events.ts'
import { economies, DAY, HOUR, MINUTE } from '../../../support/economy.ts'
import { checkProperty } from '../../../support/property.ts'
import { answersOf, everythingOf, randomChainFrom, type RandomChain } from '../../../support/random-chains.ts'
import { openOnDisk, openForumReplica, reopened, type ForumReplica } from '../../../support/forum-replicas.ts'

const drawn = economies(30).map(randomChainFrom)

/** Every third author lives here. */
function originOf({ block: { header } }: MadeBlock): Origin {
  return header.author !== undefined && header.author.charCodeAt(0) % 3 === 0 ? 'here' : 'pull'
}

function lastTime({ blocks }: RandomChain): number {
  return Math.max(...blocks.map(({ block }) => block.header.time))
}

async function take(on: ForumReplica, blocks: readonly MadeBlock[]): Promise<void> {
  for (const made of blocks) await on.replica.ingest([made], originOf(made))
}

const steps = fc.array(
  fc.record({
    take: fc.nat(4),
    endPull: fc.boolean(),
    /** Ahead of the last block's time, in hours; behind it, blocks are ahead of the clock. */
    clock: fc.constantFrom(0, 0, 1, 24, 48, 240, 2400, -1, -24, -240),
    how: fc.constantFrom<'any' | Origin>('any', 'any', 'gossip', 'held'),
  }),
  { minLength: 8, maxLength: 20 },
)

test('after every commit a replica opened on the same store answers the same', async () => {
  await checkProperty(
    'restart-after-each-commit',
    fc.asyncProperty(drawn, steps, async (economy, list) => {
      const on = await openForumReplica(economy.chain, { nowMs: lastTime(economy) })
      const commits = vi.spyOn(on.store, 'commit')
      let at = 0
      for (const step of list) {
        const batch = economy.blocks.slice(at, at + step.take)
        at += step.take
        if (step.how === 'any') await take(on, batch)
        else await on.replica.ingest(batch, step.how)
        if (step.how === 'held') await on.replica.keepGuests(batch.map(({ block }) => block.id))
        if (step.endPull) await on.replica.endPull()
        on.clock.set(lastTime(economy) + step.clock * HOUR)
        await on.replica.advanceClock()
        const { length } = commits.mock.calls
        const again = await openForumReplica(economy.chain, { store: on.store, nowMs: on.clock.nowMs() })
        expect(everythingOf(again)).toEqual(everythingOf(on))
        expect(commits.mock.calls.length).toBe(length)
      }
    }),
    { numRuns: 60 },
  )
})

/** Gives both what they do not accept, again and again, until nothing changes: memory may hold what a restart forgets. */
async function meet(both: readonly ForumReplica[], blocks: readonly MadeBlock[]): Promise<void> {
  for (let round = 0, before = -1; round < 20; round += 1) {
    const [one] = both
    for (const on of both) {
      on.clock.set((one?.clock.nowMs() ?? 0) + (on === one ? 61 * MINUTE : 0))
      await on.replica.advanceClock()
    }
    for (const made of blocks) {
      for (const on of both) {
        on.clock.set((one?.clock.nowMs() ?? 0) + (on === one ? 61 * MINUTE : 0))
        await take(on, [made])
      }
    }
    for (const on of both) await on.replica.endPull()
    const accepted = both.map(({ replica }) => replica.blocks)
    if (accepted.every((count) => count === before)) return
    before = accepted[0] ?? 0
  }
}

test('one that is restarted after every step goes on as one that never is', async () => {
  await checkProperty(
    'restart-after-each-step',
    fc.asyncProperty(drawn, fc.integer({ min: 1, max: 5 }), async (economy, size) => {
      const nowMs = lastTime(economy) + DAY
      const steady = await openForumReplica(economy.chain, { nowMs })
      let restarted = await openForumReplica(economy.chain, { nowMs })
      for (let upTo = size; upTo < economy.blocks.length + size; upTo += size) {
        await meet([steady, restarted], economy.blocks.slice(0, upTo))
        // What the clock alone changes, a start does too.
        for (const on of [steady, restarted]) await on.replica.advanceClock()
        const before = everythingOf(restarted)
        restarted = await reopened(restarted)
        expect(everythingOf(restarted)).toEqual(before)
        expect(answersOf(restarted)).toEqual(answersOf(steady))
        expect(before.held).toEqual(everythingOf(steady).held)
      }
    }),
    { numRuns: 25 },
  )
})

test('on the real disk too, with the database closed in between', async () => {
  for (const economy of fc.sample(economies(60).map(randomChainFrom), { numRuns: 3, seed: 4 })) {
    const disk = await openOnDisk(economy.chain)
    let on = await openForumReplica(economy.chain, { store: disk.store, nowMs: lastTime(economy) })
    for (let at = 0; at < economy.blocks.length; at += 12) {
      await take(on, economy.blocks.slice(at, at + 12))
      await on.replica.endPull()
      const before = everythingOf(on)
      await on.replica.close()
      on = await openForumReplica(economy.chain, { store: await disk.reopen(), nowMs: on.clock.nowMs() })
      expect(everythingOf(on)).toEqual(before)
    }
    await on.replica.close()
  }
})
