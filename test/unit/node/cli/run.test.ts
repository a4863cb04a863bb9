import { execFileSync } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ClientError } from '../../../../src/node/control/client/client-error.ts'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'
import { command, PUB, PVT, shell, type Told } from './rig.ts'

const ids = ['1_A5EF', '2_1B5C']
const results = {
  'host.stop': true,
  'host.now': 42,
  'keys.shared': { key: '8889BB' },
  'keys.pubpvt': { pub: 'EB172E', pvt: '96700A' },
  'chains.join': { id: '0_10EE' },
  'chains.invite': { invite: 'freechains:1:abc', peers: [], notes: [] },
  'chains.leave': true,
  'chains.list': [
    { name: '#a', id: '0_AA' },
    { name: '$b', id: '0_BB' },
  ],
  'chain.genesis': '0_10EE',
  'chain.heads': ids,
  'chain.traverse': ids,
  'chain.consensus': ['0_10EE', ...ids],
  'chain.get': Buffer.from('Bom Dia!').toString('base64'),
  'chain.post': { id: '1_A5EF', state: 'accepted' },
  'chain.missing': [
    { id: '1_A5EF', size: 70000, author: 'EB172E', why: 'nobody was asked yet' },
    { id: '2_1B5C', size: 9, why: '1 peer was asked' },
  ],
  'peer.list': [
    { id: '12D3', addresses: ['/ip4/10.0.0.2/tcp/8331'], connected: true },
    { addresses: ['/ip4/10.0.0.3/tcp/8331'], connected: false, why: 'nothing listens there', nextTryMs: 12_345 },
    {
      ...{ id: '12D4', addresses: ['/ip4/10.0.0.4/tcp/1', '/ip4/10.0.0.5/tcp/1'] },
      ...{ connected: false, why: 'it is being dialled', nextTryMs: 0 },
    },
  ],
  'peer.remove': { removed: ['/ip4/10.0.0.3/tcp/8331'], configured: [] },
  'peer.add': { id: '12D3', connected: true },
  'peer.ping': { ms: 3 },
  'peer.chains': [{ name: '#chat', id: '0_10EE' }],
  'peer.send': { new: 2, missing: 0 },
  'peer.recv': { new: 1, missing: 4 },
  'peer.check': [
    { step: 'resolve', state: 'ok', ms: 2, why: '/ip4/10.0.0.2/tcp/8331' },
    { step: 'dial', state: 'ok', ms: 31, why: 'something listens there' },
  ],
}
const events: readonly ControlEvent[] = [
  { chain: '#chat', id: '1_A5EF', height: 1, backs: [], kind: 'post' },
  { chain: '#chat', id: '2_FFFF', height: 2, backs: [], kind: 'withdrawn' },
  { chain: '#chat', id: '2_1B5C', height: 2, backs: [], kind: 'like' },
]

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const chat = { chain: '#chat' }
const post = { ...chat, text: 'Bom Dia!', author: PUB }

const FOUND = ['chain.founder', { chain: '0_10EE', find: true }]

