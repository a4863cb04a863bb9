/** The `freechains` command as users have it, against real daemons (spec §11): what it prints, and what it refuses. */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { showId } from '../../src/dag/ids.ts'
import { keyPair } from '../../src/dag/passphrase.ts'
import { systemClock } from '../../src/node/base/clock.ts'
import { connect } from '../../src/node/control/client/connection.ts'
import type { ControlClient } from '../../src/node/control/client/rpc-client.ts'
import { openDatabase } from '../../src/node/storage/database.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { Replica } from '../../src/node/chain/replica.ts'
import { chain as chainNamed, must, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { Shell, type Finished, type RunOptions, type StartedDaemon } from '../support/shell.ts'

const LOOPBACK = ['--listen', '/ip4/127.0.0.1/tcp/0'] as const
const SHOWN_ID = /^\d+_[0-9A-F]{64}$/
const FIRST_POST =
  'freechains: this is the first post of the forum: its author is now the pioneer, here and for all who join it from here\n'

type Freechains = (...args: readonly string[]) => Promise<string>

let shell: Shell
let a: StartedDaemon
let b: StartedDaemon
let clientOfA: ControlClient
let keys: { readonly pub: string; readonly pvt: string }

beforeAll(async () => {
  shell = await Shell.open()
  a = await shell.start(shell.path('a'), '--port=0', ...LOOPBACK)
  b = await shell.start(shell.path('b'), '--port=0', ...LOOPBACK)
  clientOfA = await connect({ host: '127.0.0.1', port: Number(a.port), stateDir: shell.stateDir })
  keys = await keyPair('senha')
})

afterAll(async () => {
  clientOfA.close()
  await shell.close()
})

function to(daemon: StartedDaemon, args: readonly string[], options?: RunOptions): Promise<Finished> {
  return shell.run([`--port=${daemon.port}`, ...args], options)
}

/** Of a forum without pioneers: whose it is, or that nobody has it, is said (spec §2). */
function isOpenJoin(args: readonly string[]): boolean {
  const [chains, join, name, ...keys] = args
  const hasPioneers = keys.some((key) => !key.startsWith('--'))
  return chains === 'chains' && join === 'join' && name?.startsWith('#') === true && !hasPioneers
}

/** What a command that goes well prints on stdout, without the last line end. It says nothing on stderr but that. */
async function answer(daemon: StartedDaemon, args: readonly string[], options?: RunOptions): Promise<string> {
  const finished = await to(daemon, args, options)
  const said = /^(?:freechains: (?:nobody that can be reached has|nothing of the founder|follows the founder) .*\n)?$/
  const note: unknown = isOpenJoin(args) ? expect.stringMatching(said) : ''
  expect(finished, args.join(' ')).toMatchObject({ status: 0, err: note })
  return finished.out.replace(/\n$/, '')
}

const onA: Freechains = (...args) => answer(a, args)
const onB: Freechains = (...args) => answer(b, args)

/** A closed port: it was free a moment ago. */
async function closedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

describe('the commands of the paper, as printed there, on two nodes', () => {
  test('§3.1 a forum: keys, join, post, send, recv, genesis, traverse, get, heads', async () => {
    expect(await onA('crypto', 'pubpvt', 'senha')).toBe(`${keys.pub} ${keys.pvt}`)
    const genesis = await onA('chains', 'join', '#chat')
    expect(genesis).toMatch(/^0_[0-9A-F]{64}$/)
    expect(await onB('chains', 'join', '#chat', `--founder=${keys.pub}`)).toBe(genesis)
    expect(await onA('chain', '#chat', 'genesis')).toBe(genesis)
    expect(await onA('chain', '#chat', 'traverse', 'all', genesis.slice(0, 8))).toBe('')

    const first = await to(a, ['chain', '#chat', 'post', 'inline', 'Bom Dia!', `--sign=${keys.pvt}`])
    expect(first).toEqual({ status: 0, out: expect.stringMatching(/^1_[0-9A-F]{64}\n$/) as string, err: FIRST_POST })
    const one = first.out.trim()
    // Nodes that meet gossip by themselves: the post may be there before the command can count it.
    expect(await onA('peer', b.address, 'send', '#chat')).toMatch(/^[01] \/ 0$/)
    expect(await onB('chain', '#chat', 'get', 'payload', one)).toBe('Bom Dia!')

    const two = await onB('chain', '#chat', 'post', 'inline', 'Boa tarde!', `--sign=${keys.pvt}`)
    expect(two).toMatch(/^2_/)
    expect(await onA('peer', b.multiaddr, 'recv', '#chat')).toMatch(/^[01] \/ 0$/)
    expect(await onA('chain', '#chat', 'traverse', 'all', genesis)).toBe(`${one} ${two}`)
    expect(await onA('chain', '#chat', 'traverse', one)).toBe(two)
    expect(await onA('chain', '#chat', 'heads')).toBe(two)
    expect(await onA('chain', '#chat', 'heads', 'blocked')).toBe('')
    expect(await onA('chain', '#chat', 'consensus')).toBe(`${genesis} ${one} ${two}`)
    // The genesis id stands for the chain, and six digits for an id, in either case.
    expect(await onA('chain', genesis, 'get', 'payload', two.slice(2, 8).toLowerCase())).toBe('Boa tarde!')
    expect(await onA('peer', b.address, 'recv', '#chat')).toBe('0 / 0')
  })

  test('§3.2 a group with its key, and an identity', async () => {
    const key = await onA('crypto', 'shared', 'segredo')
    expect(key).toMatch(/^[0-9A-F]{64}$/)
    const id = await onA('chains', 'join', '$familia', key)
    expect(await onB('chains', 'join', '$familia', key.toLowerCase())).toBe(id)
    const dinner = await onA('chain', '$familia', 'post', 'inline', 'Jantar às oito')
    await onB('peer', a.address, 'recv', '$familia')
    expect(await onB('chain', '$familia', 'get', 'payload', dinner)).toBe('Jantar às oito')

    const identity = `@${keys.pub}`
    await onA('chains', 'join', identity)
    await onB('chains', 'join', identity.toLowerCase())
    const hello = await onA('chain', identity, 'post', 'inline', 'Bom Dia!', `--sign=${keys.pvt}`)
    await onA('peer', b.address, 'send', identity)
    expect(await onB('chain', identity, 'get', 'payload', hello)).toBe('Bom Dia!')
    expect((await onB('chains', 'list')).split('\n')).toContain(`$familia ${id}`)
    expect((await onA('peer', b.address, 'chains')).split('\n')).toContain(`$familia ${id}`)
  })

  test('§3.1 listen prints a line for each new block as it comes, through a pipe, until its reader or the user has enough', async () => {
    await onA('chains', 'join', '$news', 'EF'.repeat(32))
    const listens = [1, 2].map(() => shell.launch([`--port=${a.port}`, 'chain', '$news', 'listen']))
    const [untilCtrlC, intoHead] = listens as [(typeof listens)[0], (typeof listens)[0]]
    const ids: string[] = []
    const postOne = async (): Promise<void> => {
      const { id } = await clientOfA.call('chain.post', { chain: '$news', text: 'novidade', sign: keys.pvt })
      ids.push(id)
    }
    // A listener that is up hears of every post from then on, and one of these is its first.
    await eventually(postOne, () => listens.every(({ out }) => out.includes('\n')))
    await postOne()
    await eventually(
      () => Promise.resolve(untilCtrlC.out),
      (out) => out.includes(ids.at(-1) ?? '-'),
    )
    const heard = untilCtrlC.out.trim().split('\n')
    expect(heard).toEqual(ids.slice(-heard.length))
    expect(await untilCtrlC.end('SIGINT')).toMatchObject({ status: 130, err: '' })
    intoHead.stopReading()
    await eventually(postOne, () => !intoHead.isRunning)
    expect(await intoHead.ended).toMatchObject({ status: 0, err: '' })
  })

  test('start runs a node in the foreground that tells where it is, until stop', async () => {
    const node = await shell.start(shell.path('short-lived'), '--port=0', ...LOOPBACK)
    expect(node.peerId).toMatch(/^12D3KooW/)
    expect(node.command.out).toContain(`data:         ${shell.path('short-lived')}\n`)
    const info = await answer(node, ['info'])
    expect(info).toContain(`peer id:  ${node.peerId}\n`)
    expect(info).toContain(`address:  ${node.multiaddr}\n`)
    expect(await answer(node, ['stop'])).toBe('true')
    expect((await node.command.ended).status).toBe(0)
    expect(await to(node, ['info'])).toMatchObject({ status: 1, out: '' })
  })

  test('status --watch says so when the daemon is gone, and ends with 1', async () => {
    const node = await shell.start(shell.path('watched'), '--port=0', ...LOOPBACK)
    await answer(node, ['chains', 'join', '#watched'])
    const watching = shell.launch([`--port=${node.port}`, 'chain', '#watched', 'status', '--watch'])
    await eventually(
      () => Promise.resolve(watching.out),
      (out) => out.endsWith('\n'),
    )
    // All at once: a daemon that stops in good order may still be asked, which keeps the process by itself.
    await node.command.end('SIGKILL')
    const { status, err } = await watching.ended
    expect([status, err]).toEqual([1, expect.stringMatching(/^freechains: .+\n$/)])
  })

  test('check of a directory in which no node has been is refused, and makes nothing', async () => {
    const empty = shell.path('empty')
    await mkdir(empty)
    for (const dir of [shell.path('never'), shell.path('never/below'), empty]) {
      const finished = await shell.run(['check', dir])
      expect(finished).toEqual({ status: 1, out: '', err: `freechains: there is no data directory at ${dir}\n` })
    }
    expect(await readdir(empty)).toEqual([])
    expect(await readdir(shell.root)).not.toContain('never')
  })
})

describe('around the commands', () => {
  test('payloads come from files and stdin and go to files, byte for byte; sealed ones open with the key', async () => {
    const chain = `@!${keys.pub}`
    const sign = `--sign=${keys.pvt}`
    await onA('chains', 'join', chain)
    const content = Uint8Array.from({ length: 300_000 }, (_, at) => (at * at) >> 3)
    const file = await shell.file('in.bin', content)
    const posted = await onA('chain', chain, 'post', 'file', file, sign)
    const copy = shell.path('out.bin')
    expect(await onA('chain', chain, 'get', 'payload', posted, 'file', copy)).toBe('')
    expect(Buffer.compare(await readFile(copy), content)).toBe(0)

    const piped = await answer(a, ['chain', chain, 'post', '-', sign], { stdin: 'linha um\nlinha dois\n' })
    expect((await to(a, ['chain', chain, 'get', 'payload', piped])).out).toBe('linha um\nlinha dois\n')

    const sealed = await onA('chain', chain, 'post', 'inline', sign, '--encrypt', '--', '--só para mim')
    expect(await onA('chain', chain, 'get', 'payload', sealed, `--decrypt=${keys.pvt}`)).toBe('--só para mim')
    expect(await to(a, ['chain', chain, 'get', 'payload', sealed])).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/^freechains: the payload of .* is sealed .*\n$/) as string,
    })
  })

  test('§2 a chain is named in any script, however its accents are typed', async () => {
    const id = await onA('chains', 'join', '#ola\u0301')
    expect(await onA('chain', '#olá', 'genesis')).toBe(id)
    expect(await onA('chain', '#ola\u0301', 'genesis')).toBe(id)
    const invite = (await to(a, ['chains', 'invite', '#olá'])).out.trim()
    expect((await to(a, ['chains', 'join', invite])).out).toBe(`${id}\n`)
    expect(await onA('chains', 'list')).toContain(`#olá ${id}`)
    expect(await onA('chains', 'leave', '#olá')).toBe('true')
  })

  test('a post says what it is and which post it answers', async () => {
    const chain = `@!${keys.pub}`
    await onA('chains', 'join', chain)
    const first = await onA('chain', chain, 'post', 'inline', 'Bom Dia!', `--sign=${keys.pvt}`)
    const about = ['--type=text/markdown', '--name', 'olá.md', '--reply-to', first.slice(0, 10)]
    const reply = await onA('chain', chain, 'post', 'inline', '# Olá', `--sign=${keys.pvt}`, ...about)
    const block = JSON.parse(await onA('chain', chain, 'get', 'block', reply)) as Record<string, unknown>
    expect(block).toMatchObject({ re: first, pay: { type: 'text/markdown', name: 'olá.md' } })
    expect(JSON.parse(await onA('chain', chain, 'get', 'block', first))).not.toHaveProperty('re')
  })

  test('keys and passphrases need not stand on the command line', async () => {
    const file = await shell.file('senha.key', `${keys.pvt}\n`)
    const group = await shell.file('group.key', `${'AB'.repeat(32)}\n`)
    expect(await answer(a, ['keys', 'pubpvt', '-'], { stdin: 'senha\n' })).toBe(`${keys.pub} ${keys.pvt}`)
    expect(await onA('chains', 'join', '$segredos', `@${group}`)).toMatch(SHOWN_ID)
    const signed = [
      await onA('chain', '$segredos', 'post', 'inline', 'por arquivo', `--sign=@${file}`),
      await answer(a, ['chain', '$segredos', '--sign', 'env:MY_KEY', 'post', 'inline', 'por ambiente'], {
        env: { MY_KEY: keys.pvt },
      }),
    ]
    for (const id of signed) {
      const block = JSON.parse(await onA('chain', '$segredos', 'get', 'block', id)) as { author?: string }
      expect(block.author).toBe(keys.pub)
    }
  })

  test('a private key on the command line is warned of on stderr, and the answer stays what it was', async () => {
    await onA('chains', 'join', '$warned', 'DC'.repeat(32))
    const post = ['chain', '$warned', 'post', 'inline', 'olá', `--sign=${keys.pvt}`, '--json']
    const { status, out, err } = await shell.launch([`--port=${a.port}`, ...post]).ended
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ state: 'accepted' })
    expect(err).toMatch(/^freechains: warning: a private key on the command line can be read by other users .*\n$/)
    expect(err).not.toContain(keys.pvt)
  })

  test('five megabytes through a pipe arrive as they are, and Ctrl-C before the end of a message posts nothing', async () => {
    await onA('chains', 'join', '$pipes', 'DD'.repeat(32))
    const content = Buffer.alloc(5_000_001, 'çã\n')
    const id = await answer(a, ['chain', '$pipes', 'post', '-'], { stdin: content })
    const copy = shell.path('piped.bin')
    await onA('chain', '$pipes', 'get', 'payload', id, 'file', copy)
    expect(Buffer.compare(await readFile(copy), content)).toBe(0)

    const unfinished = shell.launch([`--port=${a.port}`, 'chain', '$pipes', 'post', '-'])
    // More than a pipe holds: it is being read when this returns.
    await unfinished.say('half a mess'.repeat(200_000))
    expect(await unfinished.end('SIGINT')).toEqual({ status: 130, out: '', err: '' })
    expect(await onA('chain', '$pipes', 'heads')).toBe(id)
  })

  test('log follows the conversation, and graph draws it, with the names that the user gave', async () => {
    await onA('chains', 'join', '$talk', 'DE'.repeat(32))
    const sign = { sign: keys.pvt }
    await clientOfA.call('chain.post', { chain: '$talk', text: 'um', ...sign })
    expect(await onA('names', 'add', keys.pub, 'ana')).toBe('')
    const follow = shell.launch([`--port=${a.port}`, 'chain', '$talk', 'log', '--follow'])
    await eventually(
      () => Promise.resolve(follow.out),
      (out) => out.includes('  um\n'),
    )
    await clientOfA.call('chain.post', { chain: '$talk', text: 'dois\ntrês', ...sign })
    await clientOfA.call('chain.post', { chain: '$talk', payload: Buffer.alloc(2048, 255).toString('base64') })
    await eventually(
      () => Promise.resolve(follow.out),
      (out) => out.includes('(binary, 2 KiB)'),
    )
    expect(await follow.end('SIGINT')).toMatchObject({ status: 130, err: '' })
    const lines = follow.out.trimEnd().split('\n')
    const words = lines.map((line) => line.replace(/^.*Z {2}(\S+) +.*_[0-9A-F]{8} {2}/, '$1 '))
    expect(words).toEqual(['ana um', 'ana dois', '    três', 'anonymous (binary, 2 KiB)'])
    expect(await onA('chain', '$talk', 'log', '--last', '3')).toBe(follow.out.trimEnd())

    const drawing = (await onA('chain', '$talk', 'graph')).split('\n')
    expect(drawing.map((line) => line.replace(/\d_[0-9A-F]{8} /, ''))).toEqual([
      '◆ $talk',
      '● ana um',
      '● ana dois…',
      '● anonymous (binary, 2 KiB)',
    ])
    expect(await onA('chain', '$talk', 'graph', '--format', 'svg')).toMatch(/^<svg [\s\S]*<\/svg>$/)
  })

  test('--json answers every command with one line of JSON', async () => {
    await onA('chains', 'join', '$json', 'CD'.repeat(32))
    const json = async (...args: readonly string[]): Promise<unknown> => {
      const line = await onA('--json', ...args)
      expect(line).not.toContain('\n')
      return JSON.parse(line)
    }
    const { id } = (await json('chain', '$json', 'post', 'inline', 'olá')) as { id: string }
    expect(id).toMatch(SHOWN_ID)
    expect(await json('chain', '$json', 'heads')).toEqual([id])
    expect(await json('chain', '$json', 'get', 'block', id)).toMatchObject({ id, height: 1, state: 'accepted' })
    expect(await json('chain', '$json', 'get', 'payload', id)).toBe(Buffer.from('olá').toString('base64'))
    expect(await json('chain', '$json', 'status')).toMatchObject({ blocks: 1, heads: 1, held: 0, missing: 0 })
    expect(await json('chains', 'list')).toContainEqual({
      name: '$json',
      id: await json('chain', '$json', 'genesis'),
    })
    await expect
      .poll(() => json('peer', 'list'), { timeout: 20_000 })
      .toMatchObject([{ id: b.peerId, connected: true }])
    expect(await json('peer', b.address, 'ping')).toEqual({ ms: expect.any(Number) as number })
    expect(await json('crypto', 'pubpvt', 'senha')).toMatchObject(keys)
    expect(await json('info')).toMatchObject({ peerId: a.peerId, control: `127.0.0.1:${a.port}` })
    expect(await json('now')).toEqual(expect.any(Number))
    expect(await json('chains', 'leave', '$json')).toBe(true)
  })
})

