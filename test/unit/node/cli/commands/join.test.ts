/** `chains join` of a forum (spec §2, §11): whose it is becomes clear at once, and a person chooses between several. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { command, shell, type FakeDaemon, type Outcome } from '../rig.ts'

const [A, B] = ['AA'.repeat(32), 'BB'.repeat(32)]
const CHOOSE = "`freechains chain '#chat' founder <pub>`"

interface Found {
  readonly isOpen?: boolean
  readonly blocks?: number
  readonly founder?: string
  readonly only?: string
  readonly founders?: readonly { pub: string; blocks: number; peers: readonly string[] }[]
}

const seen = (pub: string, blocks: number, ...peers: string[]) => ({ pub, blocks, peers })
const two = [seen(A, 20, 'ann', 'bob'), seen(B, 1, 'eve')]

function joining(found: Found, line = 'chains join "#chat"', more: FakeDaemon = {}): Promise<Outcome> {
  const results = {
    'chains.join': { id: '0_10EE', name: '#chat' },
    'chain.founder': { isOpen: true, blocks: 0, founders: [], ...found },
  }
  return command(shell(line), { results, ...more })
}

const chosenIn = ({ calls }: Outcome): unknown[] =>
  calls.flatMap(([method, params]) => {
    const { pub } = params as { pub?: string }
    return method === 'chain.founder' && pub !== undefined ? [pub] : []
  })

describe('with pioneers', () => {
  const paramsOf = ({ calls }: Outcome): unknown => calls.find(([method]) => method === 'chains.join')?.[1]

  test('keys or names of the user, with commas between', async () => {
    const home = await mkdtemp(join(tmpdir(), 'fc-'))
    onTestFinished(() => rm(home, { recursive: true, force: true }))
    const env = { HOME: home }
    for (const [name, pub] of Object.entries({ ana: A, me: B }))
      await command(shell(`names add ${pub} ${name}`), { env })
    const joined = await joining({}, 'chains join "#chat" --pioneers me,ana', { env })
    expect(paramsOf(joined)).toEqual({ name: '#chat', keys: [B, A] })
  })

  test('what is neither is named, and nothing is joined', async () => {
    const joined = await joining({}, `chains join "#chat" --pioneers ${A},zoe`)
    expect(joined).toMatchObject({ status: 1, calls: [] })
    expect(joined.err).toContain('“zoe” is none of your names')
    expect(await joining({}, `chains join "$chat" --pioneers ${A}`)).toMatchObject({ status: 2, calls: [] })
  })
})

test('--welcome and --no-welcome say whether held posts of others are collected; without them nothing is said', async () => {
  const told = async (option: string): Promise<unknown> => {
    const { calls } = await joining({}, `chains join "#chat" ${option}`)
    return (calls.find(([method]) => method === 'chains.join')?.[1] as { welcome?: boolean }).welcome
  }
  expect([await told('--welcome'), await told('--no-welcome'), await told('')]).toEqual([true, false, undefined])
})

describe('by bare name', () => {
  test('nobody has it: says how to go on, and chooses nobody', async () => {
    const joined = await joining({})
    expect(joined).toMatchObject({
      status: 0,
      out: '0_10EE\n',
      err: expect.stringContaining('nobody that can be reached has #chat') as string,
    })
    expect(chosenIn(joined)).toEqual([])
  })

  test('the only one is taken, and named', async () => {
    const joined = await joining({ only: A, founders: [seen(A, 20, 'ann')] })
    expect(chosenIn(joined)).toEqual([A])
    expect(joined.err).toContain(`follows the founder ${A}, the only one that was found; `)
  })

  test('where a first post was left out of account it is named too', async () => {
    const joined = await joining({ only: A, founders: two })
    expect(chosenIn(joined)).toEqual([A])
    expect(joined.err).toContain(`others of this name: ${B}  1 block, 1 peer`)
  })

  test('of several none is taken without a person to ask; each is shown with its blocks and peers', async () => {
    const joined = await joining({ founders: two })
    expect(chosenIn(joined)).toEqual([])
    expect(joined.out).toBe('0_10EE\n')
    expect(joined.err).toContain(`${A}  20 blocks, 2 peers; ${B}  1 block, 1 peer`)
    expect(joined.err).toContain(CHOOSE)
  })

  test.each([
    ['2\n', [B]],
    [`${A.toLowerCase()}\n`, [A]],
    ['\n', []],
    ['', []],
  ])('on a terminal it asks which: %j', async (stdin, expected) => {
    const joined = await joining({ only: A, founders: two }, undefined, { stdin, canAsk: true })
    expect(joined.status).toBe(0)
    expect(chosenIn(joined)).toEqual(expected)
    expect(joined.err).toContain(`1  ${A}  20 blocks, 2 peers\n  2  ${B}  1 block, 1 peer\n`)
    expect(joined.out).toBe('0_10EE\n')
  })

  test('an answer that is none of them chooses nobody, and fails', async () => {
    const joined = await joining({ founders: two }, undefined, { stdin: '3\n', canAsk: true })
    expect([joined.status, chosenIn(joined)]).toEqual([1, []])
  })

  test('with --json nobody is asked', async () => {
    const joined = await joining({ founders: two }, '--json chains join "#chat"', { stdin: '1\n', canAsk: true })
    expect([joined.status, chosenIn(joined)]).toEqual([0, []])
  })
})

describe('where a founder is followed already, by config, invite, option or blocks', () => {
  test('nothing is said of choosing', async () => {
    expect((await joining({ founder: A, blocks: 3 })).err).toBe('')
  })

  test('peers with another forum of this name are told, with the way over in one step', async () => {
    const { err } = await joining({ founder: A, blocks: 3, founders: two })
    expect(err).toContain(
      `which follows ${A}: ${B}  1 block, 1 peer; \`freechains chains join '#chat' --founder <pub> --instead\``,
    )
  })

  test('nothing of it here: it is waited for, and posts are held back', async () => {
    const { err } = await joining({ founder: A }, 'chains join freechains:1:abc')
    expect(err).toContain(`nothing of the founder ${A} has come yet`)
    expect(err).toContain('held back')
  })
})

test('a forum with pioneers, and other chains, have nobody to choose', async () => {
  expect((await joining({ isOpen: false })).err).toBe('')
  for (const line of [`chains join "#chat" ${A}`, 'chains join "$club" 88', `chains join @${A}`]) {
    const { calls } = await joining({ founders: two }, line)
    expect(calls.map(([method]) => method)).toEqual(['chains.join'])
  }
})

test('--founder and --instead go to the daemon', async () => {
  const { calls } = await joining({ founder: A, blocks: 1 }, `chains join "#chat" --founder ${A} --instead`)
  expect(calls[0]).toEqual(['chains.join', { name: '#chat', founder: A, instead: true }])
})
