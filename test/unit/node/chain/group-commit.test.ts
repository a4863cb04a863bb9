/** Posts that wait for each other are stored by one write, and none is answered before that (spec §5, *Posting*). */
import { expect, test } from 'vitest'
import { post } from '../../../../src/node/chain/posting.ts'
import { Replica } from '../../../../src/node/chain/replica.ts'
import { silentLogger } from '../../../../src/node/base/log.ts'
import { author, bytes, chain, must } from '../../../support/blocks.ts'
import { MemoryStore } from '../../../support/memory-store.ts'
import { NOW_MS, openReplica } from '../../../support/replicas.ts'

const owned = chain(`@!${author(1).author}`)
const clock = { nowMs: () => NOW_MS }

/** A store whose commits wait until they are let through, or fail. */
class SlowStore extends MemoryStore {
  readonly waiting: PromiseWithResolvers<undefined>[] = []
  readonly sizes: number[] = []

  /** Resolves when so many commits have begun; the test's deadline ends it. */
  async began(count: number): Promise<void> {
    while (this.sizes.length < count) await turns()
  }

  override async commit(commit: Parameters<MemoryStore['commit']>[0]): Promise<void> {
    const turn = Promise.withResolvers<undefined>()
    this.sizes.push(commit.blocks.length)
    this.waiting.push(turn)
    await turn.promise
    await super.commit(commit)
  }
}

async function turns(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** One post whose write has begun, and so many that came since; in the order they were answered. */
async function waiting(count: number) {
  const store = new SlowStore()
  const replica = await Replica.open({ chain: owned, seed: 7 }, { store, clock, log: silentLogger })
  const answered: string[] = []
  const one = async (text: string): Promise<void> => {
    const { id } = must(await post(replica, { payload: bytes(text), pvt: author(1) }, clock))
    answered.push(id)
  }
  const first = one('first')
  await store.began(1)
  const others = Array.from({ length: count }, (_, n) => one(`post ${String(n)}`))
  await turns()
  return { store, replica, answered, settled: Promise.allSettled([first, ...others]) }
}

test('64 posts that come while one is written are stored by one write; each is answered after its write', async () => {
  const { store, answered, settled } = await waiting(64)
  expect([answered.length, store.sizes]).toEqual([0, [1]])
  store.waiting[0]?.resolve(undefined)
  await store.began(2)
  await turns()
  expect(answered.length).toBe(1)
  store.waiting[1]?.resolve(undefined)
  await settled
  expect([new Set(answered).size, store.sizes]).toEqual([65, [1, 64]])
})

test('they are made while that one is written: only the disk is waited for', async () => {
  const { store, replica, settled } = await waiting(3)
  expect([replica.graph.acceptedCount, replica.blocks]).toEqual([4, 0])
  store.waiting[0]?.resolve(undefined)
  await store.began(2)
  store.waiting[1]?.resolve(undefined)
  await settled
  expect(replica.blocks).toBe(4)
})

test('more than one write takes are stored by as many as are needed, one after the other', async () => {
  const { store, answered, settled } = await waiting(300)
  for (const at of [0, 1, 2]) {
    await store.began(at + 1)
    store.waiting[at]?.resolve(undefined)
  }
  await settled
  expect([store.sizes, new Set(answered).size]).toEqual([[1, 256, 44], 301])
})

test('what was made on a write that fails is not acknowledged either, nor what comes then', async () => {
  const { store, replica, answered, settled } = await waiting(300)
  store.waiting[0]?.reject(new Error('the disk is gone'))
  const all = await settled
  expect([all.every(({ status }) => status === 'rejected'), answered, replica.graph.acceptedCount]).toEqual([
    true,
    [],
    0,
  ])
  await expect(post(replica, { payload: bytes('late'), pvt: author(1) }, clock)).rejects.toThrow('the disk is gone')
})

test('when their write fails, none of them is acknowledged', async () => {
  const { store, answered, settled } = await waiting(8)
  store.waiting[0]?.resolve(undefined)
  await store.began(2)
  store.waiting[1]?.reject(new Error('the disk is gone'))
  const [first, ...others] = (await settled).map(({ status }) => status)
  expect([first, answered.length]).toEqual(['fulfilled', 1])
  expect(others).toEqual(Array<string>(8).fill('rejected'))
})

test('one that is refused stops no other', async () => {
  const on = await openReplica(owned)
  const by = (who: number, text: string) =>
    post(on.replica, { payload: bytes(text), pvt: author(who) }, on.clock).then(({ ok }) => ok)
  expect(await Promise.all([by(1, 'a'), by(2, 'no owner'), by(1, 'b')])).toEqual([true, false, true])
  expect(on.replica.blocks).toBe(2)
})

test('one whose making throws stops no other', async () => {
  const on = await openReplica(owned)
  const broken = on.replica.ingestMade(() => {
    throw new TypeError('broken')
  })
  const sound = post(on.replica, { payload: bytes('sound'), pvt: author(1) }, on.clock)
  await expect(broken).rejects.toThrow('broken')
  expect((await sound).ok).toBe(true)
})
