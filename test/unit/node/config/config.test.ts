import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import type { NodeConfig, NodeConfigChain } from '../../../../src/node/config/node-config.ts'
import type { configSchema } from '../../../../src/node/config/schema.ts'
import { configFaultLines } from '../../../../src/node/config/faults.ts'
import { nearest } from '../../../../src/node/config/problems.ts'
import {
  checkConfig,
  loadConfig,
  reloadConfig,
  type Config,
  type LoadConfigOptions,
} from '../../../../src/node/config/config.ts'

const KEY = 'AB'.repeat(32)
const OTHER_KEY = 'CD'.repeat(32)
const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const ENV = { HOME: '/home/someone' }
const EXAMPLE = join(import.meta.dirname, '../../../../config/freechains.yaml')

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'freechains-config-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

/** Writes a file, with mode 0600 by default. */
function put(name: string, text: string | Uint8Array, mode = 0o600): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

function load(yaml: string, options: Omit<LoadConfigOptions, 'file'> = {}): Config {
  const loaded = loadConfig({ file: put('node.yaml', yaml), env: ENV, ...options })
  if (!loaded.ok) expect.unreachable(configFaultLines(loaded.fault).join('\n'))
  return loaded.value
}

/** The fault's lines without the file's directory. */
function complaints(yaml: string | Uint8Array, options: Omit<LoadConfigOptions, 'file'> = {}): readonly string[] {
  const loaded = loadConfig({ file: put('node.yaml', yaml), env: ENV, ...options })
  if (loaded.ok) expect.unreachable('this file should have been refused')
  return configFaultLines(loaded.fault).map((line) => line.replaceAll(`${dir}/`, ''))
}

