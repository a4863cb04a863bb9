/** Laws of a replica: what comes of a set of blocks does not depend on how they came (spec §5). */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Block, MadeBlock } from '../../src/dag/block.ts'
import { graphViolationsOf } from '../../src/dag/graph-invariants.ts'
import { MAX_AHEAD_MS } from '../../src/dag/block-limits.ts'
import { chain, post } from '../support/blocks.ts'
import { checkProperty } from '../support/property.ts'
import { NOW_MS, openReplica, takeIn, viewOf, type TestReplica } from '../support/replicas.ts'

/** Members post without limit, so that all that is sound is accepted. */
const group = chain('$group', 'AB'.repeat(32))

/** Signed blocks of a random DAG, pasts first: each number chooses what the next block stands on, by whom and when. */
function build(choices: readonly (readonly [number, number, number])[]): MadeBlock[] {
  const made: MadeBlock[] = []
  for (const [n, [one, other, by]] of choices.entries()) {
    const backs = new Set<Block>()
    for (const choice of [one, other]) {
      const back = choice % 5 === 0 ? undefined : made[choice % Math.max(made.length, 1)]
      if (back !== undefined) backs.add(back.block)
    }
    const time = Math.max(1_700_000_000_000 + (by % 3) * 1000, ...[...backs].map(({ header }) => header.time))
    made.push(post(group, { author: 1 + (by % 3), backs: [...backs], time, payload: `block ${String(n)}` }))
  }
  return made
}

const dags = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 25 }).map(build)

/** An order in which every block comes after its backs, chosen by `picks`. */
function shuffled(blocks: readonly MadeBlock[], picks: readonly number[]): MadeBlock[] {
  const waiting = [...blocks]
  const here = new Set<string>([group.id])
  const order: MadeBlock[] = []
  for (let n = 0; waiting.length > 0; n++) {
    const ready = waiting.filter(({ block }) => block.header.backs.every((back) => here.has(back)))
    const next =
      ready[(picks[n % picks.length] ?? 0) % ready.length] ?? expect.unreachable('some block is always ready')
    waiting.splice(waiting.indexOf(next), 1)
    here.add(next.block.id)
    order.push(next)
  }
  return order
}

async function takeInBatches(on: TestReplica, blocks: readonly MadeBlock[], size: number): Promise<void> {
  for (let at = 0; at < blocks.length; at += size) await takeIn(on, blocks.slice(at, at + size))
}

const picks = fc.array(fc.nat(100), { minLength: 1, maxLength: 25 })

test('any order of arrival, in batches of any size, with anything twice: same set, same heads, same order', async () => {
  await checkProperty(
    'replica-any-arrival',
    fc.asyncProperty(dags, picks, fc.integer({ min: 1, max: 10 }), async (blocks, order, size) => {
      const one = await openReplica(group)
      await takeIn(one, blocks)
      const other = await openReplica(group)
      const again = shuffled(blocks, order)
      await takeInBatches(other, [...again, ...again.slice(0, size)], size)
      expect(viewOf(other)).toEqual(viewOf(one))
      expect(other.replica.blocks).toBe(blocks.length)
      expect(other.replica.bytes).toBe(one.replica.bytes)
      expect(viewOf(await openReplica(group, other.store))).toEqual(viewOf(one))
    }),
    { numRuns: 60 },
  )
})

test('blocks that come before their backs are refused without harm; given again and again all get in', async () => {
  await checkProperty(
    'replica-backs-missing',
    fc.asyncProperty(dags, fc.infiniteStream(fc.nat(100)), async (blocks, chance) => {
      const wild = [...blocks].sort(() => ((chance.next().value as number) % 2 === 0 ? 1 : -1))
      const on = await openReplica(group)
      for (let round = 0; round < blocks.length; round++) await takeIn(on, wild)
      const straight = await openReplica(group)
      await takeIn(straight, blocks)
      expect(viewOf(on)).toEqual(viewOf(straight))
    }),
    { numRuns: 30 },
  )
})

/** As {@link build}, but with times up to an hour from now. */
const timed = fc.array(fc.tuple(fc.nat(1000), fc.nat(60)), { minLength: 1, maxLength: 20 }).map((choices) => {
  const made: MadeBlock[] = []
  for (const [n, [choice, minutes]] of choices.entries()) {
    const back = choice % 4 === 0 ? undefined : made[choice % Math.max(made.length, 1)]?.block
    const time = Math.max(NOW_MS + minutes * 60_000, back?.header.time ?? 0)
    made.push(post(group, { author: 1, backs: back === undefined ? [] : [back], time, payload: String(n) }))
  }
  return made
})

const clocks = fc.array(fc.integer({ min: -30, max: 60 }), { minLength: 1, maxLength: 8 })

test('§3 wherever the clock has been, what is accepted is what the clock now allows', async () => {
  await checkProperty(
    'replica-clock-anywhere',
    fc.asyncProperty(timed, clocks, fc.integer({ min: 1, max: 10 }), async (blocks, minutes, size) => {
      const on = await openReplica(group)
      for (const [n, minute] of minutes.entries()) {
        await takeIn(on, blocks.slice(n * size, (n + 1) * size))
        on.clock.set(NOW_MS + minute * 60_000)
        await on.replica.advanceClock()
      }
      await takeIn(on, blocks)
      const nowMs = on.clock.nowMs()
      const straight = await openReplica(group, undefined, nowMs)
      await takeIn(straight, blocks)
      expect(viewOf(on)).toEqual(viewOf(straight))
      expect(on.replica.blocks).toBe(blocks.filter(({ block }) => block.header.time <= nowMs + MAX_AHEAD_MS).length)
      expect(on.replica.blocks + on.replica.aheadCount).toBe(blocks.length)
      expect(graphViolationsOf(on.replica.graph)).toEqual([])
      expect(viewOf(await openReplica(group, on.store, nowMs))).toEqual(viewOf(on))
    }),
    { numRuns: 60 },
  )
})
