import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ClientError } from '../../../../../src/node/control/client/client-error.ts'
import type { BlockView } from '../../../../../src/node/control/shapes.ts'
import { command, PUB, PVT, shell } from '../rig.ts'

const chat = { chain: '#chat' }
const results = {
  'chain.like': { id: '3_0E11' },
  'chain.dislike': { id: '3_0BAD' },
  'chain.reps': 27,
  'chain.remove': true,
  'peer.held': { ids: ['2_12AB5C', '3_77C0DE'] },
}
const authors = [
  { pub: 'EB172E', reps: 29 },
  { pub: '957FED', reps: -1 },
]
const like = { ...chat, id: '2_12AB5C', author: PUB }
const held = { addr: '10.0.0.2', ...chat }

describe('every command line parses, in every order, and prints just the answer', () => {
  test.each([
    // As the paper prints them.
    ['chain "#chat" like 2_12AB5C --sign=env:PVT', 'chain.like', like, '3_0E11\n'],
    ['chain "#chat" reps 2_12AB5C', 'chain.reps', { ...chat, of: '2_12AB5C' }, '27\n'],
    // Options anywhere, values attached or not.
    ['--sign env:PVT chain "#chat" like 2_12AB5C', 'chain.like', like, '3_0E11\n'],
    ['chain "#chat" --why=Spam dislike --sign env:PVT 2_12AB5C', 'chain.dislike', { ...like, why: 'Spam' }, '3_0BAD\n'],
    ['chain "#chat" like 2_12AB5C --sign=env:PVT --why "-1, no"', 'chain.like', { ...like, why: '-1, no' }, '3_0E11\n'],
    ['chain "#chat" dislike 2_12AB5C --sign=env:PVT --why=', 'chain.dislike', { ...like, why: '' }, '3_0BAD\n'],
    // All other commands.
    ['chain "#chat" like 2_12AB5C --sign=env:PVT --json', 'chain.like', like, '{"id":"3_0E11"}\n'],
    ['chain "#chat" dislike 2_12AB5C --sign=env:PVT --json', 'chain.dislike', like, '{"id":"3_0BAD"}\n'],
    ['chain "@EB172E" reps 957FED', 'chain.reps', { chain: '@EB172E', of: '957FED' }, '27\n'],
    ['chain "#chat" reps 957FED --json', 'chain.reps', { ...chat, of: '957FED' }, '27\n'],
    ['chain "#chat" remove 2_12AB5C', 'chain.remove', { ...chat, id: '2_12AB5C' }, 'true\n'],
    ['chain "#chat" remove 2_12AB5C --json', 'chain.remove', { ...chat, id: '2_12AB5C' }, 'true\n'],
    ['peer 10.0.0.2 held "#chat"', 'peer.held', held, '2_12AB5C 3_77C0DE\n'],
    ['peer 10.0.0.2 held "#chat" --json', 'peer.held', held, '{"ids":["2_12AB5C","3_77C0DE"]}\n'],
  ])('%s', async (line, method, params, out) => {
    const outcome = await command(shell(line), { results })
    expect(outcome).toMatchObject({ status: 0, err: '', calls: [[method, params]], out })
  })

  test.each([
    ['chain "#chat" like'],
    ['chain "#chat" like --sign=env:PVT'],
    ['chain "#chat" like 2_12AB5C --sign'],
    ['chain "#chat" like 2_12AB5C 3_77C0DE --sign=env:PVT'],
    ['chain "#chat" dislike 2_12AB5C because --sign=env:PVT'],
    ['chain "#chat" reps 2_12AB5C 3_77C0DE'],
    ['chain "#chat" remove'],
    ['chain like 2_12AB5C --sign=env:PVT'],
    ['peer 10.0.0.2 held'],
    ['peer held "#chat"'],
  ])('usage error, exit status 2, nothing on stdout, nothing asked: %s', async (line) => {
    const { status, out, err, calls } = await command(shell(line), { results })
    expect({ status, out, calls }).toEqual({ status: 2, out: '', calls: [] })
    expect(err).toMatch(/^freechains: .+\n/)
  })

  test.each(['like', 'dislike', 'reps', 'remove'])('chain <chain> %s --help describes it', async (name) => {
    const { status, out, err } = await command(['chain', '#chat', name, '--help'])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toContain(`freechains chain <chain> ${name} `)
    const whole = await command(['chain', '--help'])
    expect(whole.out).toMatch(new RegExp(`^  ${name} .*  \\w`, 'm'))
  })

  test('peer <addr> held --help describes it', async () => {
    const { status, out } = await command(['peer', '10.0.0.2', 'held', '--help'])
    expect(status).toBe(0)
    expect(out).toContain('held posts of the peer')
  })
})

describe('liking', () => {
  test.each(['like', 'dislike'])('%s without --sign is a usage error that names it', async (name) => {
    const outcome = await command(['chain', '#chat', name, '2_12AB5C'], { results })
    expect(outcome).toMatchObject({ status: 2, out: '', calls: [] })
    expect(outcome.err).toBe(
      `freechains: who signs? --as NAME, after \`freechains keys new NAME\`; or --sign=PVT (see freechains chain ${name} --help)\n`,
    )
  })

  test('the key comes from a file or the environment', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'fc-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await writeFile(join(dir, 'key'), `${PVT}\n`)
    const fromFile = await command(['chain', '#chat', 'like', '2_12AB5C', `--sign=@${join(dir, 'key')}`], { results })
    const fromEnv = await command(shell('chain "#chat" like 2_12AB5C --sign=env:KEY'), {
      results,
      env: { KEY: PVT },
    })
    for (const { calls } of [fromFile, fromEnv]) expect(calls).toEqual([['chain.like', like]])
  })

  test('a refusal is one line with exit status 1', async () => {
    const refused = { 'chain.like': new ClientError('no-reputation', 'the author has not enough reputation') }
    const outcome = await command(shell('chain "#chat" like 2_12AB5C --sign=env:PVT'), { results: refused })
    expect(outcome).toMatchObject({ status: 1, out: '', err: 'freechains: the author has not enough reputation\n' })
  })
})