describe('every command line parses, in every order, and prints just the answer', () => {
  test.each([
    // As the paper prints them.
    ['crypto pubpvt --new', 'keys.pubpvt', {}, 'EB172E 96700A\n'],
    ['chains join "#chat"', 'chains.join', { name: '#chat' }, '0_10EE\n'],
    ['chain "#chat" post inline "Bom Dia!" --sign=env:PVT', 'chain.post', post, '1_A5EF\n'],
    ['peer 10.0.0.2 send "#chat"', 'peer.send', { addr: '10.0.0.2', ...chat }, '2 / 0\n'],
    ['peer 10.0.0.2 recv "#chat"', 'peer.recv', { addr: '10.0.0.2', ...chat }, '1 / 4\n'],
    ['chain "#chat" genesis', 'chain.genesis', chat, '0_10EE\n'],
    [
      'chain "#chat" traverse all 0_10EE',
      'chain.traverse',
      { ...chat, from: ['0_10EE'], all: true },
      '1_A5EF 2_1B5C\n',
    ],
    ['chain "#chat" get payload 1_A5EF', 'chain.get', { ...chat, id: '1_A5EF', part: 'payload' }, 'Bom Dia!'],
    ['chain "#chat" listen', 'chain.listen', chat, '1_A5EF\n2_FFFF withdrawn\n2_1B5C\n'],
    ['chains join "$familia" 8889BB', 'chains.join', { name: '$familia', keys: ['8889BB'] }, '0_10EE\n'],
    ['chains join "@EB172E"', 'chains.join', { name: '@EB172E' }, '0_10EE\n'],
    ['chain "@EB172E" post inline "Bom Dia!" --sign=env:PVT', 'chain.post', { ...post, chain: '@EB172E' }, '1_A5EF\n'],
    // Options anywhere, values attached or not.
    ['--sign=env:PVT chain "#chat" post inline "Bom Dia!"', 'chain.post', post, '1_A5EF\n'],
    ['chain --sign env:PVT "#chat" post inline "Bom Dia!"', 'chain.post', post, '1_A5EF\n'],
    ['chain "#chat" --sign env:PVT post inline "Bom Dia!"', 'chain.post', post, '1_A5EF\n'],
    ['chain "#chat" post --sign=env:PVT inline "Bom Dia!"', 'chain.post', post, '1_A5EF\n'],
    ['chain "#chat" post inline --sign env:PVT -- "Bom Dia!"', 'chain.post', post, '1_A5EF\n'],
    [
      'chain "#chat" post inline --encrypt -- "--sign=x"',
      'chain.post',
      { ...chat, text: '--sign=x', encrypt: true },
      '1_A5EF\n',
    ],
    [
      'chain "#chat" post inline --type text/markdown --name=olá.md --reply-to 1_A5EF "# Olá"',
      'chain.post',
      { ...chat, text: '# Olá', type: 'text/markdown', name: 'olá.md', re: '1_A5EF' },
      '1_A5EF\n',
    ],
    // All other commands.
    ['stop', 'host.stop', {}, 'true\n'],
    ['now', 'host.now', {}, '42\n'],
    ['now 42', 'host.now', { ms: 42 }, '42\n'],
    ['keys shared --new', 'keys.shared', {}, '8889BB\n'],
    ['chains join freechains:1:abc', 'chains.join', { invite: 'freechains:1:abc' }, '0_10EE\n'],
    ['chains join FREECHAINS:1:ABC 88', 'chains.join', { invite: 'FREECHAINS:1:ABC', keys: ['88'] }, '0_10EE\n'],
    ['chains invite "#chat"', 'chains.invite', chat, 'freechains:1:abc\n'],
    ['chains --with-key invite "$b"', 'chains.invite', { chain: '$b', withKey: true }, 'freechains:1:abc\n'],
    ['chains leave "#chat"', 'chains.leave', { name: '#chat' }, 'true\n'],
    ['chains list', 'chains.list', {}, '#a 0_AA\n$b 0_BB\n'],
    ['chains list --json', 'chains.list', {}, '[{"name":"#a","id":"0_AA"},{"name":"$b","id":"0_BB"}]\n'],
    ['chains listen', 'chains.listen', {}, '#chat 1_A5EF\n#chat 2_FFFF withdrawn\n#chat 2_1B5C\n'],
    ['chain "#chat" heads', 'chain.heads', { ...chat, state: 'linked' }, '1_A5EF 2_1B5C\n'],
    ['chain "#chat" heads blocked --json', 'chain.heads', { ...chat, state: 'blocked' }, '["1_A5EF","2_1B5C"]\n'],
    ['chain "#" traverse 1_A 2_B', 'chain.traverse', { chain: '#', from: ['1_A', '2_B'] }, '1_A5EF 2_1B5C\n'],
    ['chain "#chat" traverse linked 1_A', 'chain.traverse', { ...chat, from: ['1_A'] }, '1_A5EF 2_1B5C\n'],
    ['chain 0_10EE consensus', 'chain.consensus', { chain: '0_10EE' }, '0_10EE 1_A5EF 2_1B5C\n'],
    [
      'chain "#chat" missing',
      'chain.missing',
      chat,
      '1_A5EF 70000 EB172E nobody was asked yet\n2_1B5C 9 unsigned 1 peer was asked\n',
    ],
    [
      'peer list',
      'peer.list',
      {},
      '12D3 connected /ip4/10.0.0.2/tcp/8331\n' +
        '- away /ip4/10.0.0.3/tcp/8331 (nothing listens there; next try in 13 s)\n' +
        '12D4 away /ip4/10.0.0.4/tcp/1 /ip4/10.0.0.5/tcp/1 (it is being dialled)\n',
    ],
    ['peer remove 10.0.0.3', 'peer.remove', { addr: '10.0.0.3' }, '/ip4/10.0.0.3/tcp/8331\n'],
    ['peer add /dns4/a.org/tcp/1', 'peer.add', { addr: '/dns4/a.org/tcp/1' }, '12D3\n'],
    ['peer [::1]:9 ping', 'peer.ping', { addr: '[::1]:9' }, '3\n'],
    [
      'peer 10.0.0.2 check "#chat"',
      'peer.check',
      { addr: '10.0.0.2', ...chat },
      'resolve   ok           2 ms  /ip4/10.0.0.2/tcp/8331\ndial      ok          31 ms  something listens there\n',
    ],
    ['peer 10.0.0.2 check', 'peer.check', { addr: '10.0.0.2' }, expect.stringContaining('resolve   ok') as string],
    ['peer check 10.0.0.2', 'peer.check', { addr: '10.0.0.2' }, expect.stringContaining('resolve   ok') as string],
    [
      'peer check 10.0.0.2 "#chat"',
      'peer.check',
      { addr: '10.0.0.2', ...chat },
      expect.stringContaining('resolve   ok') as string,
    ],
    ['peer check:8331 check', 'peer.check', { addr: 'check:8331' }, expect.stringContaining('resolve   ok') as string],
    ['peer 10.0.0.2 chains', 'peer.chains', { addr: '10.0.0.2' }, '#chat 0_10EE\n'],
  ])('%s', async (line, method, params, out) => {
    const outcome = await command(shell(line), { results, events })
    expect(outcome).toMatchObject({
      status: line.includes('listen') ? 130 : 0,
      err: '',
      // After a forum was joined, its founder is settled.
      calls: line.startsWith('chains join "#') ? [[method, params], FOUND] : [[method, params]],
      out,
    })
  })

  test('start has its own options, and --port is its control port', async () => {
    const line =
      'start /var/fcs/ --config c.yaml --port 9000 --listen /ip4/0.0.0.0/tcp/1 --listen=/ip4/0.0.0.0/tcp/2 --test-clock'
    expect((await command(shell(line))).started).toEqual([
      {
        dir: '/var/fcs/',
        configFile: 'c.yaml',
        controlPort: 9000,
        listen: ['/ip4/0.0.0.0/tcp/1', '/ip4/0.0.0.0/tcp/2'],
        testClock: true,
      },
    ])
    expect((await command(['start'])).started).toEqual([{ listen: [], testClock: false }])
  })

  test.each(['start --host=127.0.0.1:9000', '--host 10.0.0.2 start /var/fcs'])(
    '%s is refused, and says where to set it',
    async (line) => {
      const outcome = await command(shell(line))
      expect(outcome).toMatchObject({ status: 2, out: '', started: [] })
      expect(outcome.err).toMatch(/^freechains: start takes no --host: .*`control: .* in the config file.*\n$/)
    },
  )

  test('--host and --port that contradict each other are refused, both named', async () => {
    const outcome = await command(shell('--host=127.0.0.1:9000 --port=9001 now'))
    expect(outcome).toMatchObject({ status: 2, out: '', endpoints: [] })
    expect(outcome.err).toMatch(/^freechains: --host says port 9000 and --port says 9001: .*\n$/)
  })

  test.each([
    ['now', { host: '127.0.0.1', port: 8330 }],
    ['now --port=9000', { host: '127.0.0.1', port: 9000 }],
    ['--host 127.0.0.2:9001 now', { host: '127.0.0.2', port: 9001 }],
    ['--host=[::1]:9001 now', { host: '::1', port: 9001 }],
    ['--host=localhost --port=9001 now', { host: 'localhost', port: 9001 }],
    ['--host=localhost:9001 --port=9001 now', { host: 'localhost', port: 9001 }],
    ['--host=localhost now', { host: 'localhost', port: 8330 }],
  ])('%s goes to the daemon there', async (line, endpoint) => {
    expect((await command(shell(line), { results })).endpoints).toEqual([endpoint])
  })
})

describe('how it ends', () => {
  test.each([
    ['frobnicate'],
    [''],
    ['now soon'],
    ['now --port=99999'],
    ['--host=a:b:c now'],
    ['crypto pubpvt'],
    ['crypto secret x'],
    ['chain'],
    ['chain post inline hi'],
    ['chain "" post inline hi'],
    ['chain "#chat"'],
    ['chain "#chat" post inline'],
    ['chain "#chat" post inline --nosuch'],
    ['chain "#chat" post inline two words'],
    ['chain "#chat" post -- - more'],
    ['chain "#chat" traverse all'],
    ['chain "#chat" heads sideways'],
    ['chain "#chat" get payload 1_A file'],
    ['peer'],
    ['peer 10.0.0.2'],
    ['peer 10.0.0.2 send'],
  ])('usage error, exit status 2, nothing on stdout, nothing asked: %s', async (line) => {
    const { status, out, err, calls } = await command(shell(line), { results })
    expect({ status, out, calls }).toEqual({ status: 2, out: '', calls: [] })
    expect(err).not.toBe('')
  })

  test.each([
    [['chains', 'join', ''], 'which chain?', 'chains join'],
    [['chains', 'join', '$g', ''], 'which key?', 'chains join'],
    [['chains', 'leave', ''], 'which chain?', 'chains leave'],
    [['chains', 'invite', ''], 'which chain?', 'chains invite'],
    [['peer', 'add', ''], 'which address?', 'peer add'],
    [['peer', '10.0.0.2', 'send', ''], 'which chain?', 'peer send'],
    [['chain', '#chat', 'get', 'block', ''], 'which id?', 'chain get'],
    [['chain', '#chat', 'traverse', 'all', ''], 'which id?', 'chain traverse'],
    [['chain', '#chat', 'like', '', '--sign=96'], 'which id?', 'chain like'],
    [['chain', '#chat', 'like', '1_A5EF', '--sign='], 'which key?', 'chain like'],
    [['chain', '#chat', 'reps', ''], 'which id, key or name?', 'chain reps'],
    [['chain', '#chat', 'traverse'], "missing required argument 'ids'", 'chain traverse'],
    [['frobnicate'], "unknown command 'frobnicate'", ''],
  ])(
    'what is empty, missing or unknown is asked for in our own words, and where the help is: %j',
    async (argv, says, path) => {
      expect(await command(argv, { results })).toMatchObject({
        ...{ status: 2, out: '', calls: [] },
        err: `freechains: ${says} (see freechains ${path === '' ? '' : `${path} `}--help)\n`,
      })
    },
  )

  test.each([
    ...[
      'KEY',
      'chain KEY log',
      'chain "#KEY" log',
      'chains join KEY',
      'chains leave',
      'chain "#chat" KEY',
      '--port=KEY info',
    ],
    ...[
      'now KEY',
      'names add KEY bob',
      'names add KEY KEY',
      'names remove KEY',
      'chain "#chat" reps -- -KEY',
      'chain KEY',
    ],
    ...[
      'chain "#chat" reps x-KEY',
      'chain "#chat" get KEY 1',
      'chain "#chat" log --last KEY',
      'chain "#chat" log --KEY',
    ],
    ...['chain "#chat" log --lens --trust KEY', 'peer list KEY', 'info KEY', 'crypto KEY x', 'help KEY', 'check a KEY'],
  ])('a private key that stands where none is expected does not come back: %s', async (line) => {
    const key = 'a7'.repeat(64)
    const home = await tempDir()
    const failed = new ClientError('chain-not-found', `no chain “#${key}” is joined here`)
    const daemon = { results: { 'chain.blocks': failed, 'chain.status': failed }, env: { HOME: home } }
    const { out, err, status } = await command(shell(line.replaceAll('KEY', key)), daemon)
    expect(status).not.toBe(0)
    expect(out + err).not.toContain(key.slice(0, 20))
  })

  test('an error is one line with exit status 1', async () => {
    const failed = new ClientError('chain-not-found', 'no chain #chat')
    const outcome = await command(['chain', '#chat', 'genesis'], { results: { 'chain.genesis': failed } })
    expect(outcome).toMatchObject({ status: 1, out: '', err: 'freechains: no chain #chat\n' })
    const alone = await command(['now'], { connectError: new ClientError('no-daemon', 'no daemon answers') })
    expect(alone).toMatchObject({ status: 1, out: '', err: 'freechains: no daemon answers\n' })
  })

  test.each([
    ['--help'],
    ['chain --help'],
    ['chain "#chat" post --help'],
    ['peer --help'],
    ['start -h'],
    ['--version'],
  ])('%s is answered on stdout with exit status 0', async (line) => {
    const { status, out, err } = await command(shell(line))
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out.length).toBeGreaterThan(4)
  })

  test('Ctrl-C ends with 130 and says nothing', async () => {
    const interrupt = new AbortController()
    interrupt.abort()
    const lost = new ClientError('aborted', 'the call was given up')
    const outcome = await command(['now'], { results: { 'host.now': lost }, interrupt: interrupt.signal })
    expect(outcome).toMatchObject({ status: 130, out: '', err: '' })
  })

  test('a reader of stdout that leaves ends listen cleanly', async () => {
    const outcome = await command(['chain', '#chat', 'listen'], { events, readerLeavesAfter: 1 })
    expect(outcome).toMatchObject({ status: 0, out: '1_A5EF\n', err: '' })
  })

  describe.each([['chain "#chat" listen'], ['chains listen'], ['chain "#chat" log --follow']])('%s', (line) => {
    const quiet = { ...results, 'chain.status': { held: 0 }, 'chain.blocks': [] }
    const daemon = { results: quiet, env: { HOME: '/nowhere' } }

    test('says once that the daemon went, and that it is back, and goes on', async () => {
      const gone = ({ onAway, onBack }: Told): void => {
        onAway?.('no daemon answers')
        onBack?.()
      }
      const outcome = await command(shell(line), { ...daemon, events: [gone, events[0]!] })
      expect(outcome).toMatchObject({
        status: 130,
        err: 'freechains: connection lost, trying again …\nfreechains: connected again\n',
      })
      if (line.includes('listen')) expect(outcome.out).toContain('1_A5EF')
    })

    test('ends at once where there is no daemon', async () => {
      const connectError = new ClientError('no-daemon', 'no daemon answers')
      expect(await command(shell(line), { ...daemon, connectError })).toMatchObject({
        status: 1,
        err: 'freechains: no daemon answers\n',
      })
    })

    test('ends when what came meanwhile cannot be told, and says why', async () => {
      const lost = new ClientError('block-not-found', 'begin anew with an empty cursor')
      const { status, err } = await command(shell(line), { ...daemon, lost })
      expect([status, err]).toEqual([
        1,
        expect.stringMatching(/cannot be told: the chain was left and joined again, .*; ask again\n$/),
      ])
    })
  })

  test.each([
    ['chain "#chat" listen', '0_10EE removed\n'],
    ['chain "#chat" listen --json', '{"chain":"#chat","id":"0_10EE","height":0,"backs":[],"kind":"removed"}\n'],
    ['chain "#chat" log --follow', ''],
    ['chain "#chat" log --follow --json', '{"chain":"#chat","id":"0_10EE","height":0,"backs":[],"kind":"removed"}\n'],
  ])('%s says that the chain was left, and ends with 1', async (line, out) => {
    const removed: ControlEvent = { chain: '#chat', id: '0_10EE', height: 0, backs: [], kind: 'removed' }
    const quiet = { ...results, 'chain.status': { held: 0 }, 'chain.blocks': [] }
    expect(await command(shell(line), { results: quiet, env: { HOME: '/nowhere' }, events: [removed] })).toMatchObject({
      ...{ status: 1, out },
      err: line.includes('--json')
        ? '{"error":{"code":"failed","message":"the chain was left: nothing more comes of it"}}\n'
        : 'freechains: the chain was left: nothing more comes of it\n',
    })
  })

  test('with --json listen prints every event', async () => {
    const { out } = await command(['chains', 'listen', '--json'], { events })
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(events)
  })
})

