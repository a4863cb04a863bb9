import { expect, test } from 'vitest'
import { drawAcceptance } from '../../support/draw-acceptance.ts'
import { LazyPast } from '../../../src/reputation/lazy-past.ts'
import { draw } from '../../support/draw.ts'

const paidIn = (picture: string, names: string): string => {
  const { deed } = drawAcceptance(picture)
  return names
    .split(' ')
    .filter((name) => deed.isPaid(name))
    .join(' ')
}

test('k(u) of at least 1 pays; 0 does not', () => {
  expect(paidIn('genesis < a1=1 ; a1 < b1=0', 'a1 b1')).toBe('a1')
})

test('an author with k reps gets at most k concurrent blocks in by himself, the first in order', () => {
  const siblings = [5, 3, 1, 4, 2].map((n) => `r1 < a${n}@${n}000=3`).join(' ; ')
  expect(paidIn(`genesis < r1@1 ; ${siblings}`, 'a1 a2 a3 a4 a5')).toBe('a1 a2 a3')
})

test('of blocks at the same time and height the one with the lower digest comes first', () => {
  const { deed } = drawAcceptance('genesis < r1@1 ; r1 < a1@5000=1 ; r1 < a2@5000=1')
  const { deed: other } = drawAcceptance('genesis < r1@1 ; r1 < a2@5000=1 ; r1 < a1@5000=1')
  expect([deed.isPaid('a1'), deed.isPaid('a2')]).toEqual([other.isPaid('a1'), other.isPaid('a2')])
  expect(deed.isPaid('a1')).not.toBe(deed.isPaid('a2'))
})

test('rivals that a block has in its past count no more', () => {
  const fork = 'genesis < r1@1 ; r1 < a1@1000=1 ; r1 < a2@2000=2 ; a2 < b1@3000'
  expect(paidIn(`${fork} ; b1 < a3@4000=1`, 'a1 a2 a3')).toBe('a1 a2')
  expect(paidIn(`${fork} ; a1 b1 < a3@4000=1`, 'a1 a2 a3')).toBe('a1 a2 a3')
})

test('a bare unpaid back stops its author even where a back of somebody else stands beside it', () => {
  const start = 'genesis < r1@1 ; r1 < n1=0 ; r1 < b1'
  expect(paidIn(`${start} ; n1 b1 < n2=5`, 'n2')).toBe('')
  expect(paidIn(`${start} ; n1 b1 < b2 ; b2 < n2=5`, 'n2')).toBe('n2')
  expect(paidIn(`${start} ; n1 b1 < b2 ; n1 b2 < n2=5`, 'n2')).toBe('n2')
})

test('a past walked in part answers as the whole, and what is below is not walked', () => {
  const { graph, at } = draw('genesis < a ; a < b c ; b < d ; c < e ; d e < f? ; e < g?')
  const past = new LazyPast(graph, [at('f')])
  for (const name of ['f', 'd', 'b', 'e', 'a']) expect(past.has(at(name))).toBe(true)
  expect(past.has(at('g'))).toBe(false)
  expect(new LazyPast(graph, [at('f')], at('d')).all(10)).toEqual([at('f'), at('e'), at('c')])
  expect(new LazyPast(graph, [at('f')], at('d')).all(2)).toBeUndefined()
})