describe('reputations', () => {
  test('without argument one author per line in the order of the daemon, and nothing for nobody', async () => {
    const all = await command(shell('chain "#chat" reps'), { results: { 'chain.reps': authors } })
    expect(all).toMatchObject({ status: 0, out: 'EB172E 29\n957FED -1\n', err: '', calls: [['chain.reps', chat]] })
    const inJson = await command(shell('chain "#chat" reps --json'), { results: { 'chain.reps': authors } })
    expect(JSON.parse(inJson.out)).toEqual(authors)
    expect((await command(shell('chain "#chat" reps'), { results: { 'chain.reps': [] } })).out).toBe('')
  })

  test('--lens says of all authors whom it reaches', async () => {
    const all = [
      { pub: 'AB'.repeat(32), reps: 3, trusted: true },
      { pub: 'CD'.repeat(32), reps: 1, trusted: false },
    ]
    const daemon = { results: { 'chain.reps': all } }
    const { status, out, calls } = await command(shell('chain "#chat" reps --lens'), daemon)
    expect([status, calls.at(-1)]).toEqual([0, ['chain.reps', { chain: '#chat', lens: [] }]])
    expect(out).toBe(`${'AB'.repeat(32)} 3 seen\n${'CD'.repeat(32)} 1 not-seen\n`)
    const one = await command(shell('chain "#chat" reps --lens ABCDEF'), daemon)
    expect([one.status, one.err]).toEqual([1, expect.stringContaining('leave out the author or post')])
  })

  test('zero is a number like any other', async () => {
    expect((await command(shell('chain "#chat" reps 957FED'), { results: { 'chain.reps': 0 } })).out).toBe('0\n')
  })

  test('unlimited is said in that word, of one author and in the list, and is text in JSON', async () => {
    const one = { 'chain.reps': 'unlimited' }
    expect((await command(shell('chain "$us" reps EB172E'), { results: one })).out).toBe('unlimited\n')
    expect((await command(shell('chain "$us" reps EB172E --json'), { results: one })).out).toBe('"unlimited"\n')
    const all = { 'chain.reps': [{ pub: 'EB172E', reps: 'unlimited' }, authors[1]] }
    expect((await command(shell('chain "$us" reps'), { results: all })).out).toBe('EB172E unlimited\n957FED -1\n')
    expect(JSON.parse((await command(shell('chain "$us" reps --json'), { results: all })).out)).toEqual(
      all['chain.reps'],
    )
  })

  test('get block shows the state, the reps and why', async () => {
    const view: BlockView = {
      id: '2_12AB5C',
      height: 2,
      time: 42,
      backs: ['1_A5EF'],
      pay: { cid: 'bafkrei', size: 8, seal: 'none' },
      state: 'hidden',
      reps: -5,
      why: 'too many dislikes',
    }
    const got = await command(shell('chain "#chat" get block 2_12AB5C'), { results: { 'chain.get': view } })
    expect(JSON.parse(got.out)).toEqual(view)
  })
})

describe('held posts', () => {
  test('a peer without any prints nothing and says so on stderr', async () => {
    const none = { 'peer.held': { ids: [] } }
    const outcome = await command(shell('peer 10.0.0.2 held "#chat"'), { results: none })
    expect(outcome).toMatchObject({ status: 0, out: '', err: 'freechains: the peer gave no held posts\n' })
    const inJson = await command(shell('peer 10.0.0.2 held "#chat" --json'), { results: none })
    expect(inJson).toMatchObject({ status: 0, out: '{"ids":[]}\n' })
  })

  test('listen prints what is accepted by its id alone, and puts behind others what became of them', async () => {
    const events = (['post', 'like', 'held', 'hidden', 'withdrawn'] as const).map((kind, at) => ({
      chain: '#chat',
      id: `${String(at + 1)}_A5EF`,
      height: at + 1,
      backs: [],
      kind,
    }))
    const lines = ['1_A5EF', '2_A5EF', '3_A5EF held', '4_A5EF hidden', '5_A5EF withdrawn']
    const one = await command(shell('chain "#chat" listen'), { events })
    expect(one.out.trim().split('\n')).toEqual(lines)
    const all = await command(shell('chains listen'), { events })
    expect(all.out.trim().split('\n')).toEqual(lines.map((line) => `#chat ${line}`))
  })
})

test('reps of what is no name of the user, no id and no key says what it could have been', async () => {
  const { status, err, calls } = await command(['chain', '#chat', 'reps', 'nobody'], {
    results,
    env: { HOME: '/nowhere' },
  })
  expect({ status, calls }).toEqual({ status: 1, calls: [] })
  expect(err).toMatch(
    /^freechains: “nobody” is none of your names, and no id or key: see .freechains names list.; .*\n$/,
  )
})