/** One line for people, on stderr; a daemon's log lines, which are JSON, are not meant for them. */
function expectRefusal(
  { status, out, err }: Finished,
  expected: { readonly status: 1 | 2; readonly says: RegExp },
): void {
  const lines = err.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  expect({ status, out, lines }).toEqual({
    status: expected.status,
    out: '',
    lines: [expect.stringMatching(/^freechains: /)],
  })
  expect(lines[0]).toMatch(expected.says)
}

/** All that the node holds: a refused command must not have changed it. */
async function holdings(): Promise<unknown> {
  const chains = await clientOfA.call('chains.list', {})
  return Promise.all(
    chains.map(async ({ name, id }) => ({
      name,
      id,
      consensus: await clientOfA.call('chain.consensus', { chain: name }),
      heads: await clientOfA.call('chain.heads', { chain: name, state: 'all' }),
    })),
  )
}

// Refused commands change nothing, so they may run side by side.
describe.concurrent('a command that cannot be done says why in one line, and nothing changes', () => {
  const sign = (): string => `--sign=${keys.pvt}`
  const inFull = (): readonly string[] => ['chain', '#full', 'post']
  let before: unknown

  beforeAll(async () => {
    await onA('chains', 'join', '#full')
    await onA('chains', 'join', '#empty')
    await to(a, [...inFull(), 'inline', 'fica', sign()])
    await onA('chains', 'join', `@!${'EF'.repeat(32)}`)
    await shell.file('large.bin', new Uint8Array(129 * 1024))
    before = await holdings()
  })

  afterEach(async () => {
    expect(await holdings()).toEqual(before)
  })

  test.each<[string, () => readonly string[], RegExp]>([
    ['an unknown chain', () => ['chain', '#none', 'heads'], /no chain “#none” is joined here/],
    ['a chain name with a letter that is not allowed', () => ['chains', 'join', '#n/o'], /“#n\/o” cannot be a chain/],
    ['an identity that is no key', () => ['chains', 'join', '@EB172E'], /public key of 64 hex digits behind @/],
    ['a pioneer of the wrong length', () => ['chains', 'join', '#new', 'EB172E'], /public key of 64 hex digits/],
    ['a shared key of the wrong length', () => ['chains', 'join', '$new', '8889BB'], /shared key of 64 hex digits/],
    ['a group without its key', () => ['chains', 'join', '$new'], /no key of it was given: .* --new-key/],
    ['a second chain of the same name', () => ['chains', 'join', '#full', keys.pub], /#full with other keys is joined/],
    ['an id that is not there', () => ['chain', '#full', 'get', 'block', '1_ABCDEF'], /no block “1_ABCDEF”/],
    [
      'an unsigned first post in a forum',
      () => ['chain', '#empty', 'post', 'inline', 'anônimo'],
      /must be signed: add --sign/,
    ],
    ['a private key that is too short', () => [...inFull(), 'inline', 'x', '--sign=96700A'], /128 hex digits/],
    [
      'a private key whose halves do not match',
      () => [...inFull(), 'inline', 'x', `--sign=${'00'.repeat(64)}`],
      /second half is the public key of its first/,
    ],
    ['a key file that is not there', () => [...inFull(), 'inline', 'x', '--sign=@none.key'], /none\.key: no such file/],
    ['a variable that is not set', () => [...inFull(), 'inline', 'x', '--sign=env:NONE'], /no NONE: export it/],
    ['a file to post that is not there', () => [...inFull(), 'file', 'none.txt', sign()], /none\.txt: no such file/],
    ['129 KiB in a forum', () => [...inFull(), 'file', 'large.bin', sign()], /132096 bytes and may have 131072/],
    ['a type that is none', () => [...inFull(), 'inline', 'x', sign(), '--type=Text'], /media type such as/],
    ['a name that is a path', () => [...inFull(), 'inline', 'x', sign(), '--name=a/b'], /no slash, backslash/],
    ['an answer to nothing', () => [...inFull(), 'inline', 'x', sign(), '--reply-to=1_ABCDEF'], /no block “1_ABCDEF”/],
    ['a payload sealed to nobody', () => [...inFull(), 'inline', 'x', sign(), '--encrypt'], /an owner \(@\)/],
    [
      "a post in somebody else's chain",
      () => ['chain', `@!${'EF'.repeat(32)}`, 'post', 'inline', 'x', sign()],
      /only the chain's owner posts here/,
    ],
    [
      'a folder to write to that is not there',
      () => ['chain', '#full', 'get', 'block', beforeHead(), 'file', 'none/out'],
      /cannot write none\/out: no such file/,
    ],
    ['a peer whose address is none', () => ['peer', 'so mewhere', 'ping'], /“so mewhere” is no address of a peer/],
    ['a peer without the chain', () => ['peer', b.address, 'recv', '#full'], /does not have this chain/],
    ['a clock that is not for tests', () => ['now', '5'], /start the node with --test-clock/],
    ['a daemon on another machine', () => ['--host=192.0.2.1', 'info'], /192\.0\.2\.1:\d+ is another machine/],
  ])('%s: status 1', async (_what, args, says) => {
    expectRefusal(await to(a, args()), { status: 1, says })
  })

  function beforeHead(): string {
    const full = (before as { name: string; heads: string[] }[]).find(({ name }) => name === '#full')
    return full?.heads[0] ?? ''
  }

  test('129 KiB on stdin in a forum, a peer that is not there, a daemon that is not there: status 1', async () => {
    const stdin = 'x'.repeat(129 * 1024)
    expectRefusal(await to(a, [...inFull(), '-', sign()], { stdin }), { status: 1, says: /may have 131072/ })
    const port = await closedPort()
    const peer = await to(a, ['peer', `127.0.0.1:${port}`, 'send', '#full'])
    expectRefusal(peer, { status: 1, says: /does not answer/ })
    const daemon = await shell.run([`--port=${port}`, 'chains', 'list'])
    expectRefusal(daemon, { status: 1, says: /no daemon answers at 127\.0\.0\.1:\d+: start one with/ })
  })

  test.each<[string, readonly string[], RegExp]>([
    ['an option that is none', ['chains', 'list', '--jsn'], /unknown option '--jsn'/],
    ['a chain without its sign', ['chain', 'full', 'heads'], /“full” is no chain/],
    ['a missing id', ['chain', '#full', 'get', 'block'], /missing required argument 'id'/],
    ['a missing text', ['chain', '#full', 'post', 'inline'], /post inline: which text\?/],
    ['another kind of heads', ['chain', '#full', 'heads', 'all-of-them'], /'all-of-them' is invalid/],
    ['a port that is none', ['--port=http', 'info'], /“http” is no port/],
  ])('%s: status 2', async (_what, args, says) => {
    expectRefusal(await to(a, args), { status: 2, says })
  })
})

describe('a node that cannot start says why in one line, and leaves the others alone', () => {
  beforeAll(async () => {
    await mkdir(shell.path('unborn'))
  })

  afterEach(async () => {
    expect(await readdir(shell.path('unborn'))).not.toContain('control.cookie')
    expect(await clientOfA.call('host.info', {})).toMatchObject({ peerId: a.peerId })
    expect(await onA('chains', 'list')).toContain('#chat')
  })

  const start = (...args: readonly string[]): Promise<Finished> => shell.run(['start', ...args])

  test('the control port, the libp2p port or the data directory is in use, or the directory is a file', async () => {
    const file = await shell.file('no-directory', '')
    const refused = [
      start(shell.path('unborn'), `--port=${a.port}`, ...LOOPBACK),
      start(shell.path('unborn-too'), '--port=0', '--listen', a.multiaddr.replace(/\/p2p\/.*/, '')),
      start(shell.path('a'), '--port=0', ...LOOPBACK),
      start(file, '--port=0', ...LOOPBACK),
    ]
    const says = [
      new RegExp(`the control port 127\\.0\\.0\\.1:${a.port} is in use`),
      new RegExp(`${a.address} is in use: stop what listens there`),
      /another node uses \S+\/a: stop it/,
      /no-directory cannot be used/,
    ]
    for (const [at, finished] of (await Promise.all(refused)).entries())
      expectRefusal(finished, { status: 1, says: says[at] ?? /-/ })
  })

  test('the data directory is where a file system lets nobody make one', async () => {
    // A program that tried for ever would be killed with the shell.
    expectRefusal(await start('/proc/x/y', '--port=0', ...LOOPBACK), { status: 1, says: /\/proc\/x\/y cannot be used/ })
  })

  test.each<[string, string, RegExp]>([
    ['a typo', 'logLevel: info\ndiscovery:\n  dth: true\n', /c\.yaml:3:3: discovery\.dth: unknown key; .*"dht"/],
    ['a group without its key', 'chains:\n  - name: $family\n', /c\.yaml:2:\d+: chains\[0\]\.name: .* no key/],
    ['text that is no YAML', 'chains: [\n', /c\.yaml:\d+:\d+: /],
  ])('the config file has %s: file, line and key are named', async (_what, text, says) => {
    const file = await shell.file('c.yaml', text)
    expectRefusal(await start(shell.path('unborn'), '--config', file), { status: 1, says })
  })

  test('the config file is missing or cannot be read; an argument will not do', async () => {
    const unborn = shell.path('unborn')
    const [missing, directory, listen] = await Promise.all([
      start(unborn, '--config', 'none.yaml'),
      start(unborn, '--config', unborn),
      start(unborn, '--listen', '8331'),
    ])
    expectRefusal(missing, { status: 1, says: /none\.yaml: .*no such file/ })
    expectRefusal(directory, { status: 1, says: /cannot be read: it is a directory/ })
    expectRefusal(listen, { status: 1, says: /--listen 8331: is no multiaddr/ })
  })
})

/** Two posts whose ids begin with the same six hex digits: about 5,000 tries find a pair. */
function lookalikes(on: Chain): readonly [MadeBlock, MadeBlock] {
  const seen = new Map<string, MadeBlock>()
  for (let n = 0; ; n++) {
    const made = post(on, { payload: String(n) })
    const digits = made.block.id.slice(0, 6)
    const other = seen.get(digits)
    if (other !== undefined) return [other, made]
    seen.set(digits, made)
  }
}

test('§3 an ambiguous id is refused with the ids that it may be, and one digit more decides', async () => {
  const key = '12'.repeat(32)
  const twins = chainNamed('$twins', key)
  const pair = lookalikes(twins)
  const dir = shell.path('twins')
  const disk = must(await openDatabase(dir))
  const replica = await Replica.open(
    { chain: twins, seed: 1 },
    { store: disk.chain(twins.id), clock: systemClock, log: silentLogger },
  )
  await replica.ingest(pair, 'here')
  await disk.close()

  const node = await shell.start(dir, '--port=0', ...LOOPBACK)
  await answer(node, ['chains', 'join', '$twins', key])
  const ids = pair.map(({ block }) => showId(1, block.id))
  expect((await answer(node, ['chain', '$twins', 'heads'])).split(' ').sort()).toEqual([...ids].sort())
  const [one = '', other = ''] = ids
  const refused = await to(node, ['chain', '$twins', 'get', 'payload', one.slice(2, 8)])
  expectRefusal(refused, { status: 1, says: /several blocks begin like this: .*; give more digits/ })
  for (const id of ids) expect(refused.err).toContain(id)
  let length = 8
  while (one.slice(0, length) === other.slice(0, length)) length += 1
  expect(await answer(node, ['chain', '$twins', 'get', 'payload', one.slice(0, length)])).toMatch(/^\d+$/)
})
