import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chainOf, type Chain } from '../../../src/dag/chain.ts'
import { Views } from '../../../src/reputation/views.ts'
import { checkProperty } from '../../support/property.ts'
import { ReputationTwin } from '../../support/reputation-twin.ts'
import { AUTHORS, keyFor, plans, VotedDag } from '../../support/voted-dags.ts'

const DAY = 86_400_000
const [ann, bob, eve] = ['ann', 'bob', 'eve'].map(keyFor)
const forum = (chainOf('#f', []) as { value: Chain }).value

function viewsOf({ graph, table }: VotedDag, pioneer = ann) {
  return new Views(forum, { graph, table, pioneer: () => pioneer })
}

const twin = new ReputationTwin({ kind: 'forum', pioneers: [], pioneer: ann! })

test('k of every block, and reps of everybody after it, are what the definition says, whatever is accepted', () => {
  const flips = fc.array(fc.array(fc.nat(40), { maxLength: 4 }), { maxLength: 40 })
  checkProperty(
    'views-by-definition',
    fc.property(plans(40), flips, (blocks, changes) => {
      const dag = new VotedDag()
      const views = viewsOf(dag)
      for (const [n, plan] of blocks.entries()) {
        const index = dag.add(plan)
        const block = dag.twins[index]!
        if (block.author !== undefined) {
          const author = AUTHORS.find((key) => key === block.author)!
          const backs = dag.graph.backs(index)
          expect(views.kOf(author, backs, block.time)).toBe(twin.reps(author, dag.closed(backs), block.time))
        }
        for (const flip of [index, ...(changes[n] ?? [])]) {
          const at = flip % dag.graph.size
          const change = dag.flip(at)
          if (change === 'accepted') views.accepted(at)
          else if (change === 'withdrawn') views.withdrawn(at)
        }
        for (const author of AUTHORS) {
          expect(views.repsOf(author, block.time)).toBe(twin.reps(author, dag.accepted(), block.time))
        }
      }
    }),
    { numRuns: 300 },
  )
})

test(
  'the same when the newest blocks are taken back in between, and others get their indexes and numbers',
  { timeout: 60_000 },
  () => {
    let popped = 0
    const steps = fc.array(
      fc.record({ flips: fc.array(fc.nat(40), { maxLength: 2 }), pops: fc.constantFrom(0, 0, 1, 3) }),
    )
    checkProperty(
      'views-after-taking-back',
      fc.property(plans(60), steps, (blocks, list) => {
        const dag = new VotedDag()
        const views = viewsOf(dag)
        for (const [n, plan] of blocks.entries()) {
          const block = dag.twins[dag.add(plan)]!
          for (const author of AUTHORS) {
            // On its backs, and on the block itself, which may be gone soon.
            for (const tips of [dag.graph.backs(dag.graph.size - 1), [dag.graph.size - 1]]) {
              const expected = twin.reps(author, dag.closed(tips), block.time)
              expect(views.kOf(author, tips, block.time)).toBe(expected)
            }
          }
          for (const flip of list[n]?.flips ?? []) {
            const at = flip % dag.graph.size
            const change = dag.flip(at)
            if (change === 'accepted') views.accepted(at)
            else if (change === 'withdrawn') views.withdrawn(at)
          }
          for (let pops = list[n]?.pops ?? 0; pops > 0; pops -= 1) {
            const last = dag.graph.size - 1
            if (dag.graph.isAccepted(last)) break
            views.popped(last)
            dag.table.pop(last)
            dag.graph.pop()
            dag.twins.pop()
            popped += 1
          }
          for (const author of AUTHORS) {
            expect(views.repsOf(author, block.time)).toBe(twin.reps(author, dag.accepted(), block.time))
          }
        }
      }),
      { numRuns: 300 },
    )
    expect(popped).toBeGreaterThan(300)
  },
)

