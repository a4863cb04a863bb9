/** `log` and `graph` as commands (spec §11): their calls to the daemon, and their output. */
import { describe, expect, test } from 'vitest'
import { ClientError } from '../../../../../src/node/control/client/client-error.ts'
import type { ControlEvent, ListedBlock } from '../../../../../src/node/control/shapes.ts'
import { listed, type Listing, type Saying } from '../../../../support/listed.ts'
import { rowsOf } from '../../../../../src/node/cli/log-rows.ts'
import { command, shell, type FakeDaemon, type Outcome } from '../rig.ts'

const SAYINGS: Readonly<Record<string, Saying>> = {
  a1: { text: 'Bom Dia!', reps: 2 },
  b1: { text: 'one\r\ntwo\nthree\n' },
  c1: { like: [1, 'a1'], text: 'hello' },
  d1: { like: [-1, 'b1'] },
  e1: { bytes: new Uint8Array(12 * 1024).fill(200) },
  f1: { is: 'hidden', reps: -5 },
  g1: { is: 'missing' },
  h1: { is: 'sealed' },
  i1: { is: 'long', bytes: new Uint8Array(300 * 1024) },
  j1: { text: 'mine\u001b[2J', isUnsigned: true },
  k1: { text: 'may I?' },
}
const talk = listed(
  'genesis < a1 ; a1 < b1 ; b1 < c1 ; c1 < d1 ; d1 < e1 ; e1 < f1 ; f1 < g1 ; g1 < h1 ; h1 < i1 ; i1 < j1 ; j1 < k1?',
  SAYINGS,
)

function daemon({ blocks, genesis }: Listing, more: FakeDaemon = {}): FakeDaemon {
  const results = {
    'chain.genesis': genesis,
    'chain.heads': [genesis],
    'chain.status': { held: blocks.filter(({ state }) => state === 'held').length },
    'chain.blocks': ({ ids }: { readonly ids?: readonly string[] }) =>
      ids === undefined ? blocks : blocks.filter(({ id }) => ids.includes(id)),
    ...more.results,
  }
  return { env: { HOME: '/nowhere' }, ...more, results }
}

/** The calls, but for profiles. */
function asked(calls: Outcome['calls']): Outcome['calls'] {
  return calls.filter(([method]) => method !== 'chain.profiles')
}

const short = (name: string): string => talk.id(name).slice(0, 10)