test('peer add of a peer that is not there yet prints no id, and says so', async () => {
  const added = { 'peer.add': { connected: false } }
  const says = 'freechains: not connected yet: it is tried again until it answers\n'
  expect(await command(['peer', 'add', '10.0.0.2'], { results: added })).toMatchObject({
    status: 0,
    out: '',
    err: says,
  })
})

describe('keys', () => {
  test('a group is founded with a random key, which is not printed, and how to invite is said', async () => {
    const results = { 'chains.join': { id: '0_AA', name: '$family' } }
    const { out, err, calls } = await command(shell("chains join '$family' --new-key"), { results })
    expect([out, calls]).toEqual(['0_AA\n', [['chains.join', { name: '$family', newKey: true }]]])
    expect(err).toContain("freechains chains invite '$family' --with-key")
  })

  test('a random pair needs no passphrase; what the daemon thinks of a passphrase is said on stderr', async () => {
    const results = { 'keys.pubpvt': { pub: 'A', pvt: 'B', warning: 'the passphrase is weak' } }
    const fresh = await command(shell('crypto pubpvt --new'), { results })
    expect([fresh.out, fresh.calls]).toEqual(['A B\n', [['keys.pubpvt', {}]]])
    expect(fresh.err).toBe('freechains: warning: the passphrase is weak\n')
    for (const line of ['crypto pubpvt', 'crypto pubpvt x --new'])
      expect(await command(shell(line), { results })).toMatchObject({ status: 2, calls: [] })
  })
})

