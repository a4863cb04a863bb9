/** Drafts (spec §10): blocks that their authors sign elsewhere come in like those signed here, and never beside their own. */
import { describe, expect, test } from 'vitest'
import { sign } from '../../../../src/dag/crypto.ts'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import { Drafts, type DraftLimits } from '../../../../src/node/chain/drafts.ts'
import { post as makePost, vote } from '../../../../src/node/chain/posting.ts'
import { author, bytes, chain, must, post } from '../../../support/blocks.ts'
import { NOW_MS, openReplica, takeIn, viewOf, type TestReplica } from '../../../support/replicas.ts'

const LIMITS: DraftLimits = { count: 3, bytes: 1000, ageMs: 600_000, turnMs: 0 }
const forum = chain('#forum', author(1).author)
const open = chain('#open')

async function drafting(limits: Partial<DraftLimits> = {}, on = forum) {
  const { replica, clock, store } = await openReplica(on)
  const drafts = new Drafts({ ...LIMITS, ...limits })
  const draft = async (text: string, n = 1): Promise<MadeBlock> =>
    must(await drafts.make(replica, { payload: bytes(text), author: author(n).author }, clock))
  const submit = async ({ block }: MadeBlock, n = 1) =>
    drafts
      .submit(block.id, sign(author(n).seed, block.id), clock)
      .then((one) => (one.ok ? one.value.state : one.fault.code))
  return { on: { replica, clock, store } satisfies TestReplica, drafts, draft, submit }
}

