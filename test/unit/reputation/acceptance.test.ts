import { describe, expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { Graph } from '../../../src/dag/graph.ts'
import { Acceptance } from '../../../src/reputation/acceptance.ts'
import { BlockTable } from '../../../src/reputation/block-table.ts'
import { drawAcceptance } from '../../support/draw-acceptance.ts'
import { DRAWN_CHAIN, drawnId, rowOn } from '../../support/draw.ts'
import { keyOf } from '../../support/economy.ts'

describe('accepted are the blocks paid in V, and their pasts', () => {
  test('a newcomer’s post gets in when a like that is paid has it in its past', () => {
    const { answers, deed } = drawAcceptance('genesis < a1 ; a1 < n1 ; n1 < b1=2')
    expect(answers).toEqual(['+a1', '', '+n1 b1'])
    expect(deed.isPaid('n1')).toBe(false)
  })

  test('a newcomer’s next post on a bare one of his own is not paid, whatever k says; on one that is stood on it is', () => {
    expect(drawAcceptance('genesis < a1 ; a1 < n1=0 ; n1 < n2=5').answers.at(-1)).toBe('')
    expect(drawAcceptance('genesis < a1 ; a1 < n1=0 ; n1 < b1=1 ; b1 < n2=5').answers.at(-1)).toBe('+n2')
  })

  test('an earlier concurrent block that comes late withdraws the one that it leaves no reps for', () => {
    expect(drawAcceptance('genesis < r1 ; r1 < a2@9000=1 ; r1 < a1@8000=1').answers.at(-1)).toBe('+a1 -a2')
  })

  test('a later concurrent block does not get in where reps are used up', () => {
    expect(drawAcceptance('genesis < r1 ; r1 < a1@8000=1 ; r1 < a2@9000=1').answers.at(-1)).toBe('')
  })

  test('what is not paid any more stays while somebody else’s paid block stands on it', () => {
    const { answers, deed } = drawAcceptance('genesis < r1 ; r1 < a2@9000=1 ; a2 < b1 ; r1 < a1@8000=1')
    expect(answers.at(-1)).toBe('+a1')
    expect(deed.isPaid('a2')).toBe(false)
  })

  test('what only a withdrawn block had brought in goes with it, tops first', () => {
    const { answers } = drawAcceptance('genesis < r1 ; r1 < n1@5000 ; n1 < a2@9000=1 ; r1 < a1@8000=1')
    expect(answers.at(-1)).toBe('+a1 -a2 n1')
  })

  test('two lost at once can make a third one win', () => {
    const start = 'genesis < r1 ; r1 < a2@2000=1 ; a2 < a3@3000=1 ; r1 < a4@4000=2 ; r1 < a5@5000=9'
    const { answers } = drawAcceptance(`${start} ; r1 < a1@1500=1`)
    expect(answers.slice(-3)).toEqual(['', '+a5', '+a4 a1 -a3 a2'])
  })

  test('one that wins while what stood on it loses is not withdrawn', () => {
    // a2…a6 lose to a1; then b1 and the line from b1's rivals win, and a9, which had b1 accepted, loses.
    const line = 'r1 < a2@2000=1 ; a2 < a3@2100=1 ; a3 < a4@2200=1 ; a4 < a5@2300=1 ; a5 < a6@2400=1'
    const won =
      'r1 < az1@3000=4 ; az1 < az2@3100=30 ; r1 < ab@4000=4 ; az2 < az3@5000=30 ; az3 < az4@5100=30 ; az4 < az5@5200=30'
    const top = 'ab < n1@5500 ; n1 < a9@6000=6'
    const { answers, deed } = drawAcceptance(`genesis < r1@1000 ; ${line} ; ${won} ; ${top} ; r1 < a1@1500=1`)
    expect(answers.at(-2)).toBe('+ab n1 a9')
    expect(answers.at(-1)).toBe('+az1 az2 az3 az4 az5 a1 -a9 n1 a6 a5 a4 a3 a2')
    expect(deed.isPaid('ab')).toBe(true)
  })

  test('a dropped block may come again, and may go only unpaid', () => {
    const { deed } = drawAcceptance('genesis < a1 ; a1 < n1')
    deed.acceptance.drop(deed.at('n1'))
    expect(deed.acceptance.has(deed.at('n1'))).toBe(false)
    expect(deed.acceptance.add(deed.at('n1')).accepted).toEqual([])
    expect(() => deed.acceptance.drop(deed.at('a1'))).toThrow()
    expect(() => deed.acceptance.add(deed.at('n1'))).toThrow()
  })
})

describe('a block that comes last of its author’s is taken out of V', () => {
  test('with what only it had brought in, tops first', () => {
    const { deed } = drawAcceptance('genesis < a1 ; a1 < n1 ; n1 < n2 ; n2 < b1=2')
    const [n1, n2, b1] = ['n1', 'n2', 'b1'].map(deed.at)
    expect(deed.acceptance.retreat(b1!)).toEqual({ accepted: [], withdrawn: [b1, n2, n1], paid: [], unpaid: [b1] })
    expect([deed.acceptance.has(b1!), deed.isPaid('b1'), deed.isPaid('a1')]).toEqual([false, false, true])
    expect(deed.acceptance.add(b1!).accepted).toEqual([n1, n2, b1])
  })

  test('unpaid or with rivals, and comes again as it was', () => {
    const { deed } = drawAcceptance('genesis < r1 ; r1 < a1@8000=1 ; r1 < a2@9000=2 ; r1 < a3@9500=2')
    const [a2, a3] = ['a2', 'a3'].map(deed.at)
    expect(deed.acceptance.retreat(a3!)).toEqual({ accepted: [], withdrawn: [], paid: [], unpaid: [] })
    expect(deed.acceptance.retreat(a2!).withdrawn).toEqual([a2])
    expect(deed.acceptance.add(a3!).accepted).toEqual([a3])
    expect(deed.acceptance.add(a2!)).toEqual({ accepted: [a2], withdrawn: [a3], paid: [a2], unpaid: [a3] })
  })

  test('and no other one', () => {
    const { deed } = drawAcceptance('genesis < r1 ; r1 < a1@8000 ; r1 < a2@9000')
    expect(() => deed.acceptance.retreat(deed.at('a1'))).toThrow(Bug)
    deed.acceptance.retreat(deed.at('a2'))
    expect(() => deed.acceptance.retreat(deed.at('a2'))).toThrow(Bug)
  })
})

test('a block that gets the index and the author’s number of one that was taken back is judged by itself', () => {
  const graph = new Graph(DRAWN_CHAIN, 1)
  const table = new BlockTable(graph)
  const acceptance = new Acceptance({ graph, table, isUnlimited: () => false })
  const know = (name: string, author: number, k: number) => {
    const index = graph.add(rowOn(graph, drawnId(name), [0]), false)
    table.add(index, { author: keyOf(author), k })
    return index
  }
  acceptance.add(know('first', 1, 30))
  for (let n = 2; n < 50; n += 1) {
    const index = know(`by stranger ${String(n)}`, n, 0)
    expect([index, table.authorOf(index), acceptance.add(index).accepted]).toEqual([2, 1, []])
    acceptance.drop(index)
    table.pop(index)
    graph.pop()
  }
  const last = know('last', 50, 1)
  expect(acceptance.has(last)).toBe(false)
  expect(acceptance.add(last).accepted).toEqual([last])
  expect(acceptance.backsAccepted([last])).toBe('sound')
})

describe('each back of a sound block is accepted in its past, or welcomed', () => {
  test('an old version is judged by itself: a block that is not paid in V may be so in it', () => {
    const { deed } = drawAcceptance('genesis < r1 ; r1 < a1@8000=1 ; r1 < a2@9000=1')
    expect(deed.stands('a2')).toBe('sound')
    expect(deed.stands('a1 a2')).toBe('a2')
  })

  test('one paid in V need not be so in a past where a rival of its rivals is missing', () => {
    // Without a1, a2 and a3 are paid, and leave nothing for a5.
    const { deed } = drawAcceptance(
      'genesis < r1 ; r1 < a1@2000=1 ; r1 < a2@3000=1 ; a2 < a3@4000=1 ; r1 < a4@5000=3 ; a4 < a5@6000=2',
    )
    expect(deed.isPaid('a5')).toBe(true)
    expect(deed.stands('a3 a5')).toBe('a5')
    expect(deed.stands('a5')).toBe('sound')
  })

  test('welcoming excuses the welcomed post alone', () => {
    const { deed } = drawAcceptance('genesis < r1 ; r1 < a1@2000=1 ; r1 < a2@3000=1 ; a2 < n1@4000')
    expect(deed.stands('a1 n1', 'n1')).toBe('sound')
    expect(deed.stands('a1 a2 n1', 'n1')).toBe('a2')
    expect(deed.stands('a2 n1', 'n1')).toBe('sound')
    expect(deed.stands('n1')).toBe('n1')
  })
})

/** Counts how often it is read. */
class CountingGraph extends Graph {
  reads = 0

  override forEachBack(index: number, visit: (back: number) => void): void {
    this.reads += 1
    super.forEachBack(index, visit)
  }

  override rank(index: number): number | undefined {
    this.reads += 1
    return super.rank(index)
  }

  override compare(a: number, b: number): number {
    this.reads += 1
    return super.compare(a, b)
  }
}

class Chain {
  readonly graph = new CountingGraph(DRAWN_CHAIN, 1)
  readonly table = new BlockTable(this.graph)
  readonly acceptance = new Acceptance({ graph: this.graph, table: this.table, isUnlimited: () => false })

  /** Gives the new block's index and what judging it cost. */
  add(author: number, backs: readonly number[], time?: number, k = 5): { index: number; cost: number } {
    const index = this.graph.add(rowOn(this.graph, drawnId(`of chain ${this.graph.size}`), backs, time), false)
    this.table.add(index, { author: keyOf(author), k })
    const before = this.graph.reads
    expect(this.acceptance.backsAccepted(backs)).toBe('sound')
    this.acceptance.add(index)
    return { index, cost: this.graph.reads - before }
  }

  /** A line of blocks by authors in turn; gives its last index and what that cost. */
  grow(length: number, authors: readonly number[], from: number): { index: number; cost: number } {
    let last = { index: from, cost: 0 }
    for (let n = 0; n < length; n += 1) last = this.add(authors[n % authors.length]!, [last.index])
    return last
  }
}

describe('cost, in reads of the graph', () => {
  test('a newest block costs the same on 100 and on 10,000', () => {
    const chain = new Chain()
    const at100 = chain.grow(100, [1, 2], 0)
    const at10000 = chain.grow(9_900, [1, 2], at100.index)
    expect(at10000.cost).toBe(at100.cost)
  })

  test('blocks on a branch of an author with rivals on another cost the same on 100 and on 5,000', () => {
    const chain = new Chain()
    const root = chain.add(0, [0]).index
    chain.grow(3, [1], root)
    const on100 = chain.grow(100, [2, 1], root)
    const on101 = chain.add(2, [on100.index])
    const on5000 = chain.grow(4_899, [1, 2], on101.index)
    expect(chain.graph.heads()).toHaveLength(2)
    expect(on5000.cost).toBe(on100.cost)
    expect(chain.add(2, [on5000.index]).cost).toBe(on101.cost)
  })

  test('after a restart too', () => {
    const chain = new Chain()
    const last = chain.grow(2_000, [1, 2], 0)
    const acceptance = new Acceptance({ graph: chain.graph, table: chain.table, isUnlimited: () => false })
    acceptance.load(() => 'paid')
    const index = chain.graph.add(rowOn(chain.graph, drawnId('newest'), [last.index]), false)
    chain.table.add(index, { author: keyOf(1), k: 1 })
    const before = chain.graph.reads
    acceptance.add(index)
    expect(acceptance.isPaid(index)).toBe(true)
    expect(chain.graph.reads - before).toBeLessThanOrEqual(last.cost)
  })

  test('10,000 siblings in falling order cost ten times what 1,000 do: only paid ones are judged again', () => {
    const costOf = (siblings: number) => {
      const chain = new Chain()
      const root = chain.add(0, [0], 1).index
      let cost = 0
      for (let n = 0; n < siblings; n += 1) cost += chain.add(1, [root], 1_000_000 - n).cost
      expect(chain.graph.acceptedCount).toBe(1 + 5)
      return cost
    }
    expect(costOf(10_000)).toBeLessThan(11 * costOf(1_000))
  })

  test('a late branch costs in proportion to its length', () => {
    const costOf = (length: number) => {
      const chain = new Chain()
      const fork = chain.grow(50, [1, 2], 0).index
      chain.grow(1_000, [1, 2], fork)
      const before = chain.graph.reads
      chain.grow(length, [3, 4], fork)
      return chain.graph.reads - before
    }
    expect(costOf(4_000)).toBeLessThan(4.2 * costOf(1_000))
  })
})