describe('sharing a chain', () => {
  test('what there is to know about an invite is said on stderr, a line each', async () => {
    const notes = ['the key is in it', 'it works here only']
    const made = { 'chains.invite': { invite: 'freechains:1:abc', peers: [], notes } }
    expect(await command(['chains', 'invite', '$b', '--with-key'], { results: made })).toMatchObject({
      status: 0,
      out: 'freechains:1:abc\n',
      err: notes.map((note) => `freechains: ${note}\n`).join(''),
    })
  })

  test('an invite comes from stdin with -, for the key in it is not to stand on the command line', async () => {
    const joined = await command(['chains', 'join', '-'], { results, stdin: 'freechains:1:abc\n' })
    expect(joined.calls).toEqual([['chains.join', { invite: 'freechains:1:abc' }]])
  })

  test('who joins by an invite is told on stderr which chain it is', async () => {
    const joined = { 'chains.join': { id: '0_10EE', name: '#chat', notes: ['one peer was left out'] } }
    const invited = await command(['chains', 'join', 'freechains:1:abc'], { results: joined })
    const err = 'freechains: joined #chat\nfreechains: one peer was left out\n'
    expect(invited).toMatchObject({ status: 0, out: '0_10EE\n', err })
  })

  test('whom a forum follows, and whom peers follow; with a key, it chooses', async () => {
    const founders = [{ pub: 'AA', blocks: 3, peers: ['ann', 'bob'] }]
    const open = await command(shell(`chain '#chat' founder`), { results: { 'chain.founder': { founders } } })
    expect(open.out).toBe('follows:  nobody yet\nseen:     AA 3 blocks at ann, bob\n')
    const chosen = await command(shell(`chain '#chat' founder AA`), {
      results: { 'chain.founder': { founder: 'AA', founders: [] } },
    })
    expect(chosen).toMatchObject({ out: 'follows:  AA\n', calls: [['chain.founder', { chain: '#chat', pub: 'AA' }]] })
  })
})

