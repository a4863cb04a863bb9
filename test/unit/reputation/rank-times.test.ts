import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Graph } from '../../../src/dag/graph.ts'
import { RankTimes } from '../../../src/reputation/rank-times.ts'
import { DRAWN_CHAIN, drawnId, rowOn } from '../../support/draw.ts'
import { checkProperty } from '../../support/property.ts'

test('blocks of higher rank that are no later are found, and no others, also where some were withdrawn', () => {
  const times = fc.array(fc.nat(60), { minLength: 1, maxLength: 300, size: 'max' })
  const asked = fc.array(fc.record({ rank: fc.nat(9000), time: fc.nat(9000) }), {
    minLength: 20,
    maxLength: 20,
    size: 'max',
  })
  checkProperty(
    'rank-times-as-search',
    fc.property(times, fc.array(fc.nat(9000), { maxLength: 30 }), asked, (late, withdrawn, list) => {
      const graph = new Graph(DRAWN_CHAIN, 1)
      const ranks = new RankTimes(graph)
      for (let n = 0; n < 5000; n += 1) {
        const time = n % 17 === 0 ? n - Math.min(n, (late[n % late.length] ?? 0) * 40) : n
        const index = graph.add(rowOn(graph, drawnId(`ranked ${String(n)}`), [0], time), true)
        ranks.note(index)
      }
      for (const at of withdrawn) if (at > 0 && at <= 5000 && graph.isAccepted(at)) graph.withdraw(at)
      for (const { rank, time } of list) {
        const expected = Array.from({ length: 5000 }, (_, n) => n + 1).filter(
          (index) => (graph.rank(index) ?? 0) > rank && graph.time(index) <= time,
        )
        expect(ranks.lateOnes(rank, time, 10_000)).toEqual(expected)
        expect(ranks.lateOnes(rank, time, expected.length)).toEqual(expected)
        if (expected.length > 0) expect(ranks.lateOnes(rank, time, expected.length - 1)).toBeUndefined()
      }
    }),
    { numRuns: 5 },
  )
})