describe('a draft', () => {
  test('is nothing before its signature comes, and what a post signed here is then', async () => {
    const { on, drafts, draft, submit } = await drafting()
    const one = await draft('hello')
    expect([one.block.signature, on.replica.blocks, drafts.size]).toEqual([undefined, 0, 1])
    expect([await submit(one), on.replica.blocks, drafts.size]).toEqual(['accepted', 1, 0])
    expect(viewOf(on).heads).toEqual([one.block.id])
  })

  test('with a signature that does not hold is refused, and stays out', async () => {
    const { on, draft, submit } = await drafting()
    expect(await submit(await draft('hello'), 2)).toBe('DAG_BAD_SIGNATURE')
    expect(on.replica.blocks).toBe(0)
  })

  test('is submitted once, and stale where it is not known', async () => {
    const { draft, submit } = await drafting()
    const one = await draft('hello')
    expect([await submit(one), await submit(one)]).toEqual(['accepted', 'DRAFT_STALE'])
    expect(await submit(post(forum, { author: 1 }))).toBe('DRAFT_STALE')
  })

  test('is stale once another of its author overtook it, drafted, signed here or come from a peer; not by others', async () => {
    const { on, draft, submit } = await drafting()
    const [a, b] = [await draft('a'), await draft('b')]
    expect([await submit(b), await submit(a)]).toEqual(['accepted', 'DRAFT_STALE'])
    const c = await draft('c')
    must(await makePost(on.replica, { payload: bytes('here'), pvt: author(1) }, on.clock))
    expect(await submit(c)).toBe('DRAFT_STALE')
    const d = await draft('d')
    await takeIn(on, [post(forum, { author: 1, payload: 'from another device', time: NOW_MS - 10 })])
    expect(await submit(d)).toBe('DRAFT_STALE')
    const e = await draft('e')
    must(await makePost(on.replica, { payload: bytes('held'), pvt: author(2) }, on.clock))
    const held = on.replica.held()[0] ?? expect.unreachable('author 2 has no reps')
    expect(await submit(e)).toBe('accepted')
    expect(on.replica.held()).toEqual([held])
  })

  test('is stale when a held post of its author was welcomed meanwhile: it would stand beside that', async () => {
    const { on, draft, submit } = await drafting()
    must(await makePost(on.replica, { payload: bytes('first'), pvt: author(1) }, on.clock))
    must(await makePost(on.replica, { payload: bytes('held'), pvt: author(2) }, on.clock))
    const second = await draft('second', 2)
    const target = on.replica.held()[0] ?? expect.unreachable('it is held')
    must(await vote(on.replica, { n: 1, target, payload: bytes(''), pvt: author(1) }, on.clock))
    expect(await submit(second, 2)).toBe('DRAFT_STALE')
    expect(await submit(await draft('second', 2), 2)).toBe('held')
  })

  test('that welcomes a held post is stale when that is gone, and takes it in when not', async () => {
    const { on, drafts, submit } = await drafting()
    must(await makePost(on.replica, { payload: bytes('first'), pvt: author(1) }, on.clock))
    const welcome = async (): Promise<MadeBlock> => {
      must(await makePost(on.replica, { payload: bytes('held'), pvt: author(2) }, on.clock))
      const target = on.replica.held()[0] ?? expect.unreachable('it is held')
      const like = { n: 1, target, payload: bytes('hello'), author: author(1).author } as const
      return must(await drafts.make(on.replica, like, on.clock))
    }
    const gone = await welcome()
    await on.replica.drop(on.replica.held()[0] ?? 0)
    expect(await submit(gone)).toBe('DRAFT_STALE')
    expect([await submit(await welcome()), on.replica.held()]).toEqual(['accepted', []])
  })

  test('of a vote without reps is refused as any such vote is', async () => {
    const { on, drafts, submit } = await drafting()
    const posted = must(await makePost(on.replica, { payload: bytes('first'), pvt: author(1) }, on.clock))
    const target = on.replica.graph.indexOf(posted.id) ?? 0
    const like = { n: 1, target, payload: bytes(''), author: author(2).author } as const
    expect(await submit(must(await drafts.make(on.replica, like, on.clock)), 2)).toBe('REP_NO_REPS')
  })

  test('§2 founds a forum; it is stale where another founder came first', async () => {
    const mine = await drafting({}, open)
    expect(await mine.submit(await mine.draft('hello'))).toBe('accepted')
    expect(mine.on.replica.founder).toBe(author(1).author)
    const late = await drafting({}, open)
    const draft = await late.draft('hello')
    await takeIn(late.on, [post(open, { author: 2 })])
    expect(await late.submit(draft)).toBe('DRAFT_STALE')
  })

  test('is gone with its chain', async () => {
    const { on, drafts, draft } = await drafting()
    await draft('hello')
    await on.replica.close()
    expect(drafts.size).toBe(0)
  })
})

describe('bounds', () => {
  test('of more drafts, or more bytes, than are kept, the oldest is stale', async () => {
    const { drafts, draft, submit } = await drafting()
    const [first, second] = [await draft('1', 1), await draft('2', 2), await draft('3', 3), await draft('4', 4)]
    expect([drafts.size, await submit(first), await submit(second, 2)]).toEqual([3, 'DRAFT_STALE', 'held'])
    const large = await draft('x'.repeat(LIMITS.bytes), 5)
    expect([drafts.size, await submit(large, 5)]).toEqual([1, 'held'])
  })

  test('one larger than all that is kept together can be submitted all the same', async () => {
    const { draft, submit } = await drafting()
    expect(await submit(await draft('x'.repeat(LIMITS.bytes + 1)))).toBe('accepted')
  })

  test('one that is too old is stale', async () => {
    const { draft, submit, drafts } = await drafting({ ageMs: 1 })
    const old = await draft('old')
    await expect.poll(() => drafts.size).toBe(0)
    expect(await submit(old)).toBe('DRAFT_STALE')
  })
})

