import { expect, test } from 'vitest'
import { PullProgress, type PullStatus } from '../../../../../src/node/net/sync/pull-progress.ts'

function watched(): { progress: PullProgress; clock: { ms: number } } {
  const clock = { ms: 1_000 }
  return { progress: new PullProgress(() => clock.ms), clock }
}

const status = (more: Partial<PullStatus> = {}): PullStatus => ({
  peer: 'ann',
  wanted: 0,
  theirs: 0,
  payloadLeft: 0,
  ...more,
})

test('nothing is told while nobody pulls, or there is nothing to fetch', () => {
  const { progress } = watched()
  expect(progress.view([], 5)).toBeUndefined()
  progress.begin()
  expect(progress.view([status({ theirs: 5 })], 5)).toBeUndefined()
})

test('what is missing is what is known to be, or what the peer has more', () => {
  const { progress } = watched()
  progress.begin()
  expect(progress.view([status({ wanted: 7, theirs: 10 })], 5)).toMatchObject({ missing: 7, secondsLeft: null })
  expect(progress.view([status({ wanted: 7, theirs: 100 }), status({ peer: 'bob', theirs: 50 })], 5)).toMatchObject({
    missing: 95,
    from: ['ann', 'bob'],
  })
})

test('the rate is that of the last ten seconds, and says how long the rest takes', () => {
  const { progress, clock } = watched()
  progress.begin()
  for (let second = 0; second < 20; second++) {
    clock.ms += 1_000
    progress.received(second < 10 ? 500 : 10, 1_000)
  }
  const view = progress.view([status({ wanted: 100 })], 0)
  expect(view).toMatchObject({ blocks: 5_100, bytes: 20_000, missing: 100, blocksPerSecond: 10, bytesPerSecond: 1_000 })
  expect(view?.secondsLeft).toBe(10)
  clock.ms += 30_000
  expect(progress.view([status({ wanted: 100 })], 0)).toMatchObject({ blocksPerSecond: 0, secondsLeft: null })
  expect(progress.idleMs).toBe(30_000)
})

test('of a long payload it is the bytes that say how long', () => {
  const { progress, clock } = watched()
  progress.begin()
  clock.ms += 2_000
  progress.received(0, 2_000)
  expect(progress.view([status({ wanted: 1, payloadLeft: 5_000 })], 0)).toMatchObject({ secondsLeft: 5 })
})

test('a pull that begins while another goes on is counted with it; one that begins later begins anew', () => {
  const { progress } = watched()
  progress.begin()
  progress.received(3, 30)
  progress.begin()
  expect(progress.view([status()], 0)).toMatchObject({ blocks: 3 })
  progress.end()
  progress.end()
  progress.begin()
  expect(progress.view([status({ wanted: 1 })], 0)).toMatchObject({ blocks: 0, bytes: 0 })
})
