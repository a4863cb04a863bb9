/**
 * The two packages as they are packed, each in a folder with what it declares and nothing else: the command, the node inside a
 * program, and the client run there. `scripts/pack-check` does the same with the registry, on every version of Node.
 */
import { readFileSync } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AppFolder } from '../support/app-folder.ts'
import { eventually, Playground } from '../support/daemon.ts'
import type { Command } from '../support/shell.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }

/** The compiler reads all of Node's types, which takes a while on a busy machine. */
const COMPILE_MS = 180_000

let main: AppFolder
let client: AppFolder
let playground: Playground

beforeAll(async () => {
  main = await AppFolder.installed('.')
  client = await AppFolder.installed('packages/client')
})

afterAll(async () => {
  await main.close()
  await client.close()
})

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

/** The command of the package, as npm links it. */
async function freechains(...args: string[]): Promise<Command> {
  const file = JSON.parse(await readFile(join(main.packagePath, 'package.json'), 'utf8')) as {
    readonly bin: { readonly freechains: string }
  }
  return main.start(process.execPath, [join(main.packagePath, file.bin.freechains), ...args], playground.env)
}

describe('freechains', () => {
  test('holds what runs and what is read, and nothing of the workshop', async () => {
    const packed = await main.packed()
    for (const file of ['dist/node/main.js', 'dist/node/index.js', 'dist/node/index.d.ts', 'CHANGELOG.md', 'LICENSE'])
      expect(packed).toContain(file)
    const tops = new Set(packed.map((path) => path.replace(/\/.*/, '')))
    expect([...tops].sort()).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'config', 'dist', 'docs', 'examples', 'package.json'],
    ])
    const notCode = packed.filter((path) => path.startsWith('dist/') && !/\.(js|d\.ts)$/.test(path))
    const page = ['dist/web/LICENSES.txt', 'dist/web/icon.svg', 'dist/web/index.html']
    expect(notCode.map((path) => path.replace(/index-.*\.css$/, 'index.css')).sort()).toEqual([
      ...['dist/node/bundle/LICENSES.txt', ...page, 'dist/web/assets/index.css'].sort(),
    ])
  })

  test('its command says its version, starts a node, and talks to it', async () => {
    expect(await (await freechains('--version')).ended).toMatchObject({ out: `${version}\n`, err: '', status: 0 })
    const config = await main.file(
      'node.yaml',
      JSON.stringify({
        dataDir: join(playground.root, 'data'),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        control: '127.0.0.1:0',
        discovery: { dht: false, mdns: false },
      }),
    )
    const daemon = await freechains('start', '--config', config)
    const port = await eventually(
      async () => /^control port: \S+:(\d+)$/m.exec(daemon.out)?.[1],
      (found) => found !== undefined || !daemon.isRunning,
    )
    const joined = await (await freechains(`--port=${port ?? ''}`, 'chains', 'join', '#chat')).ended
    expect(joined).toMatchObject({ out: expect.stringMatching(/^0_[0-9A-F]{64}\n$/) as string, status: 0 })
    expect(await daemon.end('SIGTERM')).toMatchObject({ status: 0 })
  })

  test('the example runs two nodes in its own process, prints its one line, and ends by itself', async () => {
    await main.file('embedded.mjs', await readFile(join(main.packagePath, 'examples/embedded.mjs'), 'utf8'))
    const { out, err, status } = await main.start(process.execPath, ['embedded.mjs'], playground.env).ended
    expect({ err, status }).toEqual({ err: '', status: 0 })
    expect(out).toMatch(/^the second node has 1_[0-9A-F]{64}: hello from the first node\n$/)
  })

  test(
    'docs/embedding.md: its example compiles, and a key that is not in the configuration does not',
    { timeout: COMPILE_MS },
    async () => {
      const [, example = ''] = /```js\n([\s\S]*?)```/.exec(await readFile('docs/embedding.md', 'utf8')) ?? []
      expect(example).toContain('startNode')
      await main.file('example.mts', example)
      await main.file(
        'typed.ts',
        `import { startNode, NodeError, type EmbeddedNode, type NodeConfig } from 'freechains'
      import { connect, type Client } from 'freechains/client'
      const config: NodeConfig = { dataDir: 'data', chains: [{ name: '#chat', pioneers: [] }], discovery: { dht: false } }
      const node: EmbeddedNode = await startNode(config, { log: 'stderr', stateDir: 'state' })
      const clients: Client[] = [await node.connect({ patienceMs: 1 }), await connect({ port: node.control.port })]
      const error: NodeError | undefined = await node.stopped
      console.log(clients, error?.code === 'data-dir-unusable')
      await startNode('node.yaml')
      // @ts-expect-error no data directory
      await startNode({})
      // @ts-expect-error no such key
      await startNode({ dataDir: 'data', chain: [] })
      // @ts-expect-error where the node is, is known
      await node.connect({ port: 1 })
      `,
      )
      expect(await main.compile('example.mts', 'typed.ts')).toBe('')
    },
  )
})

