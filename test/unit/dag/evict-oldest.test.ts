import { expect, test } from 'vitest'
import { evictOldest, noteLatest } from '../../../src/dag/evict-oldest.ts'

test('what was put longest ago goes, and no more than is needed', () => {
  const entries = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ])
  entries.delete('a')
  entries.set('a', 4)
  evictOldest(entries, 3)
  expect([...entries.keys()]).toEqual(['b', 'c', 'a'])
  evictOldest(entries, 1)
  expect([...entries]).toEqual([['a', 4]])
})

test('a set has the same bound', () => {
  const entries = new Set([1, 2, 3])
  evictOldest(entries, 2)
  expect([...entries]).toEqual([2, 3])
})

test('a key that is noted again is the latest one, and the oldest goes', () => {
  const keys = new Set([1, 2, 3])
  noteLatest(keys, 1, 3)
  expect([...keys]).toEqual([2, 3, 1])
  noteLatest(keys, 4, 3)
  expect([...keys]).toEqual([3, 1, 4])
})