describe('defaults', () => {
  test('--port alone moves the other ports along, so that a second node on a machine starts by it', () => {
    const moved = (controlPort: string, text = '') => {
      const { control, listen, web } = load(text, { overrides: { controlPort } })
      return [control.port, ...listen, web === false ? 'off' : web.port]
    }
    expect(moved('8340')).toEqual([8340, '/ip4/0.0.0.0/tcp/8341', '/ip6/::/tcp/8341', 8342])
    expect(moved('0')).toEqual([0, '/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0', 0])
    expect(moved('65535')).toEqual([65_535, '/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0', 0])
    const told = 'listen: [/ip4/127.0.0.1/tcp/9]\nweb: false'
    expect(moved('8340', told)).toEqual([8340, '/ip4/127.0.0.1/tcp/9', 'off'])
    expect(load("control: '127.0.0.1:8340'").listen[0]).toBe('/ip4/0.0.0.0/tcp/8331')
  })

  test('without a file, and from one that is empty or holds comments alone, every key has its default', () => {
    const bare = loadConfig({ env: ENV })
    expect(bare).toEqual({
      ok: true,
      value: {
        dataDir: '/home/someone/.local/share/freechains',
        listen: ['/ip4/0.0.0.0/tcp/8331', '/ip6/::/tcp/8331'],
        announce: [],
        appendAnnounce: [],
        bootstrap: [],
        peers: [],
        discovery: { dht: true, mdns: true, remembered: true },
        control: { host: '127.0.0.1', port: 8330 },
        allowRemoteControl: false,
        web: { host: '127.0.0.1', port: 8332 },
        logLevel: 'info',
        trustedProxies: [],
        limits: { maxConnections: 300, inboundConnectionsPerSecond: 5 },
        storage: { maxChainMiB: 0, maxMiB: 0, minFreeMiB: 64 },
        hidden: { keepDays: 30 },
        chains: [],
        founders: {},
        warnings: [],
        welcome: {},
      },
    })
    for (const text of ['', '\n', '# nothing\n', '---\n']) {
      const { file, ...rest } = load(text)
      expect(file).toBe(join(dir, 'node.yaml'))
      expect({ ok: true, value: rest }).toEqual(bare)
    }
  })

  test('the example file spells out the defaults', () => {
    const example = loadConfig({ file: EXAMPLE, env: ENV })
    const bare = loadConfig({ env: ENV })
    expect(example).toEqual({ ok: true, value: bare.ok && { ...bare.value, file: EXAMPLE } })
  })

  test('what the example file has commented out works as it stands', () => {
    put('family.key', `${KEY}\n`)
    const text = readFileSync(EXAMPLE, 'utf8')
    const [before = '', chains = ''] = text.split('chains: []\n')
    const config = load(`${before.replace('# dataDir', 'dataDir')}chains:\n${chains.replaceAll(/^# /gm, '  ')}`)
    expect(config.chains.map((chain) => chain.params.kind)).toEqual([
      'forum',
      'forum',
      'group',
      'identity',
      'owner-only',
    ])
    expect(config.dataDir).toBe('/home/someone/.local/share/freechains')
  })

  test('XDG_DATA_HOME moves the data directory, unless it is relative', () => {
    const at = (home: string) => {
      const loaded = loadConfig({ env: { ...ENV, XDG_DATA_HOME: home } })
      return loaded.ok && loaded.value.dataDir
    }
    expect(at('/srv/data')).toBe('/srv/data/freechains')
    expect(at('data')).toBe('/home/someone/.local/share/freechains')
  })

  test('a list, or a map of switches, whose entries are all commented out is as if left out', () => {
    const config = load('chains:\n#  - name: "#x"\npeers:\nbootstrap:\nlimits: {}\n')
    expect([config.chains, config.peers, config.bootstrap]).toEqual([[], [], []])
  })

  test('§2 the name of a chain may be in any script, and however its accents are composed', () => {
    const config = load('chains:\n  - name: "#ola\u0301"\n  - name: "#日本"\n')
    expect(config.chains.map((chain) => chain.params.name)).toEqual(['#olá', '#日本'])
  })

  test('the configuration is frozen', () => {
    const config = load('peers: []')
    expect(() => {
      Object.assign(config, { logLevel: 'debug' })
    }).toThrow(TypeError)
    expect(() => {
      Object.assign(config.control, { host: '0.0.0.0' })
    }).toThrow(TypeError)
    expect(Object.isFrozen(config.listen) && Object.isFrozen(config.chains)).toBe(true)
  })
})

describe('places', () => {
  test('in the file `~` is the home and a relative path starts at the file', () => {
    expect(load('dataDir: ~/node').dataDir).toBe('/home/someone/node')
    expect(load('dataDir: data/node').dataDir).toBe(join(dir, 'data/node'))
    expect(load('dataDir: /srv/node').dataDir).toBe('/srv/node')
  })

  test('arguments of the command line win over the file', () => {
    const overrides = { dataDir: '/elsewhere', controlPort: '9000', listen: ['/ip4/127.0.0.1/tcp/0'] }
    const config = load(
      'dataDir: /srv/node\ncontrol: "127.0.0.2:8330"\nlisten: [/ip4/10.0.0.1/tcp/1]\nlogLevel: warn',
      {
        overrides,
      },
    )
    expect(config.dataDir).toBe('/elsewhere')
    expect(config.control).toEqual({ host: '127.0.0.2', port: 9000 })
    expect(config.listen).toEqual(['/ip4/127.0.0.1/tcp/0'])
    expect(config.logLevel).toBe('warn')
  })

  test('a relative data directory of the command line starts at the working directory', () => {
    expect(load('', { overrides: { dataDir: 'here' } }).dataDir).toBe(join(process.cwd(), 'here'))
  })

  test('trusted proxies are addresses and ranges, and nothing else', () => {
    expect(load('trustedProxies: [127.0.0.1, "2001:db8::/32", 10.0.0.0/8]\n').trustedProxies).toHaveLength(3)
    expect(load('trustedProxies:\n').trustedProxies).toEqual([])
    const wrong = complaints('trustedProxies: [10.0.0.0/33, proxy]\n')
    expect(wrong).toHaveLength(2)
    for (const [n, line] of wrong.entries())
      expect(line).toContain(`trustedProxies[${String(n)}]: is no IP address and no range; write an IP address`)
  })

  test('bad arguments are named, together with what is wrong in the file', () => {
    const overrides = { dataDir: '', controlPort: '70000', listen: ['nonsense'] }
    const lines = complaints('logLevel: loud', { overrides })
    expect(lines).toHaveLength(4)
    expect(lines[0]).toMatch(/^node\.yaml:1:11: logLevel: /)
    expect(lines[1]).toMatch(/^data directory: is empty; /)
    expect(lines[2]).toMatch(/^--listen nonsense: is no multiaddr; /)
    expect(lines[3]).toMatch(/^--port: is no port; write a number of 0 … 65535$/)
    for (const controlPort of ['', '-1', '1.5', ' 80', '0x50', 65_536]) {
      expect(loadConfig({ env: ENV, overrides: { controlPort } }).ok, String(controlPort)).toBe(false)
    }
  })
})

