/** What authors say of themselves (spec §11): found in a chain by looks of bounded length. */
import { describe, expect, test } from 'vitest'
import { PROFILE_TYPE, Profiles } from '../../../../src/node/api/profiles.ts'
import { parseProfile } from '../../../../src/node/api/profile.ts'
import { METHODS } from '../../../../src/node/control/schema.ts'
import { author, chain, like, post } from '../../../support/blocks.ts'
import { openReplica, takeIn } from '../../../support/replicas.ts'
import { ANN, BOB, forumOf, openForumReplica, THEN_MS } from '../../../support/forum-replicas.ts'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import type { Chain } from '../../../../src/dag/chain.ts'

const label = { type: PROFILE_TYPE }

function saying(
  on: Chain,
  by: number,
  at: number,
  payload: string,
  ...backs: readonly { block: MadeBlock['block'] }[]
) {
  return post(on, {
    author: by,
    time: THEN_MS + at,
    payload,
    label,
    ...(backs.length === 0 ? {} : { backs: backs.map(({ block }) => block) }),
  })
}

describe('in a chain', () => {
  const forum = forumOf(7)
  const ann = saying(forum, ANN, 0, '{"name":"Ann"}')
  const anna = saying(forum, ANN, 9, '{"name":"Anna","about":"bread"}', ann)
  const bob = post(forum, { author: BOB, time: THEN_MS + 5, payload: '{"name":"Bob"}', backs: [ann.block] })
  const [annKey, bobKey] = [author(ANN).author, author(BOB).author]

  test('the latest of each author is his, and a post of another type is none', async () => {
    const on = await openForumReplica(forum)
    const profiles = new Profiles(on.replica)
    await takeIn(on, [ann])
    expect(await profiles.of([annKey, bobKey, annKey])).toMatchObject([{ pub: annKey, name: 'Ann' }])
    await takeIn(on, [anna, bob])
    const found = await profiles.of([annKey, bobKey])
    expect(found).toMatchObject([{ pub: annKey, name: 'Anna', about: 'bread', time: THEN_MS + 9 }])
    expect(METHODS['chain.profiles'].result.parse(JSON.parse(JSON.stringify(found)))).toEqual(found)
  })

  test('the order is that of the chain, not of arrival', async () => {
    const on = await openForumReplica(forum)
    const late = saying(forum, ANN, 7, '{"name":"late to come"}', ann)
    await takeIn(on, [ann, anna])
    const profiles = new Profiles(on.replica)
    expect(await profiles.of([annKey])).toMatchObject([{ name: 'Anna' }])
    await takeIn(on, [late])
    expect(await profiles.of([annKey])).toMatchObject([{ name: 'Anna' }])
  })

  test('one that is taken back, or that is no profile, gives way to the one before', async () => {
    const on = await openForumReplica(forum)
    const wrong = saying(forum, ANN, 20, '{"name":7}', anna)
    await takeIn(on, [ann, anna, wrong])
    const profiles = new Profiles(on.replica)
    expect(await profiles.of([annKey])).toMatchObject([{ name: 'Anna' }])
    await takeIn(on, [like(forum, -1, anna.block, { author: ANN, backs: [wrong.block] })])
    expect(await profiles.of([annKey])).toMatchObject([{ name: 'Ann' }])
  })

  test('in a group it is opened', async () => {
    const group = chain('$family', '09'.repeat(32))
    const on = await openReplica(group)
    await takeIn(on, [saying(group, ANN, 0, '{"name":"Ann"}')])
    expect(await new Profiles(on.replica).of([annKey])).toMatchObject([{ name: 'Ann' }])
  })

  test('a look reads no more than 2,048 blocks, the newest first, and the next one goes on', async () => {
    const group = chain('$busy', '09'.repeat(32))
    const on = await openReplica(group)
    const line = [saying(group, ANN, 0, '{"name":"Ann"}')]
    while (line.length < 2100) {
      line.push(
        post(group, { author: BOB, time: THEN_MS + line.length, backs: line.slice(-1).map(({ block }) => block) }),
      )
    }
    await takeIn(on, line)
    let read = 0
    const block = on.replica.block.bind(on.replica)
    on.replica.block = (index) => {
      read += 1
      return block(index)
    }
    const profiles = new Profiles(on.replica)
    expect(await profiles.of([annKey])).toEqual([])
    expect(read).toBe(2048)
    expect(await profiles.of([annKey])).toMatchObject([{ name: 'Ann' }])
    const before = read
    await profiles.of([])
    expect(read).toBe(before)
  })
})

describe('a payload', () => {
  const parse = (text: string) => parseProfile(Buffer.from(text))

  test('has a name on one line, in form C; what else it has is left out', () => {
    expect(parse('{"name":"  Ana\\n Lu\\u0301cia ","x":1}')).toEqual({ name: 'Ana L\u00facia' })
    expect(parse('{}')).toEqual({})
    expect(parse(`{"avatar":"3_${'AB'.repeat(32)}"}`)).toEqual({ avatar: `3_${'AB'.repeat(32)}` })
  })

  test.each([
    ['no JSON', 'Ana'],
    ['no object', '["Ana"]'],
    ['a name that is no text', '{"name":{}}'],
    ['a blank name', '{"name":" "}'],
    ['a name one too long', JSON.stringify({ name: 'a'.repeat(33) })],
    ['a text one too long', JSON.stringify({ about: 'a'.repeat(1001) })],
    ['an avatar that is no id', '{"avatar":"http://example.org/a.png"}'],
  ])('%s makes it none', (_what, text) => {
    expect(parse(text)).toBeUndefined()
  })

  test('one of 32 characters is a name, whatever their bytes', () => {
    expect(parse(JSON.stringify({ name: '🎂'.repeat(32) }))).toEqual({ name: '🎂'.repeat(32) })
  })
})
