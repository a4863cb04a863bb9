/** `chain.blocks` (spec §10): many blocks in one answer, with payloads if asked for. */
import { describe, expect, test } from 'vitest'
import { listBlocks, type BlockChoice } from '../../../../src/node/api/chain-blocks.ts'
import { METHODS } from '../../../../src/node/control/schema.ts'
import { author, chain, like, post } from '../../../support/blocks.ts'
import { DAY } from '../../../support/economy.ts'
import { openReplica, takeIn, type TestReplica } from '../../../support/replicas.ts'
import { ANN, BOB, forumOf, indexOf, NED, openForumReplica, says, THEN_MS } from '../../../support/forum-replicas.ts'

async function contents({ replica, clock }: TestReplica, choice: BlockChoice): Promise<string[]> {
  const listed = await listBlocks(replica, choice, clock)
  return listed.map(({ content }) => {
    if (content === undefined) return '-'
    return content.payload === undefined ? content.is : Buffer.from(content.payload, 'base64').toString()
  })
}

describe('which blocks', () => {
  const forum = forumOf(7)
  const first = post(forum, { author: ANN, time: THEN_MS, payload: 'first' })
  const early = post(forum, { author: BOB, time: THEN_MS + 1, backs: [first.block], payload: 'early' })
  const late = post(forum, { author: ANN, time: THEN_MS + 9, backs: [first.block], payload: 'late' })
  const both = like(forum, 1, early.block, { author: ANN, backs: [early.block, late.block], payload: 'well said' })

  test('the last of what is accepted, in order, with what is held behind it; each as `chain.get` shows it', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [first, late, early, both])
    await says(on, NED, 'may I?')
    const payloadBytes = 100
    const whole = ['first', 'early', 'late', 'well said', 'may I?']
    for (const last of [1, 2, 5, 10]) expect(await contents(on, { last, payloadBytes })).toEqual(whole.slice(-last))
    const listed = await listBlocks(on.replica, { last: 10 }, on.clock)
    expect(listed.map(({ state, reps }) => [state, reps])).toEqual([
      ['accepted', 0],
      ['accepted', 1],
      ['accepted', 0],
      ['accepted', 0],
      ['held', 0],
    ])
    expect(listed[3]).toMatchObject({ author: author(ANN).author, like: { n: 1, target: listed[1]?.id } })
    expect(METHODS['chain.blocks'].result.parse(JSON.parse(JSON.stringify(listed)))).toEqual(listed)
  })

  test('posts made here that are ahead of the clock are behind it too, and say what they wait for', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [first])
    const now = on.clock.nowMs()
    on.clock.set(now + 30 * DAY)
    await says(on, ANN, 'too early')
    on.clock.set(now)
    await on.replica.advanceClock()
    expect(await contents(on, { last: 5, payloadBytes: 100 })).toEqual(['first', 'too early'])
    const listed = await listBlocks(on.replica, { last: 1 }, on.clock)
    expect(listed).toMatchObject([{ state: 'held', why: "set aside: its time is ahead of this node's clock" }])
  })

  test('through the lens each says whether its author is reached', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [first, early, late, both])
    const { state } = on.replica
    const reached = state.lens(on.clock.nowMs())
    const listed = await listBlocks(on.replica, { last: 10, reached }, on.clock)
    // Ann is the pioneer, and she welcomed Bob.
    expect(listed.map(({ trusted }) => trusted)).toEqual([true, true, true, true])
    const some = await listBlocks(on.replica, { last: 10, reached: new Set([author(ANN).author]) }, on.clock)
    expect(some.map(({ trusted }) => trusted)).toEqual([true, false, true, true])
    expect(METHODS['chain.blocks'].result.parse(JSON.parse(JSON.stringify(some)))).toEqual(some)
    expect((await listBlocks(on.replica, { last: 1 }, on.clock))[0]).not.toHaveProperty('trusted')
  })

  test('what a post says of itself, and which post it answers; else neither is there', async () => {
    const on = await openForumReplica(forum)
    const label = { type: 'text/markdown', name: 'olá.md' }
    await takeIn(on, [
      first,
      post(forum, { author: ANN, backs: [first.block], time: THEN_MS + 9, label, re: first.block }),
    ])
    const listed = await listBlocks(on.replica, { last: 2 }, on.clock)
    expect(listed[1]).toMatchObject({ re: listed[0]?.id, pay: label })
    for (const absent of ['re', 'pay.type', 'pay.name']) expect(listed[0]).not.toHaveProperty(absent)
    expect(METHODS['chain.blocks'].result.parse(JSON.parse(JSON.stringify(listed)))).toEqual(listed)
  })

  test('those named, in the order named', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [first, late, early])
    expect(await contents(on, { blocks: [2, 1], payloadBytes: 100 })).toEqual(['late', 'first'])
  })

  test('a held post that is dropped while the list is made is not in it', async () => {
    const on = await openForumReplica(forum)
    await takeIn(on, [first])
    const { id } = await says(on, NED, 'may I?')
    const { replica } = on
    const read = replica.storedBlocks.bind(replica)
    replica.storedBlocks = async (indexes) => {
      const blocks = await read(indexes)
      await replica.drop(indexOf(on, id))
      return blocks
    }
    expect(await contents(on, { last: 5, payloadBytes: 100 })).toEqual(['first'])
  })

  test('exactly one of the two is asked for, in bounds', () => {
    const { params } = METHODS['chain.blocks']
    expect(params.safeParse({ chain: '#a', last: 10_000, payloads: 131_072 }).success).toBe(true)
    for (const wrong of [{}, { last: 1, ids: [] }, { last: 0 }, { last: 10_001 }, { last: 1, payloads: 131_073 }]) {
      expect(params.safeParse({ chain: '#a', ...wrong }).success).toBe(false)
    }
  })
})