describe('log', () => {
  test('one line for each block, newest last: time, author, reps, id, text; what has no text says why', async () => {
    const { status, out, err, calls } = await command(shell('chain "#chat" log'), daemon(talk))
    expect({ status, err, calls: asked(calls) }).toEqual({
      status: 0,
      err: '',
      calls: [
        ['chain.status', { chain: '#chat' }],
        ['chain.blocks', { chain: '#chat', last: 21, payloads: 131_072 }],
        ['chain.founder', { chain: '#chat' }],
      ],
    })
    const by = (letter: string): string => talk.pub(letter).slice(0, 16)
    expect(out.split('\n')).toEqual([
      `2023-11-14 22:13:21Z  ${by('a')}  +2  ${short('a1')}  Bom Dia!`,
      `2023-11-14 22:13:22Z  ${by('b')}   0  ${short('b1')}  one`,
      '    two',
      '    three',
      `2023-11-14 22:13:23Z  ${by('c')}      ${short('c1')}  likes ${short('a1')} “Bom Dia!”: hello`,
      `2023-11-14 22:13:24Z  ${by('d')}      ${short('d1')}  dislikes ${short('b1')} “one…”`,
      `2023-11-14 22:13:25Z  ${by('e')}   0  ${short('e1')}  (binary, 12 KiB)`,
      `2023-11-14 22:13:26Z  ${by('f')}  -5  ${short('f1')}  hidden`,
      `2023-11-14 22:13:27Z  ${by('g')}   0  ${short('g1')}  (not here yet)`,
      `2023-11-14 22:13:28Z  ${by('h')}   0  ${short('h1')}  (sealed to the chain's owner)`,
      `2023-11-14 22:13:29Z  ${by('i')}   0  ${short('i1')}  (300 KiB)`,
      `2023-11-14 22:13:30Z  anonymous          0  ${talk.id('j1').slice(0, 11)}  mine␛[2J`,
      `2023-11-14 22:13:31Z  ${by('k')}   0  ${talk.id('k1').slice(0, 11)}  held  may I?`,
      '',
    ])
  })

  test('peers with another forum of this name are told on stderr, also with --follow', async () => {
    const [ours, theirs] = [talk.pub('a'), talk.pub('b')]
    const founders = [ours, theirs].map((pub) => ({ pub, blocks: 7, peers: ['ann'] }))
    const found = { isOpen: true, blocks: 3, founder: ours, founders }
    for (const line of ['log', 'log --follow']) {
      const { err } = await command(
        shell(`chain "#chat" ${line}`),
        daemon(talk, { results: { 'chain.founder': found } }),
      )
      expect(err).toContain(`which follows ${ours}: ${theirs}  7 blocks, 1 peer; `)
      expect(err).toContain("`freechains chains join '#chat' --founder <pub> --instead`")
    }
    const unfollowed = { isOpen: true, blocks: 0, founders }
    const { err } = await command(
      shell('chain "#chat" log'),
      daemon(talk, { results: { 'chain.founder': unfollowed } }),
    )
    expect(err).toContain('no founder is chosen here, so nothing is taken from peers yet: ')
  })

  test('--lens leaves out accepted blocks of those whom it does not reach, of twenty times as many, and no held ones', async () => {
    const farmed = talk.blocks.map((block, n) => ({ ...block, trusted: n % 2 === 0 }))
    const seen = daemon(talk, { results: { 'chain.blocks': farmed } })
    const key = talk.pub('b').toLowerCase()
    const { status, out, calls } = await command(shell(`chain "#chat" log --last 3 --lens --trust ${key}`), seen)
    expect([status, asked(calls).at(-2)]).toEqual([
      0,
      ['chain.blocks', { chain: '#chat', last: 61, payloads: 131_072, lens: [talk.pub('b')] }],
    ])
    const ids = out.split('\n').flatMap((line) => /\d+_[0-9A-F]{6}/.exec(line)?.[0] ?? [])
    expect(ids).toEqual(['e1', 'g1', 'i1', 'k1'].map((name) => talk.id(name).slice(0, talk.id(name).indexOf('_') + 7)))
  })

  test('--trust takes a key or a name, and belongs to --lens', async () => {
    const unknown = await command(shell('chain "#chat" log --lens --trust nobody'), daemon(talk))
    expect([unknown.status, unknown.err]).toEqual([
      1,
      expect.stringContaining('“nobody” is none of your names, and no public key'),
    ])
    const alone = await command(shell(`chain "#chat" log --trust ${talk.pub('b')}`), daemon(talk))
    expect([alone.status, alone.err]).toEqual([1, expect.stringContaining('give --lens too')])
  })

  test('an answer and a vote say what they speak of: its first words, or what it is; also of what is not shown', async () => {
    const all = listed('genesis < a1 ; a1 < b1 ; b1 < c1 ; c1 < d1 ; d1 < e1 ; e1 < f1', {
      a1: { text: 'Who brings the cake, and who brings the coffee?\nI cannot.' },
      b1: { text: 'I do', re: 'a1' },
      c1: { bytes: new Uint8Array(2048).fill(200), label: { type: 'image/jpeg', name: 'cake\u202e.jpg' }, re: 'b1' },
      d1: { like: [1, 'c1'] },
      e1: { re: 'd1', text: '' },
      f1: { bytes: new Uint8Array(9), label: { type: 'text/plain' } },
    })
    const blocks = all.blocks.slice(1)
    const results = {
      'chain.blocks': ({ ids }: { readonly ids?: readonly string[] }) =>
        ids === undefined ? blocks : all.blocks.filter(({ id }) => ids.includes(id)),
    }
    const { out, calls } = await command(shell('chain "#chat" log'), daemon(all, { results }))
    const digits = (name: string): string => all.id(name).slice(0, 10)
    expect(calls).toContainEqual(['chain.blocks', { chain: '#chat', ids: [all.id('a1')], payloads: 131_072 }])
    expect(out.split('\n').map((line) => line.replace(/^.* \d+_[0-9A-F]{8} {2}/, ''))).toEqual([
      `answers ${digits('a1')} “Who brings the cake, and who brings the…”: I do`,
      `answers ${digits('b1')} “I do”: (cake<U+202E>.jpg, image/jpeg, 2 KiB)`,
      `likes ${digits('c1')} (cake<U+202E>.jpg, image/jpeg, 2 KiB)`,
      `answers ${digits('d1')}`,
      '(text/plain, 9 bytes)',
      '',
    ])
    const { out: json } = await command(shell('chain "#chat" log --json'), daemon(all, { results }))
    expect(JSON.parse(json.split('\n')[0] ?? '')).toMatchObject({
      re: all.id('a1'),
      quoted: '“Who brings the cake, and who brings the…”',
    })
  })

  test('a name that an author gives himself stands behind the digits of his key, and not where the reader has one', async () => {
    const said = [{ pub: talk.pub('a'), id: talk.id('a1'), time: 1, name: 'Ana\n\u001b[2J' }]
    const profiles = ({ of }: { readonly of: readonly string[] }) => said.filter(({ pub }) => of.includes(pub))
    const results = { 'chain.profiles': profiles }
    const { out } = await command(shell('chain "#chat" log'), daemon(talk, { results }))
    const key = talk.pub('a').slice(0, 16)
    expect(out.split('\n')[0]).toContain(`  ${key} ~Ana␤␛[2J  +2  `)
    const { out: json } = await command(shell('chain "#chat" log --json'), daemon(talk, { results }))
    expect(JSON.parse(json.split('\n')[0] ?? '')).toMatchObject({ saysName: 'Ana\n\u001b[2J' })
  })

  test('filters go to the daemon, page by page until there are as many as wanted; held posts are those of the first page', async () => {
    const all = listed('genesis < a1 ; a1 < b1 ; b1 < c1 ; c1 < d1?', {
      a1: { text: 'A' },
      b1: { text: 'B' },
      c1: { text: 'C' },
    })
    const [a1, b1, c1, d1] = all.blocks
    const pages = [
      { blocks: [c1, d1], before: all.id('c1') },
      { blocks: [], before: all.id('b1') },
      { blocks: [a1, b1], before: all.id('a1') },
    ]
    const results = { 'chain.blocks': () => pages.shift() }
    const line =
      'chain "#chat" log --last 3 --since 2026-11-25T14:09Z --author ABCDEF --type IMAGE/* --reply-to 1_ABCDEF --utc'
    const reps = { 'chain.reps': [{ pub: `ABCDEF${'0'.repeat(58)}`, reps: 1 }] }
    const { out, calls, err } = await command(shell(line), daemon(all, { results: { ...results, ...reps } }))
    expect(err).toBe('')
    const asks = {
      chain: '#chat',
      payloads: 131_072,
      since: Date.UTC(2026, 10, 25, 14, 9),
      author: `ABCDEF${'0'.repeat(58)}`,
      re: '1_ABCDEF',
      type: 'image/*',
    }
    expect(calls.filter(([method]) => method === 'chain.blocks')).toEqual([
      ['chain.blocks', { ...asks, page: 3 }],
      ['chain.blocks', { ...asks, before: all.id('c1'), page: 2 }],
      ['chain.blocks', { ...asks, before: all.id('b1'), page: 2 }],
    ])
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((row) => row.slice(-1)),
    ).toEqual(['A', 'B', 'C', 'd'])
  })

  test('more than 10,000 are asked for in pages', async () => {
    const results = { 'chain.blocks': { blocks: talk.blocks } }
    const { calls } = await command(shell('chain "#chat" log --last 10001'), daemon(talk, { results }))
    expect(calls).toContainEqual(['chain.blocks', { chain: '#chat', payloads: 131_072, page: 100 }])
  })

  test('an author that is nobody, and one that may be two, are refused; so is a time that is none', async () => {
    const pubs = ['ABCDEF00', 'ABCDEF11'].map((digits) => ({ pub: digits.padEnd(64, '0'), reps: 1 }))
    const results = { 'chain.reps': pubs }
    const run = async (words: string) =>
      (await command(shell(`chain "#chat" log ${words}`), daemon(talk, { results }))).err
    expect(await run('--author ABCDEF')).toContain(
      '“ABCDEF” is ambiguous: ABCDEF0000000000, ABCDEF1100000000; type more digits',
    )
    expect(await run('--author nobody')).toContain('“nobody” is none of your names')
    expect(await run('--since soon')).toContain('expected a day (2026-11-25, today, yesterday)')
  })

  test('a post that its author took back says so', async () => {
    const taken = listed('genesis < a1 ; a1 < a2', { a1: { is: 'hidden', takenBack: true }, a2: { like: [-1, 'a1'] } })
    const { out } = await command(shell('chain "#chat" log'), daemon(taken))
    expect(out.split('\n')[0]).toMatch(/ {2}hidden {2}\(taken back by its author\)$/)
  })

  test('--json gives one JSON text per line, with the text, or the payload where it is none', async () => {
    const { out } = await command(shell('chain "#chat" log --json --last 10'), daemon(talk))
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ListedBlock & { text?: string })
    expect(lines).toHaveLength(11)
    expect(lines[0]).toMatchObject({ id: talk.id('a1'), author: talk.pub('a'), reps: 2, text: 'Bom Dia!' })
    expect(lines[4]?.content).toMatchObject({ is: 'here', payload: talk.blocks[4]?.content?.payload })
    expect([lines[4]?.text, lines[5]?.content]).toEqual([undefined, { is: 'hidden' }])
  })

  describe('held posts', () => {
    const spam = Array.from({ length: 16 }, (_, n) => `b${String(n + 1)}`)
    const picture = ['genesis < a1 ; a1 < a2 ; a2 < a3', ...spam.map((name) => `a1 < ${name}?`)].join(' ; ')
    const drawn = listed(
      picture,
      Object.fromEntries(['a1', 'a2', 'a3', ...spam].map((name) => [name, { text: `says ${name}` }])),
    )
    const times = new Map(['a1', 'a2', 'a3', ...spam].map((name, at) => [drawn.id(name), at]))
    const flooded = { ...drawn, blocks: drawn.blocks.map((block) => ({ ...block, time: times.get(block.id) ?? 0 })) }
    /** Like the daemon: the last of all, held ones after the others. */
    const full: FakeDaemon = daemon(flooded, {
      results: {
        'chain.blocks': ({ last = 0, ids }: { readonly last?: number; readonly ids?: readonly string[] }) =>
          ids === undefined ? flooded.blocks.slice(-last) : flooded.blocks.filter(({ id }) => ids.includes(id)),
      },
    })
    const said = (out: string): string[] => [...out.matchAll(/says (\w+)/g)].map(([, name = '']) => name)

    test('push nothing accepted out, and are few unless more is asked for', async () => {
      const short = await command(shell('chain "#chat" log --last 3'), full)
      expect(said(short.out)).toEqual(['a1', 'a2', 'a3', 'b12', 'b13', 'b14', 'b15', 'b16'])
      expect(short.err).toBe('freechains: 11 more held posts: a --last above 20 shows more of them\n')
      const long = await command(shell('chain "#chat" log --last 21'), full)
      expect(said(long.out)).toHaveLength(19)
      expect(long.err).toBe('')
    })

    test('stand at their time, behind what they link to; accepted ones stay in their order', () => {
      const at = (id: string, time: number, more: Partial<ListedBlock> = {}): ListedBlock => ({
        ...(flooded.blocks[0] as ListedBlock),
        ...{ id, time, backs: [], ...more },
      })
      const held = { state: 'held' } as const
      const list = [at('a', 10), at('b', 40), at('c', 30), at('d', 60)]
      const posts = [at('s', 99, held), at('t', 35, held), at('u', 1, held), at('v', 2, { ...held, backs: ['a'] })]
      expect(
        rowsOf([...list, ...posts], 5)
          .rows.map(({ id }) => id)
          .join(''),
      ).toBe('uavbctds')
    })

    test('that were left out do not come after all with --follow, until they are accepted', async () => {
      const event = (name: string, kind: ControlEvent['kind']): ControlEvent => ({
        ...{ chain: '#chat', id: flooded.id(name), height: 2, backs: [], kind },
      })
      const events = [event('b1', 'held'), event('b16', 'held'), event('b1', 'post')]
      const { out } = await command(shell('chain "#chat" log --follow --last 2'), { ...full, events })
      expect(said(out)).toEqual(['a2', 'a3', 'b12', 'b13', 'b14', 'b15', 'b16', 'b1'])
    })
  })

  test('a text that fills more than a screen is cut, and says how long it is', async () => {
    const long = listed('genesis < a1 ; a1 < b1', {
      a1: { text: 'line\n'.repeat(100) },
      b1: { text: 'x'.repeat(9_000) },
    })
    const { out } = await command(shell('chain "#chat" log'), daemon(long))
    expect(out.length).toBeLessThan(5_000)
    expect(out).toContain('    (500 bytes in all: see get payload)\n')
    expect(out).toContain('    (9 KiB in all: see get payload)\n')
  })

  test('on a terminal there are colours, and still nothing of others that it obeys', async () => {
    const { out } = await command(shell('chain "#chat" log'), daemon(talk, { isTerminal: true }))
    expect(out).toContain('\u001b[2m2023-11-14 22:13:21Z\u001b[22m')
    expect(out).toContain('mine␛[2J')
    const plain = await command(shell('chain "#chat" log'), daemon(talk, { isTerminal: true, env: { NO_COLOR: '1' } }))
    expect(plain.out).not.toContain('\u001b')
  })

  test.each(['log --last 0', 'log --last 1000001', 'log --last many', 'graph --last -1', 'graph --format png'])(
    '%s is a usage error',
    async (line) => {
      const { status, calls } = await command(shell(`chain "#chat" ${line}`), daemon(talk))
      expect({ status, calls }).toEqual({ status: 2, calls: [] })
    },
  )
})

