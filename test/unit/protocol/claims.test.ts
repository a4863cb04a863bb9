import { expect, test, vi } from 'vitest'
import { Claims, findDeadlocked } from '../../../src/protocol/claims.ts'
import { post, chain, author } from '../../support/blocks.ts'

const FORUM = chain('#claims', author(0).author)
const a = post(FORUM, { payload: 'a' }).block.id
const b = post(FORUM, { payload: 'b' }).block.id

test('a block belongs to the first that takes it, until it gives it up', () => {
  const claims = new Claims()
  const [one, other] = [claims.join(vi.fn()), claims.join(vi.fn())]
  expect([one.take(a), one.take(a), other.take(a)]).toEqual([true, true, false])
  expect([one.isElsewhere(a), other.isElsewhere(a), other.holderOf(a) === one]).toEqual([false, true, true])
  one.drop([a])
  expect([other.isElsewhere(a), other.take(a), one.take(a)]).toEqual([false, true, false])
})

test('nobody can give up what is not his', () => {
  const claims = new Claims()
  const [one, other] = [claims.join(vi.fn()), claims.join(vi.fn())]
  one.take(a)
  other.drop([a])
  expect(other.isElsewhere(a)).toBe(true)
})

test('the others are told when something was given up, once for all of it, and not when nothing was', () => {
  const claims = new Claims()
  const told = [vi.fn(), vi.fn()]
  const [one] = told.map((listener) => claims.join(listener))
  one?.drop([a])
  expect(told[1]).not.toHaveBeenCalled()
  one?.take(a)
  one?.take(b)
  one?.drop([a, b])
  expect(told[0]).not.toHaveBeenCalled()
  expect(told[1]).toHaveBeenCalledTimes(1)
})

test('who leaves gives everything up, is told nothing any more, and gets nothing any more', () => {
  const claims = new Claims()
  const told = [vi.fn(), vi.fn()]
  const [one, other] = told.map((listener) => claims.join(listener))
  one?.take(a)
  one?.close()
  expect(told[1]).toHaveBeenCalledTimes(1)
  expect([one?.take(b), other?.take(a)]).toEqual([false, true])
  other?.drop([a])
  expect(told[0]).not.toHaveBeenCalled()
})

test.each<[string, Record<string, string>, string | undefined]>([
  ['nobody waits', {}, undefined],
  ['one waits for another', { a: 'b' }, undefined],
  ['a row', { a: 'b', b: 'c', d: 'b' }, undefined],
  ['two wait for each other', { a: 'b', b: 'a' }, 'a'],
  ['three, behind one that only waits', { a: 'b', b: 'c', c: 'd', d: 'b' }, 'b'],
])('who waits for each other is found: %s', (_, waits, found) => {
  expect(findDeadlocked(['a', 'b', 'c', 'd'], (one) => waits[one])).toBe(found)
})