describe('problems name line, column and key', () => {
  test.each([
    ['discovery:\n  mdsn: false', 'node.yaml:2:3: discovery.mdsn: unknown key; did you mean "mdns"?'],
    ['data-dir: /srv', 'node.yaml:1:1: data-dir: unknown key; did you mean "dataDir"?'],
    ['\nbootstarp: []', 'node.yaml:2:1: bootstarp: unknown key; did you mean "bootstrap"?'],
    ['mdns: false', 'node.yaml:1:1: mdns: unknown key; did you mean "discovery.mdns"?'],
    [
      'discovery: {relay: true}',
      'node.yaml:1:13: discovery.relay: unknown key; remove it; the keys here are dht, mdns, remembered',
    ],
    [
      'chains:\n  - name: "#a"\n    pionere: []',
      'node.yaml:3:5: chains[0].pionere: unknown key; did you mean "pioneers"?',
    ],
    ['logLevel: loud', 'node.yaml:1:11: logLevel: is not one of the values allowed; write debug, info, warn, error'],
    ['logLevel:', 'node.yaml:1:10: logLevel: is empty; write debug, info, warn, error'],
    ['discovery:\n  dht: "no"', 'node.yaml:2:8: discovery.dht: is a text; write true or false'],
    [
      'limits:\n  maxConnections: 0',
      'node.yaml:2:19: limits.maxConnections: is not one of the values allowed; write a whole number of 1 … 10000',
    ],
    [
      'limits:\n  maxConnections: 2.5',
      'node.yaml:2:19: limits.maxConnections: is a number; write a whole number of 1 … 10000',
    ],
    [
      'storage:\n  maxChainMiB: 1.5',
      'node.yaml:2:16: storage.maxChainMiB: is a number; write a whole number of 0 … 1000000000; 0: no limit',
    ],
    [
      'hidden:\n  keepDays: -1',
      'node.yaml:2:13: hidden.keepDays: is not one of the values allowed; write a whole number of 0 … 36500',
    ],
    ['- a\n- b', 'node.yaml:1:1: is a list; write keys with values, such as "logLevel: info"'],
    [
      'listen: /ip4/0.0.0.0/tcp/1',
      'node.yaml:1:9: listen: is a text; write a list of addresses, such as [/ip4/0.0.0.0/tcp/8331], or [] for none',
    ],
    ['control: 8330', 'node.yaml:1:10: control: is a number; write an address and a port, such as "127.0.0.1:8330"'],
    [
      'chains:\n  - pioneers: []',
      'node.yaml:2:5: chains[0].name: is missing; write a name in quotes, such as "#chat": outside quotes # begins a comment',
    ],
    [
      'chains:\n  - name: #chat',
      'node.yaml:2:11: chains[0].name: is empty; write a name in quotes, such as "#chat": outside quotes # begins a comment',
    ],
  ])('%j', (yaml, expected) => {
    expect(complaints(yaml)).toEqual([expected])
  })

  test('all problems are told at once, in the order of the file', () => {
    const lines = complaints('chains:\n  - name: chat\nlogLevel: loud\ncontrol: "0.0.0.0:1"\npears: []\n')
    expect(lines.map((line) => line.split(': ').slice(0, 2))).toEqual([
      ['node.yaml:2:11', 'chains[0].name'],
      ['node.yaml:3:11', 'logLevel'],
      ['node.yaml:4:10', 'control'],
      ['node.yaml:5:1', 'pears'],
    ])
  })

  test('a name that resembles nothing has no suggestion', () => {
    expect(nearest('zebra', ['listen', 'peers'])).toBeUndefined()
    expect(nearest('peres', ['listen', 'peers'])).toBe('peers')
    expect(nearest('anounce', ['appendAnnounce', 'announce'])).toBe('announce')
  })
})

