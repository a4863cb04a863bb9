/** `inbox`, unread counts, `mute` (spec §11): what a user has read is his own affair, and stays on his machine. */
import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { listed } from '../../../../support/listed.ts'
import { command, shell, type FakeDaemon, type Outcome } from '../rig.ts'

const talk = listed('genesis < a1 ; a1 < b1 ; b1 < c1', {
  a1: { text: 'one' },
  b1: { text: 'two' },
  c1: { text: 'three' },
})
const ids = (...names: string[]) => names.map(talk.id)
const heads = { '#chat': ids('b1'), $dull: ['0_AB'] }
const results = {
  'chains.news': [
    { name: '#chat', heads: heads['#chat'], posts: 3, ids: ids('a1', 'b1') },
    { name: '$dull', heads: heads.$dull, posts: 0, ids: [] },
  ],
  'chain.blocks': ({ ids: asked = [] }: { readonly ids?: readonly string[] }) =>
    talk.blocks.filter(({ id }) => asked.includes(id)),
}

let home = ''
const run = (line: string, more: FakeDaemon = {}): Promise<Outcome> =>
  command(shell(line), { results, ...more, env: { HOME: home, PATH: process.env['PATH'] ?? '', ...more.env } })
const markPath = (port = 8330) => join(home, '.local/state/freechains', `inbox-${String(port)}.json`)
const news = ({ calls }: Outcome) => calls.filter(([method]) => method === 'chains.news').map(([, params]) => params)

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'freechains-'))
})

describe('inbox', () => {
  test('shows the new posts of all chains with the chain in front, and moves the mark of this node behind them', async () => {
    const first = await run('inbox --utc')
    expect(first.out.split('\n').map((line) => [line.slice(0, 8), line.slice(-5)])).toEqual([
      ['#chat  2', '  one'],
      ['#chat  2', '  two'],
      ['', ''],
    ])
    expect(first.err).toContain("#chat: 1 more before these: `freechains chain '#chat' log --last 3`")
    expect(news(first)).toEqual([{ from: {}, without: [], last: 50 }])
    expect((await stat(markPath())).mode & 0o777).toBe(0o600)
    expect(news(await run('inbox'))).toEqual([{ from: heads, without: [], last: 50 }])
    expect(news(await run('inbox --port 8332'))).toEqual([{ from: {}, without: [], last: 50 }])
  })

  test('--peek leaves the mark where it is, and so does what could not be printed', async () => {
    await run('inbox --peek')
    await run('inbox', { readerLeavesAfter: 0 })
    expect(news(await run('inbox --json'))).toEqual([{ from: {}, without: [], last: 50 }])
  })

  test('--follow goes on from there without a gap, runs the command for posts of others, and moves the mark with each', async () => {
    const event = (name: string, backs: string[]) =>
      ({
        chain: '#chat',
        id: talk.id(name),
        height: 3,
        backs,
        author: talk.pub(name.slice(0, 1)),
        kind: 'post',
      }) as const
    const events = [event('c1', ids('b1'))]
    const argv = ['inbox', '--follow', '--exec', `printf '%s' "$FREECHAINS_AUTHOR: $FREECHAINS_TEXT" > ${home}/told`]
    const followed = await command(argv, { results, events, env: { HOME: home, PATH: process.env['PATH'] ?? '' } })
    expect(followed.status).toBe(130)
    expect(followed.out).toContain('three')
    expect(JSON.parse(await readFile(markPath(), 'utf8'))).toEqual({ ...heads, '#chat': ids('c1') })
    expect(await readFile(join(home, 'told'), 'utf8')).toBe(`${talk.pub('c')}: three`)
  })

  test('posts made here, and of whom one muted, are passed over while it follows', async () => {
    await run(`mute ${talk.pub('b')}`)
    const events = ['b1', 'c1'].map((name) => ({
      chain: '#chat',
      id: talk.id(name),
      height: 2,
      backs: [],
      author: talk.pub(name.slice(0, 1)),
      kind: 'post' as const,
    }))
    const ours = {
      ...results,
      'chains.news': [],
      'chain.blocks': talk.blocks.slice(-1).map((block) => ({ ...block, ours: true })),
    }
    expect((await run('inbox --follow', { events, results: ours })).out).toBe('')
  })

  test('--exec without --follow is a usage error; a damaged mark says what to do', async () => {
    expect(await run('inbox --exec true')).toMatchObject({ status: 2, calls: [] })
    await run('inbox')
    await command(shell('inbox'), { results, env: { HOME: home } })
    const { writeFile } = await import('node:fs/promises')
    await writeFile(markPath(), '[]')
    expect((await run('inbox')).err).toContain('is damaged: remove it')
  })
})

test('chains list has unread counts once the inbox was looked into', async () => {
  const list = {
    ...results,
    'chains.list': [
      { name: '#chat', id: '0_AB' },
      { name: '$dull', id: '0_CD' },
    ],
  }
  expect((await run('chains list', { results: list })).out).toBe('#chat 0_AB\n$dull 0_CD\n')
  await run('inbox')
  expect((await run('chains list', { results: list })).out).toBe('#chat 0_AB 3 unread\n$dull 0_CD\n')
})

describe('mute', () => {
  test('leaves an author out of log, which says how many posts, and flags his events; unmute shows them again', async () => {
    await run(`names add ${talk.pub('b')} bob`)
    await run('mute bob')
    expect((await run('mutes')).out).toBe(`${talk.pub('b')} bob\n`)
    const log = { ...results, 'chain.status': { held: 0 }, 'chain.blocks': talk.blocks }
    const muted = await run('chain "#chat" log', { results: log })
    expect(muted.out).not.toContain('two')
    expect(muted.err).toContain('1 of authors that you muted are left out')
    const events = ['a', 'b'].map((who) => ({
      chain: '#chat',
      id: talk.id(`${who}1`),
      height: 1,
      backs: [],
      author: talk.pub(who),
      kind: 'post' as const,
    }))
    const told = (await run('chain "#chat" listen --json', { events })).out.trim().split('\n')
    expect(told.map((line) => (JSON.parse(line) as { muted?: true }).muted)).toEqual([undefined, true])
    expect(news(await run('inbox'))).toMatchObject([{ without: [talk.pub('b')] }])
    await run(`unmute ${talk.pub('b').slice(0, 8)}`)
    expect((await run('mutes')).out).toBe('')
    expect((await run('chain "#chat" log', { results: log })).out).toContain('two')
  })

  test('who is nobody known is refused', async () => {
    expect(await run('mute carol')).toMatchObject({ status: 1, calls: [] })
  })
})

test('FREECHAINS_PORT is the port where none is given, and with --json errors are JSON', async () => {
  const env = { FREECHAINS_PORT: '8332' }
  expect((await run('inbox', { env })).endpoints).toMatchObject([{ port: 8332 }])
  expect((await run('inbox --port 8334', { env })).endpoints).toMatchObject([{ port: 8334 }])
  expect((await run('inbox --host 127.0.0.1:8335', { env })).endpoints).toMatchObject([{ port: 8335 }])
  const { err, status } = await run('mute carol --json')
  expect([status, JSON.parse(err)]).toMatchObject([1, { error: { code: 'failed' } }])
})
