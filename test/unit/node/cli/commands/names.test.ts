/** `names` (spec §11): the user's names for keys, in a local file; where they are shown and where they can be typed. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { author } from '../../../../support/blocks.ts'
import { listed } from '../../../../support/listed.ts'
import { command, shell, type FakeDaemon, type Outcome } from '../rig.ts'

const [BOB, EVE] = [author(2).author, author(3).author]

let home: string
let file: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fc-'))
  file = join(home, '.config', 'freechains', 'names.yaml')
  onTestFinished(() => rm(home, { recursive: true, force: true }))
})

function run(line: string, daemon: FakeDaemon = {}): Promise<Outcome> {
  return command(shell(line), { ...daemon, env: { HOME: home, ...daemon.env } })
}

describe('the file', () => {
  test('is of this user alone, written whole, and found again; no daemon is asked', async () => {
    expect(await run(`names add ${BOB.toLowerCase()} bob`)).toMatchObject({
      status: 0,
      out: '',
      err: '',
      endpoints: [],
    })
    await run(`names add ${EVE} 日本.x-1`)
    const { out } = await run('names list')
    expect(out).toBe(`bob ${BOB}\n日本.x-1 ${EVE}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(home, '.config', 'freechains'))).toEqual(['names.yaml'])
    expect(await readFile(file, 'utf8')).toContain(`bob: ${BOB}\n`)
  })

  test('a peer id has a name too, which stands for it where a peer is meant, and for no key', async () => {
    const id = '12D3KooWGjSE7eCu5f1Pa8pGxscmoEcdQ5BRMGqbyMvL2dhrPCS5'
    await run(`names add ${id} anas-node`)
    expect((await run('names list')).out).toBe(`anas-node ${id}\n`)
    const results = { 'peer.held': { ids: [] } }
    expect((await run("peer anas-node held '#chat'", { results })).calls).toEqual([
      ['peer.held', { addr: id, chain: '#chat' }],
    ])
    expect(await run('chains join "#x" --pioneers anas-node')).toMatchObject({ status: 1, calls: [] })
    await run(`names remove ${id}`)
    expect((await run('names list')).out).toBe('')
  })

  test('of several commands at once none undoes what another wrote', async () => {
    const pubs = Array.from({ length: 8 }, (_, n) => author(10 + n).author)
    const runs = await Promise.all(pubs.map((pub, n) => run(`names add ${pub} friend${String(n)}`)))
    expect(runs.map(({ status }) => status)).toEqual(pubs.map(() => 0))
    expect((await run('names list')).out.split('\n')).toEqual([
      ...pubs.map((pub, n) => `friend${String(n)} ${pub}`),
      '',
    ])
  })

  test('lies where XDG_CONFIG_HOME says', async () => {
    await run(`names add ${BOB} bob`, { env: { XDG_CONFIG_HOME: join(home, 'xdg') } })
    expect(await readdir(join(home, 'xdg', 'freechains'))).toEqual(['names.yaml'])
  })

  test('is refused, and not tried for ever, where a file system lets nobody make its folder', async () => {
    const { status, err } = await run(`names add ${BOB} bob`, { env: { XDG_CONFIG_HOME: '/proc/x' } })
    expect(status).toBe(1)
    expect(err).toMatch(/^freechains: cannot make the folder of \/proc\/x\/freechains\/names\.yaml: no such file .*\n$/)
  })

  test.each([
    ['no YAML', 'bob: [\n', /it is no YAML/],
    ['a list', '- bob\n', /expected lines of NAME: KEY/],
    ['a key that is none', 'bob: 12\n', /“bob” stands for no public key/],
    ['a name that is none', `"a b": ${BOB}\n`, /will not do as a name/],
    ['one key twice', `bob: ${BOB}\nrob: ${BOB}\n`, /one key has two names/],
  ])('that a hand has damaged is not touched: %s', async (_what, text, says) => {
    await mkdir(join(home, '.config', 'freechains'), { recursive: true })
    await writeFile(file, text)
    const { status, err } = await run(`names add ${EVE} eve`)
    expect(status).toBe(1)
    expect(err).toMatch(says)
    expect(err).toContain(file)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  test('a hand may write it without quotes, whatever YAML makes of digits', async () => {
    await mkdir(join(home, '.config', 'freechains'), { recursive: true })
    await writeFile(file, `1984: ${'1'.repeat(64)}\nyes: ${BOB}\n`)
    expect((await run('names list')).out).toBe(`1984 ${'1'.repeat(64)}\nyes ${BOB}\n`)
  })

  test('names that look like other YAML are names', async () => {
    for (const [at, name] of ['null', 'yes', '1984', '0x10'].entries())
      await run(`names add ${author(at).author} ${name}`)
    expect((await run('names list')).out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      '0x10',
      '1984',
      'null',
      'yes',
      '',
    ])
  })
})

describe('names', () => {
  test('a key has one name and a name one key: a new name replaces, another key is refused', async () => {
    await run(`names add ${BOB} bob`)
    expect(await run(`names add ${EVE} bob`)).toMatchObject({
      status: 1,
      err: expect.stringContaining('is the name of') as string,
    })
    expect(await run(`names add ${BOB.toLowerCase()} robert`)).toMatchObject({
      status: 0,
      err: 'freechains: was bob\n',
    })
    expect(await run(`names add ${BOB} robert`)).toMatchObject({ status: 0, err: '' })
    expect((await run('names list')).out).toBe(`robert ${BOB}\n`)
  })

  test.each(['BOB', 'Bob', 'ｂｏｂ'])(
    '%s reads like bob, so that no other key is called so; bob himself may be',
    async (name) => {
      await run(`names add ${BOB} bob`)
      const { status, err } = await run(`names add ${EVE} ${name}`)
      expect(status).toBe(1)
      expect(err).toContain(`reads like bob, the name of ${BOB}`)
      expect(await run(`names add ${BOB} ${name}`)).toMatchObject({ status: 0, err: 'freechains: was bob\n' })
    },
  )

  test('they go by either, and only if they are there', async () => {
    await run(`names add ${BOB} bob`)
    await run(`names add ${EVE} eve`)
    expect(await run('names remove bob')).toMatchObject({ status: 0 })
    expect(await run(`names remove ${EVE.toLowerCase()}`)).toMatchObject({ status: 0 })
    expect((await run('names list')).out).toBe('')
    expect(await run('names remove bob')).toMatchObject({ status: 1 })
  })

  test.each([
    'ABCDEF',
    '300c0f',
    '12_ABCDEF',
    BOB,
    'a b',
    '-x',
    '#chat',
    '@bob',
    '$x',
    'env:X',
    'a\u001b[2J',
    'a\u202eb',
    '',
    'x'.repeat(33),
  ])('“%s” will not do: it could be meant as something else, or does more than be read', async (name) => {
    const { status, err } = await command(['names', 'add', BOB, '--', name], { env: { HOME: home } })
    expect(status).toBe(1)
    expect(err).not.toMatch(/[\u001b\u202e]/)
    expect((await run('names list')).out).toBe('')
  })

  test('a key that is none is refused', async () => {
    expect(await run('names add ABCDEF bob')).toMatchObject({ status: 1, out: '' })
  })
})

describe('where they are used', () => {
  const talk = listed('genesis < b1', { b1: { text: 'hi' } })
  const results = {
    'chain.blocks': talk.blocks,
    'chain.status': { held: 0 },
    'chain.genesis': talk.genesis,
    'chain.reps': ({ of }: { readonly of?: string }) => (of === undefined ? [{ pub: talk.pub('b'), reps: 30 }] : 30),
    'chain.heads': ['1_A5EF'],
  }

  beforeEach(async () => {
    await run(`names add ${talk.pub('b')} bob`)
  })

  test('log and graph show them, in JSON too', async () => {
    for (const line of ['log', 'graph']) expect((await run(`chain "#chat" ${line}`, { results })).out).toMatch(/ bob /)
    expect(JSON.parse((await run('chain "#chat" log --json', { results })).out)).toMatchObject({ name: 'bob' })
  })

  test('reps shows them to people, and pipes get what they got before', async () => {
    const shown = await run('chain "#chat" reps', { results, isTerminal: true, env: { NO_COLOR: '1' } })
    expect(shown.out.split('\n')).toEqual([`AUTHOR  REPS  PUBLIC KEY`, `bob     30    ${talk.pub('b')}`, ''])
    expect((await run('chain "#chat" reps', { results })).out).toBe(`${talk.pub('b')} 30\n`)
  })

  test('one can be typed for a key to read by, alone or as the owner of a chain, and to write by', async () => {
    expect((await run('chain "#chat" reps bob', { results })).calls).toEqual([
      ['chain.reps', { chain: '#chat', of: talk.pub('b') }],
    ])
    for (const sign of ['@', '@!']) {
      const { calls } = await run(`chain ${sign}bob heads`, { results })
      expect(calls).toEqual([['chain.heads', { chain: sign + talk.pub('b'), state: 'linked' }]])
    }
    expect((await run('chain @nobody heads', { results })).calls).toEqual([
      ['chain.heads', { chain: '@nobody', state: 'linked' }],
    ])
    const posted = await run('chain @bob post inline hi', {
      results: { 'chain.post': { id: '1_A', state: 'accepted' } },
    })
    expect(posted.calls).toEqual([['chain.post', { chain: `@${talk.pub('b')}`, text: 'hi' }]])
    const joined = await run('chains join @!bob', { results: { 'chains.join': { id: '0_AB' } } })
    expect(joined.calls).toEqual([['chains.join', { name: `@!${talk.pub('b')}` }]])
  })
})
