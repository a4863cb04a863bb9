/** The page's threads (docs/apps.md): by what answers what, the newest activity first. */
import { expect, test } from 'vitest'
import { rootOf, threadsOf } from '../../../../apps/web/src/state/threads.ts'
import type { ListedBlock } from '../../../../src/node/control/shapes.ts'

function post(id: string, time: number, re?: string): ListedBlock {
  const pay = { cid: '', size: 1, seal: 'none' as const }
  const block = { id, height: time, time, backs: [], pay, state: 'accepted' as const, reps: 0, why: '' }
  return re === undefined ? block : { ...block, re }
}

function mapOf(...blocks: readonly ListedBlock[]): ReadonlyMap<string, ListedBlock> {
  return new Map(blocks.map((block) => [block.id, block]))
}

test('answers of answers belong to the post that the thread began with', () => {
  const blocks = mapOf(post('a', 1), post('b', 2, 'a'), post('c', 3, 'b'))
  expect(rootOf(post('c', 3, 'b'), blocks)).toBe('a')
  const [thread] = threadsOf(blocks)
  expect(thread?.answers.map(({ id }) => id)).toEqual(['b', 'c'])
})

test('a late answer brings an old thread to the top', () => {
  const blocks = mapOf(post('old', 1), post('young', 5), post('late', 9, 'old'))
  expect(threadsOf(blocks).map(({ root }) => root.id)).toEqual(['old', 'young'])
})

test('a post whose question is not known begins a thread', () => {
  expect(threadsOf(mapOf(post('b', 2, 'gone'))).map(({ root }) => root.id)).toEqual(['b'])
})

test('votes and the genesis are in no thread, and a vote is no question', () => {
  const like: ListedBlock = { ...post('like', 3), like: { n: 1, target: 'a' } }
  const blocks = mapOf(post('genesis', 0), post('a', 1), like, post('b', 4, 'like'))
  expect(threadsOf(blocks).map(({ root }) => root.id)).toEqual(['b', 'a'])
})
