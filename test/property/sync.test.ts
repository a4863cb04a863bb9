/** Spec §8: whatever the two DAGs, the order of replies, their size and the cuts, pulls end, and all have the same. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { consensus } from '../../src/dag/order.ts'
import { findDeadlocked } from '../../src/protocol/claims.ts'
import { author, chain, post } from '../support/blocks.ts'
import { choices, picker } from '../support/choices.ts'
import { checkProperty } from '../support/property.ts'
import { Pulling, pullAll, Side, type Pick } from '../support/sync-sim.ts'

const SIM = chain('#sim', author(0).author)

/** Blocks with 1 to 3 backs among all before them, or on the genesis. */
function universe(size: number, pick: Pick): MadeBlock[] {
  const blocks: MadeBlock[] = []
  for (let n = 0; n < size; n++) {
    const wanted = pick(4)
    const backs = new Set(Array.from({ length: wanted }, () => blocks[pick(blocks.length)]?.block))
    backs.delete(undefined)
    blocks.push(post(SIM, { backs: [...backs].filter((back) => back !== undefined), payload: String(n) }))
  }
  return blocks
}

/** A side that has some of the blocks, with their pasts, arrived in some order. */
function sideWith(blocks: readonly MadeBlock[], pick: Pick): Side {
  const side = new Side(SIM)
  const byId = new Map(blocks.map((made) => [made.block.id, made]))
  const add = (made: MadeBlock): void => {
    for (const back of made.block.header.backs) {
      const below = byId.get(back)
      if (below !== undefined && !side.graph.has(back)) add(below)
    }
    side.add(made)
  }
  for (let n = pick(blocks.length + 1); n > 0; n--) {
    const made = blocks[pick(blocks.length)]
    if (made !== undefined) add(made)
  }
  return side
}

/** Each pull is cut now and then and begun anew, and all of them go on at once; returns how many cuts there were. */
function exchange(pairs: readonly (readonly [Side, Side])[], pick: Pick): number {
  let cuts = 0
  const pull = (to: Side, from: Side): Pulling => new Pulling(to, from, pick, pick(3) === 0 ? 'folds' : 'any')
  let pulls = pairs.map(([to, from]) => pull(to, from))
  for (let turns = 0; pulls.length > 0; turns++) {
    expect(turns).toBeLessThan(10_000)
    const ready = pulls.filter((pulling) => !pulling.isWaiting)
    const pulling = ready[pick(ready.length)] ?? inCircle(pulls)
    const position = pulls.indexOf(pulling)
    if (pulling.isWaiting) {
      pulling.cut()
      const [to, from] = pairs[position] ?? []
      if (to !== undefined && from !== undefined) pulls[position] = pull(to, from)
      continue
    }
    pulling.advance()
    for (const side of new Set(pairs.map(([to]) => to))) {
      const asked = pulls.flatMap((other, at) => (pairs[at]?.[0] === side ? other.asking() : []))
      expect(new Set(asked).size).toBe(asked.length)
    }
    if (pulling.end === undefined && cuts < 20 && pick(8) === 0) {
      cuts += 1
      pulling.cut()
      const [to, from] = pairs[position] ?? []
      if (to !== undefined && from !== undefined) pulls[position] = pull(to, from)
    } else if (pulling.end !== undefined) {
      expect(pulling.end.end).toEqual({ why: 'done' })
      // Pairs and pulls keep the same positions.
      pairs = pairs.filter((_, i) => i !== position)
      pulls = pulls.filter((_, i) => i !== position)
    }
  }
  return cuts
}

/** Nothing can happen, so they wait for each other, and not for somebody who is gone. */
function inCircle(pulls: readonly Pulling[]): Pulling {
  const stuck = findDeadlocked(pulls, (one) => pulls.find((other) => one.waitsFor(other)))
  if (stuck === undefined) throw new Error('a pull waits for nobody')
  return stuck
}

const names = (side: Side): string[] => consensus(side.graph).map((index) => side.graph.id(index))
const heads = (side: Side): string[] => side.graph.heads().map((index) => side.graph.id(index))

test('three sides that pull at once, cut at any message, come to the same set, heads and order; no block is asked for twice at a time', () => {
  checkProperty(
    'sync-three-sides',
    fc.property(fc.integer({ min: 0, max: 40 }), choices, (size, numbers) => {
      const pick = picker(numbers)
      const blocks = universe(size, pick)
      const [a, b, c] = [sideWith(blocks, pick), sideWith(blocks, pick), sideWith(blocks, pick)]
      const union = [...new Set([...a.ids(), ...b.ids(), ...c.ids()])].sort()
      exchange(
        [
          [a, b],
          [a, c],
          [b, a],
          [c, b],
        ],
        pick,
      )
      for (const [to, from] of [
        [a, b],
        [a, c],
        [b, a],
        [c, a],
      ] as const) {
        expect(pullAll(to, from, pick).end.end).toEqual({ why: 'done' })
      }
      expect(a.ids()).toEqual(union)
      for (const side of [b, c]) {
        expect(side.ids()).toEqual(union)
        expect(heads(side)).toEqual(heads(a))
        expect(names(side)).toEqual(names(a))
      }
      // The exchange ends: with nothing missing, one look at the heads says so.
      expect(pullAll(a, b).end).toMatchObject({ fresh: 0, missing: 0 })
    }),
    { numRuns: 200 },
  )
})

test('what arrived before a cut is kept, and the next pull brings only the rest', () => {
  checkProperty(
    'sync-resumes-after-cut',
    fc.property(fc.integer({ min: 1, max: 40 }), choices, (size, numbers) => {
      const pick = picker(numbers)
      const from = new Side(SIM, universe(size, pick))
      const to = new Side(SIM)
      const first = new Pulling(to, from, pick)
      for (let n = pick(12); n > 0 && first.end === undefined; n--) first.advance()
      first.cut()
      const kept = to.ids().length
      expect(pullAll(to, from, pick).end.fresh).toBe(size - kept)
      expect(to.ids()).toEqual(from.ids())
    }),
  )
})