describe('YAML', () => {
  test.each([
    ['peers: [1\nlogLevel: info', /^node\.yaml:2:1: is not valid YAML: /],
    ['chains:\n  - name: @KEY', /^node\.yaml:2:11: is not valid YAML: .* put the value in quotes$/],
    ['peers: []\npeers: []', /^node\.yaml:2:1: is not valid YAML: .* remove one of the two$/],
    ['\tpeers: []', /^node\.yaml:1:1: is not valid YAML: .* indent with spaces$/],
    ['peers: []\n---\npeers: []', /^node\.yaml:2:1: is not valid YAML: /],
    ['logLevel: !loud info', /^node\.yaml:1:11: is not valid YAML: /],
    ['peers: []\nlogLevel: *nothing', /^node\.yaml:2:11: is an alias \(\*\) of nothing before it; /],
    ['peers: "\nabc', /^node\.yaml:2:4: is not valid YAML: /],
  ])('%j is refused with its line', (yaml, expected) => {
    expect(complaints(yaml)[0]).toMatch(expected)
  })

  test('aliases serve honest use and cannot unfold without bound', () => {
    const dial = `/ip4/1.2.3.4/tcp/1/p2p/${PEER}`
    expect(load(`bootstrap: &all [${dial}]\npeers: *all`).peers).toEqual([dial])
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefgh'.split('').map((name, n) => {
        const before = `*${'abcdefg'.charAt(n)}`
        return `${name}: &${name} [${Array(9).fill(before).join(',')}]`
      }),
    ]
    expect(complaints(bomb.join('\n'))[0]).toMatch(/^node\.yaml:2:8: is the first of too many aliases/)
    expect(complaints('peers: &me [*me]')[0]).toMatch(/^node\.yaml:1:13: peers\[0\]: is a list; /)
  })

  test.each([
    '['.repeat(60_000),
    '- '.repeat(60_000),
    '{a: '.repeat(60_000),
    Array.from({ length: 500 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
  ])('a nest without end is refused, not followed (%#)', (yaml) => {
    expect(complaints(yaml)).toEqual([expect.stringMatching(/^node\.yaml:\d+:1: is nested too deep; /)])
  })

  test('a syntax error beside a key does not print the key', () => {
    for (const yaml of [
      `chains:\n  - name: "$g"\n    key: "${KEY}`,
      `chains:\n  - name: "$g"\n    key: *${KEY}`,
      `key: !${KEY} x`,
      `${KEY}\nx: 1`,
    ]) {
      expect(complaints(yaml).join('\n')).not.toContain('ABABABAB')
    }
  })
})

