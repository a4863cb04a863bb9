/**
 * A disk that fills up under a running daemon (spec §12): the true reason, nothing acknowledged that is not stored, reading
 * goes on, and so does the node when there is room again. On a small tmpfs of the daemon's own, in a mount namespace.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { connect } from '../../src/node/control/client/connection.ts'
import type { ControlClient } from '../../src/node/control/client/rpc-client.ts'
import { author } from '../support/blocks.ts'
import { eventually, Playground } from '../support/daemon.ts'

const MAIN = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url))
const MIB = 1024 * 1024
const { seed, author: pub } = author(1)
const SIGN = Buffer.from(seed).toString('hex') + pub
const SIZE_MIB = 32

/** How this machine lets a test mount something, if it does: as root, or in a user namespace. */
const unsharing = [['-m'], ['-r', '-m']].find(
  (options) => spawnSync('unshare', [...options, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0,
)
const WITHOUT = 'this machine allows no mount namespace: run it as root, or allow user namespaces'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end()
})

interface SmallDisk {
  /** A client of the daemon as it is now: it may have started anew. */
  readonly client: () => Promise<ControlClient>
  readonly fill: () => Promise<void>
  readonly empty: () => Promise<void>
  readonly log: () => string
}

async function daemonOnSmallDisk(minFreeMiB: number): Promise<SmallDisk> {
  const playground = await Playground.open()
  ends.push(() => playground.close())
  const disk = join(playground.root, 'disk')
  await mkdir(disk)
  const file = join(playground.root, 'node.yaml')
  const config = {
    dataDir: join(disk, 'data'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    control: '127.0.0.1:0',
    discovery: { dht: false, mdns: false, remembered: false },
    storage: { minFreeMiB },
    chains: [{ name: '#chat' }],
  }
  await writeFile(file, JSON.stringify(config))
  const mount = `mount -t tmpfs -o size=${String(SIZE_MIB)}m tmpfs "$1" && exec "$2" "$3" start --config "$4"`
  const child: ChildProcess = spawn(
    'unshare',
    [...(unsharing ?? []), 'sh', '-c', mount, 'sh', disk, process.execPath, MAIN, file],
    {
      env: playground.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let log = ''
  child.stderr?.on('data', (bytes: Buffer) => (log += bytes.toString()))
  ends.push(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  })
  // The disk as the daemon sees it.
  const inside = join('/proc', String(child.pid), 'root', disk)
  const stateDir = join(playground.root, 'state', 'freechains')
  const client = (): Promise<ControlClient> =>
    untilItWorks(async () => {
      const [cookie] = (await readdir(stateDir)).filter((name) => name.endsWith('.cookie'))
      const port = Number(/\d+/.exec(cookie ?? '')?.[0])
      return connect({ host: '127.0.0.1', port, stateDir })
    })
  return {
    client,
    fill: async () => {
      const filled = await writeFile(join(inside, 'fill'), new Uint8Array(SIZE_MIB * MIB)).then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(filled).toMatchObject({ code: 'ENOSPC' })
    },
    empty: () => rm(join(inside, 'fill')),
    log: () => log,
  }
}

/** Within the time that a daemon takes to start on a busy machine. */
async function untilItWorks<T>(job: () => Promise<T>): Promise<T> {
  const attempt = (): Promise<{ readonly done?: T; readonly why?: string }> =>
    job().then(
      (done) => ({ done }),
      (error: unknown) => ({ why: String(error) }),
    )
  const { done } = await eventually(attempt, ({ why }) => why === undefined, 50_000)
  return done as T
}

const post = (client: ControlClient, text: string): Promise<unknown> =>
  client.call('chain.post', { chain: '#chat', text, sign: SIGN })

const texts = async (client: ControlClient): Promise<string[]> => {
  const blocks = await client.call('chain.blocks', { chain: '#chat', last: 10, payloads: 100 })
  return blocks.map(({ content }) => Buffer.from(content?.payload ?? '', 'base64').toString())
}

test.for([
  ['below the floor', 8, 'disk.low', 'disk.room'],
  ['without a floor, when a write fails', 0, 'disk.full', 'node.starting-again'],
] as const)('%s', { timeout: 120_000 }, async ([, minFreeMiB, told, over], { skip }) => {
  skip(unsharing === undefined, WITHOUT)
  const disk = await daemonOnSmallDisk(minFreeMiB)
  const client = await disk.client()
  await post(client, 'before')
  await disk.fill()
  // A write may still fit into what the file system has given to a file already.
  const stored = ['before']
  const refused = async (): Promise<unknown> => {
    const error: unknown = await post(client, 'x'.repeat(60_000)).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) stored.push('')
    return error
  }
  const refusal = await eventually(refused, (error) => error !== undefined)
  expect(refusal).toMatchObject({ code: 'disk-full' })
  expect(disk.log()).toContain(told)
  expect(await client.call('chain.status', { chain: '#chat' })).toMatchObject({
    state: 'read-only',
    blocks: stored.length,
  })
  expect((await client.call('host.info', {})).readOnly).toContain('read-only')
  expect(await texts(client)).toEqual(stored)
  await disk.empty()
  await eventually(
    () => Promise.resolve(disk.log()),
    (log) => log.includes(over),
  )
  const after = await untilItWorks(async () => {
    const anew = await disk.client()
    await post(anew, 'after')
    return anew
  })
  expect(await texts(after)).toEqual([...stored, 'after'])
  after.close()
  client.close()
})