test('a check in which a step fails prints every step, says what to do on stderr, and ends with 1', async () => {
  const steps = [
    { step: 'resolve', state: 'ok', ms: 0, why: 'an address' },
    { step: 'dial', state: 'failed', ms: 1, why: 'nothing listens', fix: 'start the node' },
    { step: 'noise', state: 'skipped', ms: 0, why: 'a step before it failed' },
  ]
  const line = ['peer', '10.0.0.2', 'check']
  const failed = await command(line, { results: { 'peer.check': steps } })
  expect(failed).toMatchObject({ status: 1, err: 'freechains: dial failed: start the node\n' })
  expect(failed.out.split('\n')).toEqual([
    'resolve   ok           0 ms  an address',
    'dial      failed       1 ms  nothing listens',
    'noise     skipped      0 ms  a step before it failed',
    '',
  ])
  const json = await command([...line, '--json'], { results: { 'peer.check': steps } })
  expect(json.status).toBe(1)
  expect(JSON.parse(json.out)).toEqual(steps)
})

describe('posting', () => {
  test('a held post prints its id on stdout, and what happened on stderr', async () => {
    const held = { 'chain.post': { id: '1_A5EF', state: 'held', why: 'no reputation' } }
    const outcome = await command(['chain', '#chat', 'post', 'inline', 'x'], { results: held })
    expect(outcome).toMatchObject({ status: 0, out: '1_A5EF\n' })
    expect(outcome.err).toBe('freechains: no reputation\n')
  })

  test('the message and the passphrase come from stdin with -', async () => {
    const posted = await command(['chain', '#chat', 'post', '-'], { results, stdin: 'a\nb\n' })
    expect(posted.calls).toEqual([['chain.post', { ...chat, payload: Buffer.from('a\nb\n').toString('base64') }]])
    const made = await command(['crypto', 'shared', '-'], { results, stdin: 'my passphrase\n' })
    expect(made.calls).toEqual([['keys.shared', { passphrase: 'my passphrase' }]])
  })

  test('keys come from a file or the environment', async () => {
    const file = join(await tempDir(), 'key')
    await writeFile(file, `${PUB} ${PVT}\n`)
    const post = ['chain', '#chat', 'post', 'inline', 'x']
    const fromFile = await command([...post, `--sign=@${file}`], { results })
    const fromEnv = await command([...post, '--sign', 'env:KEY'], { results, env: { KEY: PVT } })
    for (const { calls } of [fromFile, fromEnv]) {
      expect(calls).toEqual([['chain.post', { ...chat, text: 'x', author: PUB }]])
    }
    const joined = await command(['chains', 'join', '$g', 'env:KEY'], { results, env: { KEY: 'AB' } })
    expect(joined.calls).toEqual([['chains.join', { name: '$g', keys: ['AB'] }]])
    for (const where of ['@/nowhere/at/all', 'env:NOTHING']) {
      expect(await command([...post, '--sign', where], { results })).toMatchObject({ status: 1, calls: [] })
    }
  })

  test('a file is posted byte for byte; one that cannot be read posts nothing', async () => {
    const file = join(await tempDir(), 'payload')
    await writeFile(file, Buffer.from([0, 255, 10]))
    const posted = await command(['chain', '#chat', 'post', 'file', file], { results })
    expect(posted.calls).toEqual([['chain.post', { ...chat, payload: 'AP8K', name: 'payload' }]])
    const missing = await command(['chain', '#chat', 'post', 'file', `${file}x`], { results })
    expect(missing).toMatchObject({
      status: 1,
      calls: [],
      err: `freechains: cannot read ${file}x: no such file or directory\n`,
    })
  })
})