describe('files', () => {
  test('a file that is missing, a directory, too large or no text is named', () => {
    const why = (file: string) => {
      const loaded = loadConfig({ file, env: ENV })
      return !loaded.ok && configFaultLines(loaded.fault)
    }
    expect(why(join(dir, 'none.yaml'))).toEqual([`${join(dir, 'none.yaml')}: cannot be read: no such file`])
    expect(why(dir)).toEqual([`${dir}: cannot be read: it is a directory`])
    expect(why(put('big.yaml', '#'.repeat(1024 * 1024 + 1)))).toEqual([
      `${join(dir, 'big.yaml')}: is larger than 1024 KiB`,
    ])
    expect(why(put('raw.yaml', Uint8Array.of(0x61, 0xff, 0xfe)))).toEqual([
      `${join(dir, 'raw.yaml')}: is not UTF-8 text`,
    ])
  })

  test('a file that may not be read is named', ({ skip }) => {
    skip(process.getuid?.() === 0, 'root reads every file')
    const loaded = loadConfig({ file: put('closed.yaml', '', 0o000), env: ENV })
    expect(!loaded.ok && configFaultLines(loaded.fault)[0]).toMatch(/permission denied$/)
  })
})

describe('addresses', () => {
  test.each([
    `/ip4/1.2.3.4/tcp/8331/p2p/${PEER}`,
    `/ip6/::1/tcp/8331/p2p/${PEER}`,
    `/dns4/node.example.org/tcp/8331/p2p/${PEER}`,
    `/dnsaddr/example.org/p2p/${PEER}`,
    `/ip6zone/eth0/ip6/fe80::1/tcp/1/p2p/${PEER}`,
  ])('a peer may be %s', (address) => {
    expect(load(`peers:\n  - ${address}\nbootstrap: [${address}]`).peers).toEqual([address])
  })

  test.each([
    ['peers', '/ip4/1.2.3.4/tcp/8331', /does not end in \/p2p\/ID; append \/p2p\/ and the peer id/],
    ['bootstrap', '/dns4/example.org/tcp/8331', /does not end in \/p2p\/ID/],
    ['peers', '/ip4/1.2.3.4/tcp/8331/p2p/xyz', /is no peer id/],
    ['peers', `/ip4/1.2.3.4/udp/8331/quic-v1/p2p/${PEER}`, /is no address of a peer/],
    ['peers', `/ip4/1.2.3.4/tcp/1/p2p/${PEER}/p2p-circuit/p2p/${PEER}`, /is no address of a peer/],
    ['peers', `/p2p/${PEER}`, /is no address of a peer/],
    ['peers', 'example.org:8331', /is no multiaddr/],
    ['listen', '/ip4/1.2.3.4', /is no address to listen on/],
    ['listen', '/dns4/example.org/tcp/1', /is no address to listen on/],
    ['listen', '/ip4/0.0.0.0/tcp/1/ws', /is no address to listen on/],
    ['listen', '/ip4/0.0.0.0/tcp/99999', /is no multiaddr/],
    ['listen', '/ip4/0.0.0.0/tcp/99999', /is no multiaddr/],
    ['announce', '/ip4/1.2.3.4', /is no address to announce/],
    ['appendAnnounce', '""', /is no address to announce/],
  ])('%s: %s is refused', (key, address, expected) => {
    const [line = '', ...more] = complaints(`${key}:\n  - ${address}`)
    expect(line).toMatch(new RegExp(`^node\\.yaml:2:5: ${key}\\[0\\]: `))
    expect(line).toMatch(expected)
    expect(more).toEqual([])
  })

  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['127.9.8.7:65535', { host: '127.9.8.7', port: 65_535 }],
    ['localhost:8330', { host: '127.0.0.1', port: 8330 }],
    ['[::1]:8330', { host: '::1', port: 8330 }],
  ])('the control port may be %s', (text, expected) => {
    expect(load(`control: "${text}"`).control).toEqual(expected)
  })

  test.each([
    '0.0.0.0:8330',
    '192.168.1.5:8330',
    '[::]:8330',
    '[::ffff:10.0.0.1]:8330',
    'example.org:8330',
    '127.evil.org:8330',
  ])('the control port may not be %s, for it rules the node', (text) => {
    expect(complaints(`control: "${text}"`)).toEqual([
      expect.stringMatching(
        /^node\.yaml:1:10: control: is not a loopback address; .*ssh tunnel.*"allowRemoteControl: true".*rules the node.*encrypted/,
      ),
    ])
  })

  test('the control port may be anywhere if the file says that it may', () => {
    const config = load('control: "0.0.0.0:8330"\nallowRemoteControl: true')
    expect(config.control).toEqual({ host: '0.0.0.0', port: 8330 })
    expect(load('control: "[::]:1"\nallowRemoteControl: true').control).toEqual({ host: '::', port: 1 })
    expect(complaints('control: "0.0.0.0:8330"\nallowRemoteControl: false')).toHaveLength(1)
    expect(complaints('control: "0.0.0.0:8330"\nallowRemoteControl: "yes"')).toHaveLength(2)
  })

  test.each(['127.0.0.1', '127.0.0.1:99999', ':8330', '8330', '127.0.0.999:8330', '127.0.0.1:8330/x'])(
    '%s is no control address',
    (text) => {
      expect(complaints(`control: "${text}"`)).toEqual([expect.stringMatching(/^node\.yaml:1:10: control: is n/)])
    },
  )
})

