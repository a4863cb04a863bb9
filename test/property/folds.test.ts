/**
 * Spec §8, step 2: whatever the two DAGs, and however wide, a pull finds all that is missing, and what that costs follows
 * how much differs, not how much there is; nor does it matter what happens to either set meanwhile.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { LEAF_BLOCKS } from '../../src/dag/fingerprint-tree.ts'
import { author, chain, post } from '../support/blocks.ts'
import { choices, picker } from '../support/choices.ts'
import { checkProperty } from '../support/property.ts'
import { FIRST, Pulling, pullAll, Side } from '../support/sync-sim.ts'

const FORUM = chain('#folds', author(0).author)
const BRANCHES = 300
const LENGTH = 5
const TRUNK = 400

/** When blocks are made: their keys differ early, late, or in the digest alone. */
const CLOCKS = {
  'minutes apart': (n: number) => 1_700_000_000_000 + n * 90_001,
  'all at once': () => 1_700_000_000_000,
  'in bursts': (n: number) => 1_700_000_000_000 + Math.floor(n / 200) * 86_400_000 + (n % 200),
} as const

interface World {
  readonly trunk: readonly MadeBlock[]
  readonly branches: readonly (readonly MadeBlock[])[]
}

/** A trunk, and branches on its end and all along it. Made once: the sides are what differs from run to run. */
function world(clock: (n: number) => number): World {
  let made = 0
  const next = (back?: MadeBlock): MadeBlock => {
    const time = Math.max(clock((made += 1)), back?.block.header.time ?? 0)
    return post(FORUM, { backs: back === undefined ? [] : [back.block], time, payload: String(made) })
  }
  const trunk: MadeBlock[] = []
  while (trunk.length < TRUNK) trunk.push(next(trunk.at(-1)))
  const branches = Array.from({ length: BRANCHES }, (_, n): MadeBlock[] => [
    next(n % 3 === 0 ? trunk[n] : trunk.at(-1)),
  ])
  for (let length = 1; length < LENGTH; length++) for (const branch of branches) branch.push(next(branch.at(-1)))
  return { trunk, branches }
}

const WORLDS = Object.values(CLOCKS).map(world)

/** How long each branch is here. */
function sideOf({ trunk, branches }: World, lengths: readonly number[]): Side {
  const side = new Side(FORUM, trunk)
  for (const [n, branch] of branches.entries()) {
    for (const made of branch.slice(0, lengths[n % lengths.length])) side.add(made)
  }
  return side
}

const lengths = fc.oneof(
  fc.array(fc.nat({ max: LENGTH }), { minLength: BRANCHES, maxLength: BRANCHES }),
  // All alike, but for a few.
  fc
    .tuple(fc.integer({ min: 1, max: LENGTH }), fc.array(fc.nat({ max: BRANCHES - 1 }), { maxLength: 4 }))
    .map(([all, few]) => Array.from({ length: BRANCHES }, (_, n) => (few.includes(n) ? LENGTH - all : all))),
)
const sides = fc
  .tuple(fc.constantFrom(...WORLDS), lengths, lengths)
  .map(([of, a, b]) => ({ to: sideOf(of, a), from: sideOf(of, b), of }))
const lacking = (side: Side, of: Side): number => of.ids().filter((id) => !side.graph.has(id)).length

test('all that is missing comes, for a cost that follows what differs', () => {
  checkProperty(
    'folds-cost',
    fc.property(sides, ({ to, from }) => {
      const missing = lacking(to, from)
      const differ = missing + lacking(from, to)
      const { cost, end } = pullAll(to, from, FIRST, 'folds')
      expect(end).toMatchObject({ fresh: missing, missing: 0, end: { why: 'done' } })
      expect(lacking(to, from)).toBe(0)
      // Each block that differs makes one leaf be listed, below at most so many steps from the first fold.
      const steps = 8
      expect(cost.requests.diff).toBeUndefined()
      expect(cost.listed).toBeLessThanOrEqual(LEAF_BLOCKS * differ)
      expect(cost.listed).toBeLessThanOrEqual(to.graph.size + from.graph.size)
      expect(cost.prefixes).toBeLessThanOrEqual(1 + steps * differ)
      expect(cost.searchRounds.size).toBeLessThanOrEqual(2 + steps + Math.ceil(cost.prefixes / 64))
    }),
    { numRuns: 60 },
  )
})

test('replies in any order and size, cuts, and pulls both ways at once: both end with all that either had', () => {
  checkProperty(
    'folds-both-ways',
    fc.property(sides, choices, ({ to, from }, numbers) => {
      const pick = picker(numbers)
      const union = new Set([...to.ids(), ...from.ids()]).size
      const pairs = [
        [to, from],
        [from, to],
      ] as const
      const pulls = pairs.map(([a, b]) => new Pulling(a, b, pick, 'folds'))
      for (let turn = 0; pulls.some(({ end }) => end === undefined); turn++) {
        expect(turn).toBeLessThan(5_000)
        const at = pulls.findIndex(({ end }, n) => end === undefined && (n === 1 || pick(2) === 0))
        const pulling = pulls[at]
        const pair = pairs[at]
        if (pulling === undefined || pair === undefined) continue
        pulling.advance()
        if (pulling.end !== undefined || turn > 100 || pick(9) > 0) continue
        pulling.cut()
        pulls[at] = new Pulling(...pair, pick, 'folds')
      }
      for (const { end } of pulls) expect(end).toMatchObject({ end: { why: 'done' } })
      expect([to.graph.acceptedCount, from.graph.acceptedCount]).toEqual([union, union])
      expect(to.fingerprints.fingerprint('')).toEqual(from.fingerprints.fingerprint(''))
    }),
    { numRuns: 40 },
  )
})

test('blocks that come to the responder, are withdrawn and come back meanwhile do no harm, and the next pull has the rest', () => {
  checkProperty(
    'folds-responder-changes',
    fc.property(sides, choices, ({ to, from, of }, numbers) => {
      const pick = picker(numbers)
      const withdrawn: number[] = []
      const pulling = new Pulling(to, from, pick, 'folds')
      while (pulling.end === undefined) {
        pulling.advance()
        const [head = 0] = from.graph.heads().slice(pick(BRANCHES))
        const back = withdrawn.at(-1)
        if (pick(3) === 0 && head !== 0) {
          from.graph.withdraw(head)
          withdrawn.push(head)
        } else if (pick(3) === 0 && back !== undefined) {
          withdrawn.pop()
          from.graph.accept(back)
        } else {
          const branch = of.branches[pick(BRANCHES)] ?? []
          const next = branch.find(({ block }) => !from.graph.has(block.id))
          const below = next?.block.header.backs.map((id) => from.graph.indexOf(id) ?? 0) ?? []
          if (next !== undefined && below.every((index) => from.graph.isAccepted(index))) from.add(next)
        }
      }
      expect(['done', 'stalled']).toContain(pulling.end.end.why)
      for (const index of withdrawn.reverse()) from.graph.accept(index)
      expect(pullAll(to, from, pick, 'folds').end).toMatchObject({ missing: 0, end: { why: 'done' } })
      expect(lacking(to, from)).toBe(0)
    }),
    { numRuns: 40 },
  )
})
