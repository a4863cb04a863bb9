/** `chain <c> welcome` (spec §11): likes what waits, in one word; and what `log` says of it. */
import { describe, expect, test } from 'vitest'
import { command, PUB, shell, type Outcome } from '../rig.ts'

const ID = (n: number): string => `2_${String(n).repeat(64)}`
const guestsOf = (...ids: readonly string[]) => ids.map((id) => ({ id, heldBy: ['node-c'] }))

function welcoming(line: string, ...ids: readonly string[]): Promise<Outcome> {
  const results = {
    'chain.status': { guests: guestsOf(...ids) },
    'chain.like': ({ id }: { id: string }) => ({ id: `3_of_${id}` }),
  }
  return command(shell(`chain '#chat' welcome ${line} --sign=env:PVT`), { results })
}

const liked = ({ calls }: Outcome): unknown[] =>
  calls.flatMap(([method, params]) => (method === 'chain.like' ? [(params as { id: string }).id] : []))

describe('welcome', () => {
  test('without a name likes the only one that waits', async () => {
    const outcome = await welcoming('', ID(1))
    expect(outcome).toMatchObject({ status: 0, out: `3_of_${ID(1)}\n` })
    expect(outcome.calls.at(-1)).toEqual(['chain.like', { chain: '#chat', id: ID(1), author: PUB }])
  })

  test('likes the one that is named, or all', async () => {
    expect(liked(await welcoming('2_1111', ID(1), ID(2)))).toEqual(['2_1111'])
    const all = await welcoming('all', ID(1), ID(2))
    expect([liked(all), all.out]).toEqual([[ID(1), ID(2)], `3_of_${ID(1)} 3_of_${ID(2)}\n`])
  })

  test('of several it likes none without being told which, and names them', async () => {
    const outcome = await welcoming('', ID(1), ID(2))
    expect([outcome.status, liked(outcome)]).toEqual([1, []])
    expect(outcome.err).toContain('2 posts wait: 2_11111111 2_22222222; read them with')
  })

  test('says so where nobody waits', async () => {
    expect(await welcoming('')).toMatchObject({ status: 0, out: '', err: 'freechains: nobody waits\n' })
  })
})

test.each([
  [[ID(1)], "a post waits for you, at node-c: freechains chain '#chat' welcome"],
  [[ID(1), ID(2)], "2 posts wait for you, at node-c: freechains chain '#chat' welcome ID"],
])('log says how many posts of others wait, where, and what to type: %#', async (ids, words) => {
  const block = {
    height: 2,
    time: 0,
    backs: [],
    pay: { cid: 'x', size: 1, seal: 'none' },
    state: 'held',
    reps: 0,
    why: '',
  }
  const listed = ids.map((id) => ({ ...block, id, heldBy: ['node-c'] }))
  const results = { 'chain.status': { held: ids.length }, 'chain.blocks': listed }
  const { err } = await command(shell("chain '#chat' log"), { results })
  expect(err).toContain(words)
})

test('a peer is typed by its id, or by the name that the user gave it', async () => {
  const id = '12D3KooWGjSE7eCu5f1Pa8pGxscmoEcdQ5BRMGqbyMvL2dhrPCS5'
  const results = { 'peer.held': { ids: [ID(1)] } }
  const { calls, out } = await command(shell(`peer ${id} held '#chat'`), { results })
  expect([calls, out]).toEqual([[['peer.held', { addr: id, chain: '#chat' }]], `${ID(1)}\n`])
})
