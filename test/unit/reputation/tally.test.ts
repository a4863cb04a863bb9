import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { BlockTable } from '../../../src/reputation/block-table.ts'
import { NO_COUNTS, type Counts } from '../../../src/reputation/rules.ts'
import { Tally } from '../../../src/reputation/tally.ts'
import { draw } from '../../support/draw.ts'
import { AUTHORS, keyFor, plans, VotedDag } from '../../support/voted-dags.ts'

const DAY = 86_400_000
const T = 200 * DAY

/** A tally of blocks drawn as `genesis < …`: names with `u` or `d` in front are ann's votes on bob's `post`. */
function tallyOf(picture: string, names: readonly string[]) {
  const { graph, at } = draw(picture)
  const table = new BlockTable(graph)
  const [ann, bob] = [keyFor('ann'), keyFor('bob')]
  for (const name of names) {
    const vote = name.startsWith('u') ? 1 : name.startsWith('d') ? -1 : undefined
    const like = vote === undefined ? {} : { like: { n: vote, target: at('post') } as const }
    table.add(at(name), { author: name === 'post' ? bob : ann, ...like, k: 0 })
  }
  const tally = new Tally(graph, table)
  for (const name of names) tally.add(at(name))
  return {
    of: (key: string, t: number): Counts => tally.countsOf(table.numberOf(keyFor(key)) ?? -1, t),
    tally,
    at,
  }
}

describe('ages at time t', () => {
  test('a post is fresh until 24 h, old at exactly 24 h, and counts at exactly 90 days, not after', () => {
    const { of } = tallyOf(`genesis < p@${String(T)}`, ['p'])
    const at = (t: number) => [of('ann', t).fresh, of('ann', t).mature]
    expect([at(T + DAY - 1), at(T + DAY)]).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect([at(T + 90 * DAY), at(T + 90 * DAY + 1)]).toEqual([
      [0, 1],
      [0, 0],
    ])
  })

  test('a vote is new until 24 h, old at exactly 24 h, and gone after 90 days; its target receives at once', () => {
    const { of } = tallyOf(`genesis < post@${String(T)} ; post < u@${String(T)} d@${String(T)} d2@${String(T)}`, [
      ...['post', 'u', 'd', 'd2'],
    ])
    const given = (t: number) => [of('ann', t).new, of('ann', t).old, of('bob', t).recv]
    expect([T, T + DAY - 1, T + DAY, T + 90 * DAY, T + 90 * DAY + 1].map(given)).toEqual([
      [3, 0, -1],
      [3, 0, -1],
      [0, 3, -1],
      [0, 3, -1],
      [0, 0, 0],
    ])
  })

  test('blocks ahead of t count as not old', () => {
    const { of } = tallyOf(`genesis < post@${String(T)} ; post < u@${String(T)}`, ['post', 'u'])
    expect([of('bob', T - 1), of('ann', T - 1)]).toEqual([
      { ...NO_COUNTS, recv: 1, fresh: 1 },
      { ...NO_COUNTS, new: 1 },
    ])
  })
})

describe('1.b', () => {
  test('posts of one UTC day are one day, however many; midnight parts two that are a millisecond apart', () => {
    const picture = [0, 5, DAY - 1, DAY, 3 * DAY].map((ms, n) => `p${String(n)}@${String(T + ms)}`).join(' ')
    const { of } = tallyOf(`genesis < ${picture}`, ['p0', 'p1', 'p2', 'p3', 'p4'])
    expect(of('ann', T + 10 * DAY).mature).toBe(3)
  })

  test('a day counts while one of its posts is old and in the window', () => {
    const { of } = tallyOf(`genesis < p0@${String(T)} p1@${String(T + 500)}`, ['p0', 'p1'])
    const mature = (t: number) => of('ann', t).mature
    expect([T + DAY - 1, T + DAY, T + DAY + 500].map(mature)).toEqual([0, 1, 1])
    expect([T + 90 * DAY + 1, T + 90 * DAY + 500, T + 90 * DAY + 501].map(mature)).toEqual([1, 1, 0])
  })

  test('likes are no posts', () => {
    const { of } = tallyOf(`genesis < post@${String(T)} ; post < u@${String(T)}`, ['post', 'u'])
    expect(of('ann', T + 2 * DAY).mature).toBe(0)
  })
})

test('a tally that blocks went into and out of in any order equals one of what is left', () => {
  fc.assert(
    fc.property(plans(25), fc.array(fc.nat(25)), fc.array(fc.nat(100 * DAY)), (blocks, toggles, moments) => {
      const dag = new VotedDag()
      const indexes = blocks.map((plan) => dag.add(plan))
      const tally = new Tally(dag.graph, dag.table)
      const left = new Set<number>()
      for (const pick of toggles) {
        const index = indexes[pick % indexes.length]!
        if (left.delete(index)) tally.remove(index)
        else {
          left.add(index)
          tally.add(index)
        }
      }
      const fresh = new Tally(dag.graph, dag.table)
      for (const index of left) fresh.add(index)
      const times = [...moments, ...indexes.map((index) => dag.graph.time(index))]
      for (const number of AUTHORS.map((key) => dag.table.numberOf(key) ?? -1)) {
        for (const t of times) expect(tally.countsOf(number, t)).toEqual(fresh.countsOf(number, t))
        expect(tally.postDays(number, 0, 1e9)).toEqual(fresh.postDays(number, 0, 1e9))
      }
    }),
  )
})

test('what is not in a tally cannot be taken out', () => {
  const { tally, at } = tallyOf('genesis < p', ['p'])
  tally.remove(at('p'))
  expect(() => tally.remove(at('p'))).toThrow(Bug)
})