describe('get to a file', () => {
  test('the file is written whole, and nothing else is left beside it', async () => {
    const dir = await tempDir()
    const path = join(dir, 'out')
    const outcome = await command(['chain', '#chat', 'get', 'payload', '1_A5EF', 'file', path], { results })
    expect(outcome).toMatchObject({ status: 0, out: '' })
    expect(await readFile(path, 'utf8')).toBe('Bom Dia!')
    expect(await readdir(dir)).toEqual(['out'])
    const told = await command(['chain', '#chat', 'get', 'payload', '1_A5EF', 'file', path, '--json'], { results })
    expect(JSON.parse(told.out)).toEqual({ path, bytes: 8 })
  })

  const get = (path: string): string[] => ['chain', '#chat', 'get', 'payload', '1_A5EF', 'file', path]

  test('a FIFO that is there is written into, and stays', async () => {
    const dir = await tempDir()
    const fifo = join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    const [outcome, read] = await Promise.all([command(get(fifo), { results }), readFile(fifo, 'utf8')])
    expect([outcome.status, outcome.err, read]).toEqual([0, '', 'Bom Dia!'])
    expect((await lstat(fifo)).isFIFO()).toBe(true)
    expect(await readdir(dir)).toEqual(['fifo'])
  })

  test('a symlink stays, and what it leads to is written, be it there or not', async () => {
    const dir = await tempDir()
    await mkdir(join(dir, 'far'))
    await writeFile(join(dir, 'far', 'there'), 'old')
    for (const name of ['there', 'new']) {
      await symlink(`far/${name}`, join(dir, name))
      await symlink(name, join(dir, `${name}-too`))
      expect(await command(get(join(dir, `${name}-too`)), { results })).toMatchObject({ status: 0, err: '' })
      expect((await lstat(join(dir, name))).isSymbolicLink()).toBe(true)
      expect((await lstat(join(dir, `${name}-too`))).isSymbolicLink()).toBe(true)
      expect(await readFile(join(dir, 'far', name), 'utf8')).toBe('Bom Dia!')
    }
    expect((await readdir(join(dir, 'far'))).sort()).toEqual(['new', 'there'])
  })

  test.each([0o600, 0o640, 0o666, 0o755])('a file that is there keeps its mode %i', async (mode) => {
    const path = join(await tempDir(), 'out')
    await writeFile(path, 'old')
    await chmod(path, mode)
    expect(await command(get(path), { results })).toMatchObject({ status: 0 })
    expect((await stat(path)).mode & 0o7777).toBe(mode)
    expect(await readFile(path, 'utf8')).toBe('Bom Dia!')
  })

  test('file - is stdout', async () => {
    expect(await command(get('-'), { results })).toMatchObject({ status: 0, out: 'Bom Dia!', err: '' })
  })

  test('when it fails, the old file is untouched and no half file is left', async () => {
    const dir = await tempDir()
    const path = join(dir, 'out')
    await writeFile(path, 'old')
    const failed = { 'chain.get': new ClientError('payload-missing', 'not here yet') }
    const outcome = await command(['chain', '#chat', 'get', 'payload', '1_A5EF', 'file', path], { results: failed })
    expect(outcome.status).toBe(1)
    const nowhere = await command(['chain', '#chat', 'get', 'payload', '1_A5EF', 'file', join(dir, 'no', 'x')], {
      results,
    })
    expect(nowhere.status).toBe(1)
    expect(await readdir(dir)).toEqual(['out'])
    expect(await readFile(path, 'utf8')).toBe('old')
  })
})