test(
  'the same on pasts that alternate around early rivals, more of them than views are kept, while the chain goes on',
  { timeout: 60_000 },
  () => {
    const seen = { differing: 0, evicting: 0 }
    // Of which rivals a past has, and what is done before it is asked about.
    const asked = fc.array(
      fc.record({ rivals: fc.nat(63), what: fc.constantFrom('ask', 'ask', 'ask', 'grow', 'withdraw', 'pop') }),
      { minLength: 30, maxLength: 60 },
    )
    const votes = fc.array(fc.record({ author: fc.nat(3), n: fc.constantFrom<1 | -1>(1, -1), target: fc.nat(30) }), {
      minLength: 6,
      maxLength: 6,
    })
    checkProperty(
      'views-of-early-pasts-by-turns',
      fc.property(plans(30, { least: 20, reach: 1 }), votes, asked, (blocks, early, list) => {
        const dag = new VotedDag()
        const views = viewsOf(dag)
        const accept = (index: number): void => {
          if (dag.flip(index) === 'accepted') views.accepted(index)
        }
        for (const plan of blocks) accept(dag.add(plan))
        const heads = [...dag.graph.heads()]
        const low = Math.max(1, dag.graph.size >> 2)
        const rivals = early.map(({ author, n, target }, at) => {
          const back = dag.graph.size - 1 - low
          const rival = dag.add({ backs: [back], author, lateMs: at, vote: n, target })
          accept(rival)
          return rival
        })
        const settled = dag.graph.size
        const [pasts, answers] = [new Set<string>(), new Set<string>()]
        let tip: number | undefined
        for (const { rivals: set, what } of list) {
          const last = dag.graph.size - 1
          if (what === 'withdraw') {
            const rival = rivals[set % rivals.length]!
            const change = dag.flip(rival)
            if (change === 'accepted') views.accepted(rival)
            else if (change === 'withdrawn') views.withdrawn(rival)
          }
          if (what === 'grow') tip = dag.add({ backs: [0], author: set % 4, lateMs: set * DAY, vote: 1, target: set })
          if (what === 'pop' && last >= settled) {
            views.popped(last)
            dag.table.pop(last)
            dag.graph.pop()
            dag.twins.pop()
            tip = undefined
          }
          const tips = [...heads, ...rivals.filter((_, n) => (set >> n) & 1), ...(tip === undefined ? [] : [tip])]
          const time = Math.max(...tips.map((each) => dag.graph.time(each)))
          const had = AUTHORS.map((author) => views.kOf(author, tips, time))
          expect(had).toEqual(AUTHORS.map((author) => twin.reps(author, dag.closed(tips), time)))
          pasts.add(tips.join(' '))
          answers.add(had.join(' '))
        }
        if (pasts.size > 16) seen.evicting += 1
        if (answers.size > 1) seen.differing += 1
      }),
      { numRuns: 60 },
    )
    // Of 60, some 50 and 12.
    expect(seen.evicting).toBeGreaterThan(15)
    expect(seen.differing).toBeGreaterThan(2)
  },
)

test('1.a in its own eyes the author of the first post is the pioneer, and nobody is before', () => {
  const dag = new VotedDag()
  const before = new Views(forum, { graph: dag.graph, table: dag.table, pioneer: () => undefined })
  expect(before.kOf(bob!, [0], 5)).toBe(30)
  expect(before.repsOf(bob!, 5)).toBe(0)
  expect(viewsOf(new VotedDag()).kOf(bob!, [0], 5)).toBe(0)
})

/** 1,000 posts by three authors, an hour apart, and what each was worth when it came. */
function longChain() {
  const dag = new VotedDag()
  const views = viewsOf(dag)
  for (let n = 0; n < 1000; n += 1) {
    const index = dag.add({ backs: [0], author: n % 3, lateMs: DAY / 24, vote: n % 5 === 4 ? 1 : 0, target: n })
    dag.flip(index)
    views.accepted(index)
  }
  return { dag, views }
}

test('four late branches that grow in turns, and one more, are worth what the definition says', () => {
  const { dag, views } = longChain()
  const tips = [30, 200, 500, 700, 950]
  for (let n = 0; n < 40; n += 1) {
    const branch = n % tips.length
    const back = tips[branch]!
    const index = dag.add({
      backs: [dag.graph.size - 1 - back],
      author: 1 + (n % 2),
      lateMs: DAY / 3,
      vote: 0,
      target: 0,
    })
    const author = [bob, eve][n % 2]!
    const time = dag.graph.time(index)
    expect(views.kOf(author, [back], time)).toBe(twin.reps(author, dag.closed([back]), time))
    tips[branch] = index
    if (n % 3 === 0 && dag.flip(index) === 'accepted') views.accepted(index)
  }
})
