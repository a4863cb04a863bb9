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

describe('turns', () => {
  test("an author's next draft is made when the one before was submitted: all stand one on the other, none is stale", async () => {
    const { on, draft, submit } = await drafting({ turnMs: 600_000 })
    const all = Array.from({ length: 20 }, async (_, n) => submit(await draft(String(n))))
    expect(new Set(await Promise.all(all))).toEqual(new Set(['accepted']))
    expect([on.replica.blocks, viewOf(on).heads.length]).toEqual([20, 1])
  })

  test('other authors do not wait; who gave up holds nobody up', async () => {
    const { on, drafts, draft, submit } = await drafting({ turnMs: 600_000 })
    const first = await draft('1')
    expect(await submit(await draft('2', 2), 2)).toBe('held')
    const gone = new AbortController()
    const left = drafts.make(on.replica, { payload: bytes('3'), author: author(1).author }, on.clock, gone.signal)
    const next = draft('4')
    gone.abort()
    expect(await submit(first)).toBe('accepted')
    await left
    expect(await submit(await next)).toBe('accepted')
  })
})
