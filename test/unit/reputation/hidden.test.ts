import { describe, expect, test } from 'vitest'
import { chainOf, type Chain } from '../../../src/dag/chain.ts'
import { Bug } from '../../../src/dag/result.ts'
import { Hidden } from '../../../src/reputation/hidden.ts'
import { BlockTable } from '../../../src/reputation/block-table.ts'
import { draw } from '../../support/draw.ts'
import { keyFor } from '../../support/voted-dags.ts'

const [ann, bob] = [keyFor('ann'), keyFor('bob')]
const VOTES = ['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'u1', 'u2', 'u3']

/** A post by `author`, with six dislikes and three likes of it by another. */
function disliked(name: string, keys: readonly string[], author = ann) {
  const { graph, at } = draw(`genesis < post ; post < ${VOTES.join(' ')}`)
  const table = new BlockTable(graph)
  table.add(at('post'), { author, k: 1 })
  for (const vote of VOTES) {
    table.add(at(vote), { author: bob, like: { n: vote.startsWith('d') ? -1 : 1, target: at('post') }, k: 1 })
  }
  const made = chainOf(name, keys) as { value: Chain }
  return { hidden: new Hidden(made.value, table), at, post: at('post') }
}

describe('3.b', () => {
  test('a post is hidden by its fifth dislike, comes back by likes, and goes again', () => {
    const { hidden, at, post } = disliked('#f', [])
    const changes = [...VOTES.slice(0, 5), 'u1', 'u2', 'u3', 'd6'].map((vote) => hidden.counted(at(vote))?.hidden)
    expect(changes).toEqual([undefined, undefined, undefined, undefined, true, undefined, undefined, false, true])
    expect([hidden.isHidden(post), hidden.repsOf(post)]).toEqual([true, -3])
  })

  test('a vote that is not paid any more does not count any more', () => {
    const { hidden, at, post } = disliked('#f', [])
    for (const vote of VOTES.slice(0, 5)) hidden.counted(at(vote))
    expect(hidden.uncounted(at('d3'))).toEqual({ post, hidden: false })
    expect([hidden.isHidden(post), hidden.repsOf(post)]).toEqual([false, -4])
    expect(() => hidden.uncounted(at('u1'))).toThrow(Bug)
  })

  test("the owner's posts in @ and posts in groups are never hidden; a guest's are", () => {
    const isHidden = (name: string, keys: readonly string[], author = ann) => {
      const { hidden, at, post } = disliked(name, keys, author)
      for (const vote of VOTES.slice(0, 6)) hidden.counted(at(vote))
      expect(hidden.repsOf(post)).toBe(-6)
      return hidden.isHidden(post)
    }
    expect([isHidden(`@${ann}`, []), isHidden(`@${bob}`, []), isHidden('$g', [ann]), isHidden('#f', [ann])]).toEqual([
      ...[false, true, false, true],
    ])
  })
})

test('posts are no votes', () => {
  const { hidden, post } = disliked('#f', [])
  expect([hidden.counted(post), hidden.repsOf(post)]).toEqual([undefined, 0])
})

test("accepted dislikes by the post's own author take it back, whether they count or not, until all are withdrawn", () => {
  const { hidden, at, post } = disliked('#f', [], bob)
  expect([hidden.counted(at('d1')), hidden.isHidden(post)]).toEqual([undefined, false])
  const changes = ['d1', 'd2'].map((vote) => hidden.accepted(at(vote)))
  expect([changes, hidden.isHidden(post), hidden.isTakenBack(post)]).toEqual([
    [{ post, hidden: true }, undefined],
    true,
    true,
  ])
  expect(['d1', 'd2'].map((vote) => hidden.withdrawn(at(vote)))).toEqual([undefined, { post, hidden: false }])
  expect(() => hidden.withdrawn(at('d1'))).toThrow(Bug)
})

test('those of others do not, nor a post', () => {
  const { hidden, at, post } = disliked('#f', [])
  expect([hidden.accepted(at('d1')), hidden.accepted(post), hidden.isTakenBack(post)]).toEqual([
    undefined,
    undefined,
    false,
  ])
})
