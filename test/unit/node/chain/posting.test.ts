/** Posts made here (spec §5): on what they stand, when they claim to be made, and what the author is told. */
import { describe, expect, test } from 'vitest'
import { MAX_AHEAD_MS } from '../../../../src/dag/block-limits.ts'
import { openGroup, openOwner } from '../../../../src/dag/seal.ts'
import { encodeAad } from '../../../../src/dag/codec.ts'
import { post as makePost, vote } from '../../../../src/node/chain/posting.ts'
import { readPayload } from '../../../../src/node/chain/payloads.ts'
import { author, bytes, chain, must, post } from '../../../support/blocks.ts'
import { NOW_MS, openReplica, takeIn, viewOf } from '../../../support/replicas.ts'

const GROUP_KEY = 'AB'.repeat(32)
const forum = chain('#forum')
const group = chain('$group', GROUP_KEY)
const owned = chain(`@${author(1).author}`)
const ownerOnly = chain(`@!${author(1).author}`)

describe('posting', () => {
  test('links all heads, of more than 16 the highest in order; time never goes back', async () => {
    const on = await openReplica(owned)
    const many = Array.from({ length: 20 }, (_, n) =>
      post(owned, { author: 1, payload: `head ${String(n)}`, time: NOW_MS + n }),
    )
    await takeIn(on, many)
    const posted = must(await makePost(on.replica, { payload: bytes('above'), pvt: author(1) }, on.clock))
    const index = on.replica.graph.indexOf(posted.id) ?? expect.unreachable('it was posted')
    const { header } = await on.replica.block(index)
    expect([...header.backs].sort()).toEqual(
      many
        .slice(4)
        .map(({ block }) => block.id)
        .sort(),
    )
    expect(header.time).toBe(NOW_MS + 19)
  })

  test("§5 of more than 16 heads, first the one over the author's latest block, so that it never stands aside", async () => {
    const on = await openReplica(group)
    const own = post(group, { author: 2, payload: 'mine', time: NOW_MS - 100 })
    const over = post(group, { author: 1, backs: [own.block], payload: 'over mine', time: NOW_MS - 99 })
    const many = Array.from({ length: 20 }, (_, n) =>
      post(group, { author: 1, payload: `head ${String(n)}`, time: NOW_MS + n }),
    )
    await takeIn(on, [own, over, ...many])
    const posted = must(await makePost(on.replica, { payload: bytes('above'), pvt: author(2) }, on.clock))
    const index = on.replica.graph.indexOf(posted.id) ?? expect.unreachable('it was posted')
    const { backs } = (await on.replica.block(index)).header
    expect(new Set(backs)).toEqual(new Set([over, ...many.slice(5)].map(({ block }) => block.id)))
  })

  test('what the chain does not take is refused, and leaves nothing behind', async () => {
    const on = await openReplica(ownerOnly)
    const refused = await makePost(on.replica, { payload: bytes('me too'), pvt: author(2) }, on.clock)
    expect(refused).toMatchObject({ ok: false, fault: { code: 'DAG_NOT_OWNER' } })
    expect(viewOf(on).consensus).toEqual([ownerOnly.id])
    expect(on.replica.bytes).toBe(0)
  })

  test('the founder of a forum is told so, once', async () => {
    const on = await openReplica(forum)
    const posts = [
      await makePost(on.replica, { payload: bytes('1'), pvt: author(1) }, on.clock),
      await makePost(on.replica, { payload: bytes('2'), pvt: author(1) }, on.clock),
    ]
    expect(posts.map((one) => must(one).why?.includes('pioneer') ?? false)).toEqual([true, false])
  })

  test('posts made at once each stand on the one before', async () => {
    const on = await openReplica(forum)
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        makePost(on.replica, { payload: bytes(String(n)), pvt: author(1) }, on.clock),
      ),
    )
    expect([on.replica.blocks, viewOf(on).heads.length]).toEqual([20, 1])
  })

  test('§2 who posts first follows itself; where another founder is wanted, nobody else can be first', async () => {
    const on = await openReplica(forum)
    const mine = { payload: bytes('1'), pvt: author(1) }
    expect(on.replica.needsFounder).toBe(true)
    expect(must(await makePost(on.replica, mine, on.clock)).state).toBe('accepted')
    expect([on.replica.founder, on.replica.follow(author(2).author)]).toEqual([author(1).author, false])
    const wanting = await openReplica(forum)
    expect(wanting.replica.follow(author(2).author)).toBe(true)
    const fault = { code: 'DAG_OTHER_PIONEER', ours: author(2).author, theirs: author(1).author }
    expect(await makePost(wanting.replica, mine, wanting.clock)).toEqual({ ok: false, fault })
    expect(wanting.replica.founder).toBe(author(2).author)
  })

  test('a founder is told of nothing where the forum has its pioneers already, nor when somebody else was first', async () => {
    const withPioneers = await openReplica(chain('#forum', author(2).author))
    const mine = { payload: bytes('1'), pvt: author(1) }
    const first = must(await makePost(withPioneers.replica, mine, withPioneers.clock))
    expect([first.state, first.why]).toEqual(['held', expect.not.stringContaining('pioneer')])
    expect(withPioneers.replica.pioneer).toBeUndefined()
    const joined = await openReplica(forum)
    await takeIn(joined, [post(forum, { author: 2 })])
    const later = must(await makePost(joined.replica, mine, joined.clock))
    expect([later.state, later.why]).toEqual(['held', expect.not.stringContaining('pioneer')])
    expect(joined.replica.pioneer).toBe(author(2).author)
  })

  test('§3 over a head that is just not too far ahead, a post takes its time; past a clock set back, its own', async () => {
    const on = await openReplica(forum)
    await takeIn(on, [post(forum, { author: 1, time: NOW_MS + MAX_AHEAD_MS })])
    const posted = must(await makePost(on.replica, { payload: bytes('1'), pvt: author(1) }, on.clock))
    const index = on.replica.graph.indexOf(posted.id) ?? expect.unreachable('it was posted')
    expect([on.replica.graph.time(index), posted.state]).toEqual([NOW_MS + MAX_AHEAD_MS, 'accepted'])
    on.clock.set(NOW_MS - 1)
    const early = must(await makePost(on.replica, { payload: bytes('2'), pvt: author(1) }, on.clock))
    expect([early.state, early.why]).toEqual(['held', expect.stringContaining('clock')])
  })

  test('§3 payloads are stored sealed: in groups always, to an owner on request, and elsewhere not at all', async () => {
    const inGroup = await openReplica(group)
    const posted = must(await makePost(inGroup.replica, { payload: bytes('to us') }, inGroup.clock))
    const block = await inGroup.replica.block(inGroup.replica.graph.indexOf(posted.id) ?? 0)
    const stored = (await readPayload(inGroup.replica, block)) ?? expect.unreachable('it is here')
    const { key } = group.params
    expect(must(openGroup(key ?? expect.unreachable('a group has one'), encodeAad(block.header), stored))).toEqual(
      bytes('to us'),
    )
    const toOwner = { payload: bytes('to you'), pvt: author(2), toOwner: true }
    const on = await openReplica(owned)
    const secret = must(await makePost(on.replica, toOwner, on.clock))
    const sealed = await readPayload(on.replica, await on.replica.block(on.replica.graph.indexOf(secret.id) ?? 0))
    expect(must(openOwner(author(1), sealed ?? expect.unreachable('it is here')))).toEqual(bytes('to you'))
    const nobody = await openReplica(forum)
    expect(await makePost(nobody.replica, toOwner, nobody.clock)).toMatchObject({ fault: { code: 'DAG_BAD_SEAL' } })
  })

  test('§3 an answer stands on the post that it answers, also with more than 16 heads', async () => {
    const on = await openReplica(owned)
    const old = post(owned, { author: 1, payload: 'old', time: NOW_MS - 1 })
    const many = Array.from({ length: 20 }, (_, n) =>
      post(owned, { author: 1, payload: `head ${String(n)}`, time: NOW_MS + n }),
    )
    await takeIn(on, [old, ...many])
    const re = on.replica.graph.indexOf(old.block.id) ?? expect.unreachable('it was taken in')
    const label = { type: 'text/plain', name: 'olá.txt' }
    const answer = must(await makePost(on.replica, { payload: bytes('yes'), pvt: author(1), re, label }, on.clock))
    const { header } = await on.replica.block(on.replica.graph.indexOf(answer.id) ?? 0)
    expect(header.backs).toContain(old.block.id)
    expect(header).toMatchObject({ re: old.block.id, pay: label })
    expect('like' in header).toBe(false)
  })

  test('§3 what is held, or a like, cannot be answered: nothing is left behind', async () => {
    const on = await openReplica(forum)
    const first = post(forum, { author: 1 })
    const second = post(forum, { author: 1, backs: [first.block] })
    await takeIn(on, [first, second])
    const held = must(await makePost(on.replica, { payload: bytes('may I?'), pvt: author(2) }, on.clock))
    expect(held.state).toBe('held')
    const re = on.replica.graph.indexOf(held.id) ?? expect.unreachable('it is held')
    const { bytes: before } = on.replica
    const refused = await makePost(on.replica, { payload: bytes('yes'), pvt: author(1), re }, on.clock)
    expect(refused).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_REPLY' } })
    expect(on.replica.bytes).toBe(before)
    // Liked, it can.
    const welcome = { n: 1, target: re, payload: bytes(''), pvt: author(1) } as const
    const liked = must(await vote(on.replica, welcome, on.clock))
    const answer = must(await makePost(on.replica, { payload: bytes('yes'), pvt: author(1), re }, on.clock))
    expect(answer.state).toBe('accepted')
    const ofLike = { payload: bytes('yes'), pvt: author(1), re: on.replica.graph.indexOf(liked.id) ?? 0 }
    expect(await makePost(on.replica, ofLike, on.clock)).toMatchObject({ fault: { code: 'DAG_BAD_REPLY' } })
  })

  test('unsigned posts are refused where nobody would take them; where a like would let them in, they are held', async () => {
    const on = await openReplica(forum)
    const unsigned = { payload: bytes('anonymous') }
    expect(await makePost(on.replica, unsigned, on.clock)).toMatchObject({ fault: { code: 'DAG_UNSIGNED' } })
    await takeIn(on, [post(forum, { author: 1 })])
    expect(await makePost(on.replica, unsigned, on.clock)).toMatchObject({ value: { state: 'held', height: 2 } })
    const only = await openReplica(ownerOnly)
    expect(await makePost(only.replica, unsigned, only.clock)).toMatchObject({ fault: { code: 'DAG_NOT_OWNER' } })
  })
})