describe('chains', () => {
  test('each kind is joined with what it needs, and keys may be given in any case', () => {
    put('group.key', `  ${KEY.toLowerCase()}\r\n`)
    const config = load(`chains:
  - { name: "#", founder: "${KEY.toLowerCase()}" }
  - { name: "#news", pioneers: ["${KEY.toLowerCase()}", "${OTHER_KEY}"] }
  - { name: "$a", key: "${KEY}" }
  - { name: $b, keyFile: group.key }
  - name: "@${KEY}"
  - name: "@!${KEY}"
`)
    expect(config.chains.map(({ params }) => params.name)).toEqual(['#', '#news', '$a', '$b', `@${KEY}`, `@!${KEY}`])
    expect(config.chains[1]?.params.pioneers).toEqual([KEY, OTHER_KEY])
    expect(config.founders).toEqual({ [config.chains[0]!.id]: KEY })
    expect(config.chains[3]?.params.key).toEqual(config.chains[2]?.params.key)
    expect(config.warnings).toEqual([])
  })

  test.each([
    ['name: chat', 'name', /is no chain name; begin it with/],
    ['name: "#bad name"', 'name', /is no chain name; use only/],
    ['name: "@1234"', 'name', /is no chain name; /],
    ['name: ""', 'name', /is no chain name; /],
    ['name: "$g"', 'name', /is a group and has no key; add "keyFile"/],
    ['{ name: "$g", key: "1234" }', 'key', /is no shared key; write the 64 hex digits/],
    ['{ name: "$g", key: 1234 }', 'key', /is a number; write 64 hex digits in quotes/],
    [`{ name: "$g", key: "${KEY}", keyFile: x }`, 'keyFile', /stands beside "key"; keep one/],
    [`{ name: "$g", key: "${KEY}", pioneers: [] }`, 'pioneers', /is for forums/],
    [`{ name: "#f", key: "${KEY}" }`, 'key', /is for groups .* go under "pioneers"/],
    [`{ name: "@${KEY}", keyFile: x }`, 'keyFile', /is for groups/],
    [`{ name: "$g", key: "${KEY}", founder: "${KEY}" }`, 'founder', /is for forums \(#name\) only; remove it/],
    [
      `{ name: "#f", pioneers: ["${KEY}"], founder: "${KEY}" }`,
      'founder',
      /stands beside "pioneers", which make another/,
    ],
    ['{ name: "#f", founder: "12" }', 'founder', /is no public key; write 64 hex digits/],
    [`{ name: "#f", pioneers: ["${KEY}", "12"] }`, 'pioneers[1]', /is no public key; write 64 hex digits/],
    ['{ name: "#f", pioneers: }', 'pioneers', /is empty; /],
    ['{ name: "$g", keyFile: none.key }', 'keyFile', /none\.key cannot be read: no such file; /],
    ['{ name: "$g", keyFile: . }', 'keyFile', /cannot be read: it is a directory; /],
    ['{ name: "$g", keyFile: bad.key }', 'keyFile', /names a file that holds no shared key; /],
  ])('%s is refused at its %s', (entry, key, expected) => {
    put('bad.key', 'not a key')
    const [line = '', ...more] = complaints(`chains:\n  - name: "#fine"\n  - ${entry}`)
    expect(line).toMatch(/^node\.yaml:3:\d+: /)
    expect(line).toContain(`: chains[1].${key}: `)
    expect(line).toMatch(expected)
    expect(more).toEqual([])
  })

  test('more than 30 pioneers are refused', () => {
    const pioneers = Array.from({ length: 31 }, (_, n) => `"${n.toString(16).padStart(64, '0')}"`)
    const [line] = complaints(`chains: [{ name: "#f", pioneers: [${pioneers.join(', ')}] }]`)
    expect(line).toMatch(/chains\[0\]\.pioneers: makes no chain; give at most 30 pioneers/)
  })

  test('a name that stands twice is refused at the second, however its digits are written', () => {
    const [line, ...more] = complaints(`chains:\n  - name: "@${KEY}"\n  - name: "@${KEY.toLowerCase()}"`)
    expect(line).toBe('node.yaml:3:11: chains[1].name: is the same name as chains[0]; remove one of the two')
    expect(more).toEqual([])
  })

  test('a wrong key is never printed, wherever it stands', () => {
    const wrong = `${KEY}00`
    put('wrong.key', wrong)
    for (const entry of [`key: "${wrong}"`, 'keyFile: wrong.key', `pioneers: ["${wrong}"]`]) {
      expect(complaints(`chains:\n  - name: "$g"\n    ${entry}`).join('\n')).not.toContain('ABABABAB')
    }
  })

  test('`~` and absolute paths of key files work too', () => {
    mkdirSync(join(dir, 'home'))
    const path = put('home/group.key', KEY)
    const config = load(`chains:\n  - { name: $a, keyFile: ~/group.key }\n  - { name: $b, keyFile: "${path}" }`, {
      env: { HOME: join(dir, 'home') },
    })
    expect(config.chains).toHaveLength(2)
  })

  test('keys that every user of the machine can read are warned of', ({ skip }) => {
    skip(process.platform === 'win32', 'files have no mode on Windows')
    const key = put('open.key', KEY, 0o644)
    const file = put(
      'open.yaml',
      `chains:\n  - { name: $a, keyFile: open.key }\n  - { name: $b, key: "${KEY}" }`,
      0o644,
    )
    const loaded = loadConfig({ file, env: ENV })
    expect(loaded.ok && loaded.value.warnings).toEqual([
      `${key} holds a key and every user of this machine can read it; run: chmod 600 ${key}`,
      `${file} holds keys and every user of this machine can read it; run: chmod 600 ${file}`,
    ])
    const harmless = loadConfig({ file: put('harmless.yaml', 'chains: [{ name: "#a" }]', 0o644), env: ENV })
    expect(harmless.ok && harmless.value.warnings).toEqual([])
  })
})

describe('reload', () => {
  test('gives the chains that the file names now, or the fault', () => {
    const file = put('node.yaml', 'chains: [{ name: "#a" }]')
    const names = () => {
      const read = reloadConfig(file, ENV)
      return read.ok ? read.value.chains.map(({ params }) => params.name) : configFaultLines(read.fault)
    }
    expect(names()).toEqual(['#a'])
    put('node.yaml', 'chains: [{ name: "#a" }, { name: "#b" }]')
    expect(names()).toEqual(['#a', '#b'])
    put('node.yaml', 'chains: [{ name: "#a" }, { name: "b" }]')
    expect(names()).toEqual([expect.stringMatching(/:1:34: chains\[1\]\.name: is no chain name/)])
    rmSync(file)
    expect(names()).toEqual([expect.stringMatching(/no such file$/)])
  })

  test('and the quotas that it names now', () => {
    const file = put('node.yaml', 'storage: { maxChainMiB: 10 }')
    const storage = () => {
      const read = reloadConfig(file, ENV)
      return read.ok && read.value.storage
    }
    expect(storage()).toEqual({ maxChainMiB: 10, maxMiB: 0, minFreeMiB: 64 })
    put('node.yaml', 'storage: { maxChainMiB: 20, maxMiB: 30 }')
    expect(storage()).toEqual({ maxChainMiB: 20, maxMiB: 30, minFreeMiB: 64 })
  })
})

describe('§12 the fault says which of two things is wrong', () => {
  test('a file that cannot be read is CONFIG_UNREADABLE, one that is wrong CONFIG_INVALID', () => {
    const absent = loadConfig({ file: join(dir, 'absent.yaml'), env: ENV })
    const wrong = loadConfig({ file: put('node.yaml', 'listn: []\n'), env: ENV })
    expect([absent, wrong]).toMatchObject([
      { ok: false, fault: { code: 'CONFIG_UNREADABLE' } },
      { ok: false, fault: { code: 'CONFIG_INVALID' } },
    ])
  })
})

describe('from a plain object', () => {
  const given = { chains: [{ name: '#chat', pioneers: [KEY] }], limits: { maxConnections: 7 }, control: '[::1]:0' }

  test('it is the configuration that a file with the same keys makes', () => {
    const plain = checkConfig({ dataDir: '/data', ...given }, ENV)
    const { file: _file, ...fromFile } = load(JSON.stringify({ dataDir: '/data', ...given }))
    // The page is for people, and a program may have no use for it.
    expect(plain).toEqual({ ok: true, value: { ...fromFile, web: false } })
  })

  test('a relative data directory starts at the working directory, `~` is the home', () => {
    expect(checkConfig({ dataDir: 'data' }, ENV)).toMatchObject({ value: { dataDir: resolve('data') } })
    expect(checkConfig({ dataDir: '~/data' }, ENV)).toMatchObject({ value: { dataDir: '/home/someone/data' } })
  })

  test('problems have a key and no place; without a data directory there is one', () => {
    const wrong = checkConfig({ dataDir: '/data', listen: ['nowhere'], logLevel: 'loud' as 'info' }, ENV)
    if (wrong.ok) expect.unreachable('this object should have been refused')
    expect(configFaultLines(wrong.fault)).toEqual([
      'listen[0]: is no multiaddr; write an IP address and a TCP port, such as /ip4/0.0.0.0/tcp/8331',
      'logLevel: is not one of the values allowed; write debug, info, warn, error',
    ])
    expect(checkConfig({} as { dataDir: string }, ENV)).toMatchObject({
      fault: { code: 'CONFIG_INVALID', problems: [{ key: 'dataDir', wrong: 'is missing' }] },
    })
  })

  test('its type has the keys of the file, all of them', () => {
    type FileKeys = z.input<ReturnType<typeof configSchema>>
    expectTypeOf<keyof NodeConfig>().toEqualTypeOf<keyof FileKeys>()
    expectTypeOf<keyof NonNullable<NodeConfig['discovery']>>().toEqualTypeOf<keyof NonNullable<FileKeys['discovery']>>()
    expectTypeOf<keyof NonNullable<NodeConfig['limits']>>().toEqualTypeOf<keyof NonNullable<FileKeys['limits']>>()
    expectTypeOf<keyof NodeConfigChain>().toEqualTypeOf<keyof NonNullable<FileKeys['chains']>[number]>()
  })
})
