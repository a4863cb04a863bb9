/** Output on a terminal, and in a pipe (spec §11). */
import { describe, expect, test } from 'vitest'
import { ClientError } from '../../../../src/node/control/client/client-error.ts'
import { colorsOf } from '../../../../src/node/cli/colors.ts'
import { command, shell, type FakeDaemon } from './rig.ts'

const EVIL = 'a\u001b]0;x\u0007\r\n\u009b2Jb\u202e'
const chains = [
  { name: '#a', id: '0_AA' },
  { name: '$family', id: '0_BB' },
]

const onTerminal = (results: FakeDaemon['results'] = {}): FakeDaemon => ({
  ...{ isTerminal: true, results, env: { HOME: '/nowhere', NO_COLOR: '1' } },
})

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')

describe('payloads', () => {
  test('are text on a terminal, with nothing in it that a terminal obeys, and end a line', async () => {
    const get = shell('chain "#chat" get payload 1_A5EF')
    const shown = await command(get, onTerminal({ 'chain.get': base64(EVIL) }))
    expect(shown.out).toBe('a␛]0;x␇\n<U+009B>2Jb<U+202E>\n')
    expect((await command(get, onTerminal({ 'chain.get': base64('x\n') }))).out).toBe('x\n')
    expect((await command(get, onTerminal({ 'chain.get': '' }))).out).toBe('')
    expect((await command(get, { results: { 'chain.get': base64(EVIL) } })).out).toBe(EVIL)
  })

  test('that are no text are refused on a terminal, with what to do', async () => {
    const get = shell('chain "#chat" get payload 1_A5EF')
    const refused = await command(get, onTerminal({ 'chain.get': base64(new Uint8Array(2048).fill(255)) }))
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toMatch(/^freechains: the payload is no text \(2 KiB\): write it to a file .*\n$/)
  })
})

describe('everything else that is printed', () => {
  test('has nothing in it that a terminal obeys: answers, JSON, notes and errors', async () => {
    const block = { id: '1_A5EF', why: EVIL }
    const answers = [
      await command(shell('chain "#chat" get block 1_A5EF'), onTerminal({ 'chain.get': block })),
      await command(shell('chain "#chat" get block 1_A5EF --json'), onTerminal({ 'chain.get': block })),
      await command(shell('chains list'), onTerminal({ 'chains.list': [{ name: EVIL, id: '0_A' }] })),
      await command(shell('peer 10.0.0.2 chains'), onTerminal({ 'peer.chains': [{ name: EVIL, id: '0_A' }] })),
      await command(shell('chain "#chat" genesis'), onTerminal({ 'chain.genesis': new ClientError('x', EVIL) })),
      await command(
        shell('chain "#chat" post inline x'),
        onTerminal({ 'chain.post': { id: '1_A', state: 'held', why: EVIL } }),
      ),
    ]
    for (const { out, err } of answers) {
      expect(out + err).toContain('a')
      expect(out + err).not.toMatch(/(?!\n)[\p{Cc}\u202e]/u)
    }
    expect(answers.map(({ err }) => err.split('\n').length - 1)).toEqual([0, 0, 0, 0, 1, 1])
    expect(JSON.parse(answers[1]?.out ?? '')).toEqual(block)
  })
})

describe('tables', () => {
  test('have a head and columns on a terminal; a pipe and --json get what they always got', async () => {
    const results = { 'chains.list': chains }
    const shown = await command(['chains', 'list'], onTerminal(results))
    expect(shown.out.split('\n')).toEqual(['CHAIN    ID', '#a       0_AA', '$family  0_BB', ''])
    expect((await command(['chains', 'list'], { results })).out).toBe('#a 0_AA\n$family 0_BB\n')
    expect((await command(['chains', 'list', '--json'], onTerminal(results))).out).toBe(`${JSON.stringify(chains)}\n`)
    expect((await command(['chains', 'list'], onTerminal({ 'chains.list': [] }))).out).toBe('')
    const peers = [{ id: '12D3', addresses: ['/ip4/10.0.0.2/tcp/8331', '/dns4/日本/tcp/1'], connected: false }]
    const gone = [...peers, { addresses: ['/dns4/x/tcp/1'], connected: false, why: 'no answer', nextTryMs: 1_001 }]
    expect((await command(['peer', 'list'], onTerminal({ 'peer.list': gone }))).out.split('\n').slice(0, 3)).toEqual([
      'PEER  STATE  ADDRESSES                                WHY',
      '12D3  away   /ip4/10.0.0.2/tcp/8331 /dns4/日本/tcp/1',
      '-     away   /dns4/x/tcp/1                            no answer; next try in 2 s',
    ])
    expect((await command(['peer', 'list'], onTerminal({ 'peer.list': peers }))).out.split('\n')).toEqual([
      'PEER  STATE  ADDRESSES',
      '12D3  away   /ip4/10.0.0.2/tcp/8331 /dns4/日本/tcp/1',
      '',
    ])
  })
})

describe('colours', () => {
  test.each([
    [true, {}, true],
    [true, { TERM: 'dumb' }, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, {}, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('terminal %s with %j: %s', (isTTY, env, isColoured) => {
    const text = colorsOf({ stdout: { isTTY } as never, env })('red', 'x')
    expect(text).toBe(isColoured ? '\u001b[31mx\u001b[39m' : 'x')
  })
})
