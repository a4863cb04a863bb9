import { describe, expect, test } from 'vitest'
import { chainOf, type Chain } from '../../../src/dag/chain.ts'
import {
  baseReps,
  dayOf,
  isDislikedAway,
  isEnough,
  isGroupUnlimited,
  isOwnerUnlimited,
  windowStart,
} from '../../../src/reputation/rules.ts'
import { keyFor } from '../../support/voted-dags.ts'

const [ann, bob] = [keyFor('ann'), keyFor('bob')]

function chain(name: string, ...keys: string[]): Chain {
  const made = chainOf(name, keys)
  expect(made.ok).toBe(true)
  return (made as { value: Chain }).value
}

describe('1.a', () => {
  test('the author of the first post of a forum without named pioneers starts with 30', () => {
    const forum = chain('#f')
    expect([baseReps(forum, ann, ann), baseReps(forum, bob, ann), baseReps(forum, ann, undefined)]).toEqual([30, 0, 0])
  })

  test('k named pioneers start with ⌊30/k⌋ each, whoever posts first', () => {
    const named = (k: number) => [ann, ...Array.from({ length: k - 1 }, (_, n) => keyFor(String(n)))]
    const bases = [1, 2, 4, 7, 16, 30].map((k) => baseReps(chain('#f', ...named(k)), ann, bob))
    expect(bases).toEqual([30, 15, 7, 4, 1, 1])
    expect(baseReps(chain('#f', ann), bob, bob)).toBe(0)
  })

  test('there are no pioneers elsewhere', () => {
    expect(baseReps(chain(`@${ann}`), bob, bob)).toBe(0)
  })
})

test('1.b a day is a UTC day', () => {
  expect([86_399_999, 86_400_000].map(dayOf)).toEqual([0, 1])
})

test('3.b a post is hidden by 5 dislikes that are twice its likes', () => {
  const hidden = (likes: number, dislikes: number) => isDislikedAway(likes, dislikes)
  expect([hidden(0, 4), hidden(0, 5), hidden(2, 5), hidden(3, 5), hidden(3, 6), hidden(4, 7)]).toEqual([
    ...[false, true, true, false, true, false],
  ])
})

test('4.a a block needs 1 rep', () => {
  expect([-1, 0, 1].map(isEnough)).toEqual([false, false, true])
})

test('4.c a block counts for exactly 90 days', () => {
  expect(windowStart(91 * 86_400_000)).toBe(86_400_000)
})

test('4.d, 4.e members of groups, and owners in their chains, are unlimited', () => {
  expect([chain('$g', ann), chain('#f'), chain(`@${ann}`)].map(isGroupUnlimited)).toEqual([true, false, false])
  expect([ann, bob, undefined].map((author) => isOwnerUnlimited(chain(`@${ann}`), author))).toEqual([
    ...[true, false, false],
  ])
  expect(isOwnerUnlimited(chain('#f', ann), ann)).toBe(false)
})