describe('drafts of one author', () => {
  const LEASE = { turnMs: 600_000, count: 100, bytes: 100_000 }

  test('stand one on the other, and come in in their order whatever order they are submitted in; none is stale', async () => {
    const { on, drafts, draft, submit } = await drafting(LEASE, chain(`@!${author(1).author}`))
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => draft(String(n))))
    expect(drafts.size).toBe(20)
    expect(all.slice(1).map(({ block }) => block.header.backs)).toEqual(all.slice(0, -1).map(({ block }) => [block.id]))
    const states = await Promise.all(all.toReversed().map((one) => submit(one)))
    expect([new Set(states), on.replica.blocks, viewOf(on).heads.length]).toEqual([new Set(['accepted']), 20, 1])
  })

  test('as many as the author has reps for; the next is made when those are in, and is held as a post signed here would be', async () => {
    const { draft, submit } = await drafting(LEASE)
    const all = Array.from({ length: 40 }, async (_, n) => submit(await draft(String(n))))
    const states = await Promise.all(all)
    expect(states).toEqual([...Array<string>(30).fill('accepted'), ...Array<string>(10).fill('held')])
  })

  test('that stand on one that is not submitted in time are stale, and it is not, until they are drafted again', async () => {
    const { on, drafts, draft, submit } = await drafting({ ...LEASE, turnMs: 20 }, chain(`@!${author(1).author}`))
    const [low, high] = await Promise.all([draft('low'), draft('high')])
    const answer = submit(high)
    expect(await answer).toBe('DRAFT_STALE')
    expect(drafts.size).toBe(1)
    const again = await draft('high')
    expect(again.block.header.backs).toEqual(low.block.header.backs)
    expect([await submit(again), await submit(low), on.replica.blocks]).toEqual(['accepted', 'DRAFT_STALE', 1])
  })

  test('that stand on one that is refused are stale', async () => {
    const { draft, submit } = await drafting(LEASE, chain(`@!${author(1).author}`))
    const [low, high] = await Promise.all([draft('low'), draft('high')])
    expect(await Promise.all([submit(low, 2), submit(high)])).toEqual(['DAG_BAD_SIGNATURE', 'DRAFT_STALE'])
    expect(await submit(await draft('high'))).toBe('accepted')
  })

  test('are overtaken by another block of his, all of them; the next links what others wrote meanwhile', async () => {
    const { on, draft, submit } = await drafting(LEASE)
    const [low, high] = await Promise.all([draft('low'), draft('high')])
    must(await makePost(on.replica, { payload: bytes('here'), pvt: author(1) }, on.clock))
    expect(await Promise.all([submit(low), submit(high)])).toEqual(['DRAFT_STALE', 'DRAFT_STALE'])
    const before = await draft('before')
    const theirs = await takeIn(on, [post(forum, { author: 1, payload: 'elsewhere', time: NOW_MS - 10 })])
    const next = draft('next')
    expect([theirs.length, await submit(before)]).toEqual([1, 'DRAFT_STALE'])
    expect((await next).block.header.backs).toHaveLength(2)
  })

  test('do not push out what they stand on, and a vote or a reply waits for them', async () => {
    const { on, drafts, draft, submit } = await drafting({ ...LEASE, count: 2 })
    const first = must(await makePost(on.replica, { payload: bytes('first'), pvt: author(1) }, on.clock))
    const [low, high] = await Promise.all([draft('low'), draft('high')])
    const third = draft('third')
    const re = on.replica.graph.indexOf(first.id) ?? 0
    const reply = drafts.make(on.replica, { payload: bytes('yes'), re, author: author(1).author }, on.clock)
    expect(await Promise.all([submit(low), submit(high)])).toEqual(['accepted', 'accepted'])
    expect([await submit(await third), await submit(must(await reply))]).toEqual(['accepted', 'accepted'])
  })

  test('other authors do not wait; who gave up is not stood on', async () => {
    const { on, drafts, draft, submit } = await drafting(LEASE)
    const gone = AbortSignal.abort()
    must(await drafts.make(on.replica, { payload: bytes('3'), author: author(1).author }, on.clock, gone))
    const first = await draft('1')
    expect(await submit(await draft('2', 2), 2)).toBe('held')
    expect(await submit(first)).toBe('accepted')
  })
})