describe('log --follow', () => {
  const event = (name: string, kind: ControlEvent['kind']): ControlEvent => ({
    ...{ chain: '#chat', id: talk.id(name), height: 1, backs: [], kind },
  })
  const idsIn = (out: string): string[] => out.split('\n').filter((line) => !line.startsWith(' ') && line !== '')

  test('listens from the heads there were before it looks, and prints what came meanwhile once', async () => {
    const seen = { ...talk, blocks: talk.blocks.filter(({ id }) => [talk.id('a1'), talk.id('k1')].includes(id)) }
    const events = [
      event('a1', 'post'),
      event('k1', 'held'),
      event('b1', 'post'),
      event('k1', 'post'),
      event('f1', 'hidden'),
    ]
    const given = daemon(seen, { events })
    const results = {
      ...given.results,
      'chain.blocks': ({ ids }: { readonly ids?: readonly string[] }) =>
        ids === undefined ? seen.blocks : talk.blocks.filter(({ id }) => ids.includes(id)),
    }
    const { status, out, calls } = await command(shell('chain "#chat" log --follow'), { ...given, results })
    expect(status).toBe(130)
    expect(calls.slice(1, 5)).toEqual([
      ['chain.heads', { chain: '#chat', state: 'linked' }],
      ['chain.listen', { chain: '#chat', from: [talk.genesis] }],
      ['chain.status', { chain: '#chat' }],
      ['chain.blocks', { chain: '#chat', last: 21, payloads: 131_072 }],
    ])
    const lines = idsIn(out)
    expect(lines).toHaveLength(5)
    for (const [at, part] of [short('a1'), 'may I?', short('b1'), 'may I?', `${short('f1')} is hidden now`].entries()) {
      expect(lines[at]).toContain(part)
    }
  })

  test('a block that was seen, and is accepted once more after it was withdrawn, is printed once more', async () => {
    const events = [event('a1', 'post'), event('a1', 'withdrawn'), event('a1', 'post')]
    const { out } = await command(
      shell('chain "#chat" log --follow'),
      daemon(listed('genesis < a1', SAYINGS), { events }),
    )
    expect(idsIn(out).map((line) => /Bom Dia!|withdrawn/.exec(line)?.[0])).toEqual([
      'Bom Dia!',
      'withdrawn',
      'Bom Dia!',
    ])
  })

  test('a block that is gone before it could be shown is passed over', async () => {
    const results = {
      'chain.status': { held: 0 },
      'chain.blocks': ({ ids }: { readonly ids?: readonly string[] }) =>
        ids === undefined ? [] : new ClientError('block-not-found', 'no block'),
    }
    const { status, out } = await command(
      shell('chain "#chat" log --follow'),
      daemon(talk, { events: [event('k1', 'held')], results }),
    )
    expect({ status, out }).toEqual({ status: 130, out: '' })
  })

  test('held posts that came while the daemon was away are told when it is back, and none twice', async () => {
    const all = listed('genesis < a1 ; a1 < b1? ; a1 < c1? ; a1 < d1?', {
      a1: { text: 'says a1' },
      b1: { text: 'says b1' },
      c1: { text: 'says c1' },
      d1: { text: 'says d1' },
    })
    let here = ['a1', 'b1']
    const now = (): ListedBlock[] => all.blocks.filter(({ id }) => here.some((name) => all.id(name) === id))
    const results = {
      'chain.status': () => ({ held: now().length - 1 }),
      'chain.blocks': ({ ids }: { readonly ids?: readonly string[] }) =>
        ids === undefined ? now() : now().filter(({ id }) => ids.includes(id)),
    }
    const events: FakeDaemon['events'] = [
      () => {
        here = ['a1', 'b1', 'c1']
      },
      { chain: '#chat', id: all.id('c1'), height: 2, backs: [], kind: 'held' },
      ({ onBegin }) => {
        here = ['a1', 'b1', 'c1', 'd1']
        onBegin?.()
      },
      { chain: '#chat', id: all.id('a1'), height: 1, backs: [], kind: 'hidden' },
    ]
    const { out } = await command(shell('chain "#chat" log --follow'), daemon(all, { results, events }))
    expect([...out.matchAll(/says \w+|is hidden now/g)].map(([said]) => said)).toEqual([
      'says a1',
      'says b1',
      'says c1',
      'says d1',
      'is hidden now',
    ])
  })
})

