/** A node inside this process (docs/embedding.md): what a program gets, what it is told, and what it is left with. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IdentifyResult } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startNode, type EmbeddedNode, type NodeConfig, type StartOptions } from '../../src/node/index.ts'
import { keyPair } from '../../src/dag/passphrase.ts'
import { connect } from '../../src/node/control/client/app-client.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { soon, startHost } from '../support/hosts.ts'

const FORUM = '#chat'

let root: string
const running: EmbeddedNode[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fc-'))
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()))
  await rm(root, { recursive: true, force: true, maxRetries: 5 })
})

const stateDir = (): string => join(root, 'state')

/** On loopback, on any free ports, with peers from the configuration alone. */
function configOf(name: string, rest: Partial<NodeConfig> = {}): NodeConfig {
  return {
    dataDir: join(root, name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    control: '127.0.0.1:0',
    discovery: { dht: false, mdns: false, remembered: false },
    ...rest,
  }
}

async function start(config: NodeConfig | string, options: StartOptions = {}): Promise<EmbeddedNode> {
  const node = await startNode(config, { stateDir: stateDir(), ...options })
  running.push(node)
  return node
}

/** Dials a node, and waits until it has said what it speaks. */
async function identified(host: Host, node: EmbeddedNode): Promise<IdentifyResult> {
  const found = Promise.withResolvers<IdentifyResult>()
  host.libp2p.addEventListener('peer:identify', ({ detail }) => found.resolve(detail), { once: true })
  await host.libp2p.dial(multiaddr(node.addresses()[0]), { signal: soon() })
  return found.promise
}

/** What a program does wrong at run time may not compile. */
const wrongly = (config: unknown): Promise<EmbeddedNode> => start(config as NodeConfig)

describe('startNode', () => {
  test('two nodes in one process: what is posted at one is told at the other', async () => {
    const { pub, pvt } = await keyPair('alice')
    const chains = [{ name: FORUM, founder: pub }]
    const first = await start(configOf('first', { chains }))
    const second = await start(configOf('second', { chains, peers: first.addresses() }))
    expect(first.peerId).not.toBe(second.peerId)
    expect(first.addresses()[0]).toMatch(new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/[1-9]\\d*/p2p/${first.peerId}$`))
    expect(first.control).toMatchObject({ host: '127.0.0.1' })
    expect(first.control.port).toBeGreaterThan(0)
    const [writer, reader] = await Promise.all([first.connect(), second.connect()])
    const { id } = await writer.call('chain.post', { chain: FORUM, text: 'hello', sign: pvt })
    for await (const event of reader.listen(FORUM, { from: [] })) if (event.id === id) break
    const payload = await reader.call('chain.get', { chain: FORUM, id, part: 'payload' })
    expect(Buffer.from(payload, 'base64').toString()).toBe('hello')
  })

  test('§9 it speaks exactly the protocols of the specification, as identify lists them', async () => {
    const node = await start(configOf('a', { chains: [{ name: FORUM }], discovery: { dht: true, mdns: false } }))
    const other = await startHost()
    try {
      const { connection } = await identified(other, node)
      expect([connection.encryption, connection.multiplexer]).toEqual(['/noise', '/yamux/1.0.0'])
      expect([...(await other.libp2p.peerStore.get(connection.remotePeer)).protocols].sort()).toEqual([
        '/freechains/kad/1.0.0',
        '/freechains/running/1.0.0',
        '/freechains/sync/1.0.0',
        '/ipfs/id/1.0.0',
        '/ipfs/ping/1.0.0',
        '/meshsub/1.0.0',
        '/meshsub/1.1.0',
        '/meshsub/1.2.0',
      ])
    } finally {
      await other.stop()
    }
  })

  test('a program beside it connects by the port', async () => {
    const node = await start(configOf('a'))
    const client = await connect({ port: node.control.port, stateDir: stateDir() })
    expect(await client.call('host.info', {})).toMatchObject({ peerId: node.peerId, dataDir: node.dataDir })
    client.close()
  })

  test('with the path of a config file, it is that file that counts', async () => {
    const file = join(root, 'node.yaml')
    await writeFile(file, JSON.stringify({ ...configOf('a'), dataDir: 'beside-the-file' }))
    expect((await start(file)).dataDir).toBe(join(root, 'beside-the-file'))
  })

  test('it hears no signal, and leaves the streams of the process alone', async () => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    const before = signals.map((signal) => process.listenerCount(signal))
    const written: string[] = []
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    )
    try {
      const node = await startNode(configOf('a'), { stateDir: stateDir() })
      expect(signals.map((signal) => process.listenerCount(signal))).toEqual(before)
      await node.stop()
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
    expect(written).toEqual([])
  })

  test('a logger is told what is at the level or above', async () => {
    const told: [level: string, event: string, facts: object | undefined][] = []
    const at =
      (level: string) =>
      (event: string, facts?: object): void =>
        void told.push([level, event, facts])
    const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    const node = await start(configOf('a'), { log })
    expect(told).toContainEqual(['info', 'node.started', { peer: node.peerId, chains: 0 }])
    expect(told.filter(([level]) => level === 'debug')).toEqual([])
    const quiet = told.length
    await start(configOf('b', { logLevel: 'error' }), { log })
    expect(told).toHaveLength(quiet)
  })
})

describe('stop', () => {
  test('may be called again and at once; then the data directory is free, and the node starts as the same peer', async () => {
    const node = await start(configOf('a'))
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    expect(await node.stopped).toBeUndefined()
    expect((await start(configOf('a'))).peerId).toBe(node.peerId)
  })

  test('it ends the clients that the node gave out, and gives out no more', async () => {
    const node = await start(configOf('a'))
    const client = await node.connect()
    const events = client.listenAll()[Symbol.asyncIterator]()
    const next = events.next()
    await node.stop()
    expect(await next).toMatchObject({ done: true })
    await expect(client.call('host.info', {})).rejects.toMatchObject({ code: 'aborted' })
    await expect(node.connect()).rejects.toMatchObject({ code: 'aborted' })
  })

  test('a client that is given a signal ends with it, and the node goes on', async () => {
    const node = await start(configOf('a'))
    const end = new AbortController()
    const client = await node.connect({ signal: end.signal })
    end.abort()
    await expect(client.call('host.info', {})).rejects.toMatchObject({ code: 'aborted' })
    expect(await (await node.connect()).call('host.info', {})).toMatchObject({ peerId: node.peerId })
  })

  test('`host.stop` at the control port stops it too, and `stopped` tells', async () => {
    const node = await start(configOf('a'))
    await (await node.connect()).call('host.stop', {})
    expect(await node.stopped).toBeUndefined()
    expect((await start(configOf('a'))).peerId).toBe(node.peerId)
  })
})

describe('what keeps it from starting is thrown, with a code and what to do', () => {
  test.each<[what: string, config: unknown, message: string]>([
    ['no data directory', {}, 'dataDir: is missing; name a directory that no other node uses'],
    [
      'several problems',
      { dataDir: '/nowhere', logLevel: 'loud', chain: [] },
      'logLevel: is not one of the values allowed; write debug, info, warn, error\nchain: unknown key; did you mean "chains"?',
    ],
    ['no object', null, 'is empty; write keys with values, such as "logLevel: info"'],
    [
      'a control port for everybody',
      { dataDir: '/nowhere', control: '192.0.2.1:8330' },
      'control: is not a loopback address',
    ],
    ['a file that is not there', '/nowhere/node.yaml', '/nowhere/node.yaml: cannot be read: no such file'],
  ])('%s', async (_what, config, message) => {
    await expect(wrongly(config)).rejects.toMatchObject({
      name: 'NodeError',
      code: 'bad-config',
      message: expect.stringContaining(message) as string,
    })
  })

  test('a data directory that another node uses', async () => {
    await start(configOf('a'))
    await expect(start(configOf('a'))).rejects.toMatchObject({
      code: 'data-dir-in-use',
      message: expect.stringMatching(
        /^another node uses .*: stop it, or start this one with another data directory$/,
      ) as string,
    })
  })

  test('a data directory that is a file', async () => {
    await writeFile(join(root, 'a'), '')
    await expect(start(configOf('a'))).rejects.toMatchObject({ code: 'data-dir-unusable' })
  })

  test('ports that are taken; after the fault nothing of the node is left', async () => {
    const node = await start(configOf('a'))
    const address = node.addresses()[0]!.replace(/\/p2p\/.*/, '')
    await expect(start(configOf('b', { listen: [address] }))).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining('give another `listen`, or TCP port 0') as string,
    })
    const control = `127.0.0.1:${String(node.control.port)}`
    await expect(start(configOf('b', { control }))).rejects.toMatchObject({
      code: 'port-in-use',
      message: `the control port ${control} is in use: give another \`control\`, or port 0`,
    })
    await start(configOf('b'))
  })
})
