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

async function many(count: number, by = 1) {
  const store = new SlowStore()
  const replica = await Replica.open({ chain: owned, seed: 7 }, { store, clock, log: silentLogger })
  let answered = 0
  const posts = Array.from({ length: count }, async (_, n) => {
    const posted = await post(replica, { payload: bytes(`post ${String(n)}`), pvt: author(by) }, clock)
    answered += 1
    return posted
  })
  const settled = Promise.allSettled(posts)
  return { store, replica, settled, answered: () => answered }
}

test('of 64 posts at once the first is written, then all others together; each is answered after its write', async () => {
  const { store, replica, settled, answered } = await many(64)
  await store.began(1)
  expect(answered()).toBe(0)
  store.waiting[0]?.resolve(undefined)
  await store.began(2)
  await turns()
  expect(answered()).toBe(store.sizes[0])
  store.waiting[1]?.resolve(undefined)
  const ids = (await settled).map((one) => (one.status === 'fulfilled' ? must(one.value).id : one.status))
  expect(new Set(ids).size).toBe(64)
  expect(store.sizes.reduce((sum, size) => sum + size)).toBe(64)
  expect(store.sizes.length).toBe(2)
  const again = await openReplica(owned, store)
  expect([again.replica.blocks, again.replica.graph.heads().length]).toEqual([64, 1])
  expect(replica.blocks).toBe(64)
})

test('when their write fails, none of them is acknowledged', async () => {
  const { store, settled } = await many(8)
  await store.began(1)
  store.waiting[0]?.reject(new Error('the disk is gone'))
  expect((await settled).map(({ status }) => status)).toEqual(Array<string>(8).fill('rejected'))
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