/** The bot of somebody who has the client alone. */
const BOT = `import { connect, ClientError } from 'freechains-client'
const node = await connect({ port: Number(process.argv[2]) })
for (const { name } of await node.call('chains.list', {})) console.log(name)
await node.call('chain.genesis', { chain: '#nope' }).catch((error) => console.log(error instanceof ClientError, error.code))
node.close()
`

describe('freechains-client', () => {
  test('declares what it imports, and holds neither libp2p nor a database', async () => {
    const packed = await client.packed()
    expect(
      packed.filter((path) => !/^(dist\/node\/(base|control)\/|LICENSE$|README\.md$|package\.json$)/.test(path)),
    ).toEqual([])
    const imported = new Set<string>()
    for (const path of packed.filter((file) => file.endsWith('.js') || file.endsWith('.d.ts'))) {
      const text = await readFile(join(client.packagePath, path), 'utf8')
      for (const [, name = ''] of text.matchAll(/(?:from|import) ['"]([^'"]+)['"]/g)) imported.add(name)
    }
    const packages = [...imported].filter((name) => !/^(\.|node:)/.test(name))
    expect(packages.sort()).toEqual(await client.declared())
    for (const name of ['libp2p', '@libp2p', 'classic-level', 'datastore-level', 'freechains'])
      await expect(access(join(client.path, 'node_modules', name))).rejects.toThrow()
  })

  test('where nothing else is installed, it talks to a daemon', async () => {
    const node = await playground.start('a', { chains: [{ name: '#chat' }] })
    await client.file('bot.mjs', BOT)
    const running = client.start(process.execPath, ['bot.mjs', String(node.controlPort)], playground.env)
    expect(await running.ended).toEqual({ out: '#chat\ntrue chain-not-found\n', err: '', status: 0 })
  })

  test('its types are those of the schema', { timeout: COMPILE_MS }, async () => {
    await client.file('bot.mts', `${BOT}\n// @ts-expect-error no such method\nawait node.call('chain.got', {})\n`)
    // The declarations are those of `freechains/client`, which are checked themselves in the other package.
    expect(await client.compile('--skipLibCheck', 'bot.mts')).toBe('')
  })

  test('has the version of the node, of what both need the same one, and the same licence', async () => {
    const [ours, theirs] = await Promise.all(
      [main, client].map(
        async (app) =>
          JSON.parse(await readFile(join(app.packagePath, 'package.json'), 'utf8')) as {
            readonly version: string
            readonly dependencies: Readonly<Record<string, string>>
          },
      ),
    )
    expect(theirs!.version).toBe(ours!.version)
    expect(ours!.dependencies).toMatchObject(theirs!.dependencies)
    expect(await readFile(join(client.packagePath, 'LICENSE'), 'utf8')).toBe(await readFile(resolve('LICENSE'), 'utf8'))
  })
})