describe('graph', () => {
  test('draws the last fifty blocks unless told, and says the format that is asked for', async () => {
    const drawn = await command(shell('chain "#chat" graph'), daemon(talk))
    expect(drawn.calls).toEqual([
      ['chain.genesis', { chain: '#chat' }],
      ['chain.status', { chain: '#chat' }],
      ['chain.blocks', { chain: '#chat', last: 51, payloads: 4096 }],
    ])
    expect(drawn.out.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^◆ 0_\w{8} #chat$/),
      `● ${short('a1')} ${talk.pub('a').slice(0, 16)} Bom Dia!`,
      `● ${short('b1')} ${talk.pub('b').slice(0, 16)} one…`,
    ])
    expect(drawn.out).toContain('\n? ')
    expect(drawn.out).toContain('\n× ')
    for (const [format, start] of [
      ['dot', 'digraph'],
      ['mermaid', 'flowchart'],
      ['svg', '<svg'],
    ] as const) {
      const { out, status } = await command(shell(`chain "#chat" graph --format ${format} --last 2000`), daemon(talk))
      expect({ status, start: out.slice(0, start.length) }).toEqual({ status: 0, start })
    }
  })

  test('--last counts accepted blocks: held posts stand beside them, however many there are', async () => {
    const held = Array.from({ length: 12 }, (_, n) => `b${String(n + 1)}`)
    const all = listed(['genesis < a1 ; a1 < a2 ; a2 < a3', ...held.map((name) => `a1 < ${name}?`)].join(' ; '))
    const asked = daemon(all, {
      results: { 'chain.blocks': ({ last = 0 }: { readonly last?: number }) => all.blocks.slice(-last) },
    })
    const { out } = await command(shell('chain "#chat" graph --last 2'), asked)
    const marks = (mark: string): number => out.split('\n').filter((line) => line.includes(`${mark} `)).length
    expect([marks('●'), marks('?')]).toEqual([2, 12])
    const { out: json } = await command(shell('chain "#chat" graph --last 2 --json'), asked)
    const { blocks } = JSON.parse(json) as { blocks: ListedBlock[] }
    expect(blocks.map(({ state }) => state).slice(0, 3)).toEqual(['accepted', 'accepted', 'held'])
  })

  test('for Mermaid, more than it draws is said on stderr, and drawn all the same', async () => {
    const long = listed(
      ['genesis < a1', ...Array.from({ length: 180 }, (_, n) => `a${String(n + 1)} < a${String(n + 2)}`)].join(' ; '),
      {
        ...Object.fromEntries(Array.from({ length: 181 }, (_, n) => [`a${String(n + 1)}`, { text: '!'.repeat(60) }])),
      },
    )
    const line = 'chain "#chat" graph --format mermaid --last 181'
    const { status, out, err } = await command(shell(line), daemon(long))
    expect({ status, start: out.slice(0, 12) }).toEqual({ status: 0, start: 'flowchart TB' })
    expect(err).toMatch(/^freechains: the drawing has 181 links and \d+ characters, and Mermaid takes .*\n$/)
  })

  test('in JSON, by --format or by --json, on one line', async () => {
    for (const line of ['graph --format json', 'graph --json']) {
      const { out } = await command(shell(`chain "#chat" ${line}`), daemon(talk))
      const { genesis, blocks } = JSON.parse(out) as { genesis: string; blocks: ListedBlock[] }
      expect([out.trimEnd().includes('\n'), genesis, blocks.length]).toEqual([false, talk.genesis, 11])
      expect(blocks[0]).toMatchObject({ id: talk.id('a1'), backs: [talk.genesis], text: 'Bom Dia!' })
    }
  })
})