describe('what is said of payloads', () => {
  test('nothing unless asked; else all of it, or why not: too long, hidden, missing', async () => {
    const forum = forumOf(7)
    const on = await openForumReplica(forum)
    const shout = post(forum, { author: ANN, time: THEN_MS, payload: 'shout' })
    const line = [shout]
    for (const by of [2, 3, 4, 5, 6]) {
      const backs = line.slice(-1).map(({ block }) => block)
      line.push(like(forum, -1, shout.block, { author: by, backs, payload: 'n' }))
    }
    await takeIn(on, line)
    const late = post(forum, { author: 7, backs: line.slice(-1).map(({ block }) => block) })
    await on.replica.ingest([{ block: late.block, payload: 'missing' }], 'pull')
    expect(await contents(on, { last: 7 })).toEqual(['-', '-', '-', '-', '-', '-', '-'])
    expect(await contents(on, { last: 7, payloadBytes: 1 })).toEqual(['hidden', 'n', 'n', 'n', 'n', 'n', 'missing'])
    expect(await contents(on, { last: 2, payloadBytes: 0 })).toEqual(['long', 'missing'])
  })

  test('in groups it is opened; sealed to an owner it stays sealed', async () => {
    const group = chain('$family', '09'.repeat(32))
    const inGroup = await openReplica(group)
    await takeIn(inGroup, [post(group, { payload: 'dinner at eight' })])
    expect(await contents(inGroup, { last: 1, payloadBytes: 100 })).toEqual(['dinner at eight'])

    const own = chain(`@${author(1).author}`)
    const inOwn = await openReplica(own)
    await takeIn(inOwn, [post(own, { author: 1, payload: 'my diary', toOwner: true })])
    expect(await contents(inOwn, { last: 1, payloadBytes: 1000 })).toEqual(['sealed'])
  })

  test('one answer carries 16 MiB of them, the newest first', async () => {
    const group = chain('$films', '09'.repeat(32))
    const on = await openReplica(group)
    const payload = new Uint8Array(6 * 1024 * 1024)
    const films = [post(group, { payload })]
    while (films.length < 4) films.push(post(group, { payload, backs: films.slice(-1).map(({ block }) => block) }))
    await takeIn(on, films)
    const listed = await listBlocks(on.replica, { last: 4, payloadBytes: 2 * payload.length }, on.clock)
    expect(listed.map(({ content }) => content?.is)).toEqual(['long', 'long', 'here', 'here'])
  })
})
