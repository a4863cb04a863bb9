/** A node's life: start, stop, kill, start again (spec §9, §11, §12), and what outlives each of them. */
import { access, mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { author } from '../support/blocks.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { Shell } from '../support/shell.ts'

let playground: Playground

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

const FORUM = '#chat'
const forum = { chains: [{ name: FORUM }] }
/** Two that follow one founder compare heads, though nothing is there yet. */
const followed = { chains: [{ name: FORUM, founder: author(1).author }] }

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Where a node's listener was, so that it can be there again. */
function listenOf({ addresses }: Daemon): string {
  return (addresses[0] ?? '').replace(/\/p2p\/.*/, '')
}

async function connects(node: Daemon, peer: Daemon): Promise<void> {
  await eventually(
    () => node.client.call('peer.list', {}),
    (peers) => peers.some(({ id, connected }) => connected && id === peer.peerId),
  )
}

async function synced(node: Daemon): Promise<void> {
  await eventually(
    () => node.client.call('chain.status', { chain: FORUM }),
    ({ state }) => state === 'synced',
  )
}

/** What clients find by port, and in the data directory. */
function traces({ dir, controlPort }: Daemon): { readonly cookies: readonly string[]; readonly socket: string } {
  const state = join(playground.root, 'state', 'freechains', `control-${String(controlPort)}`)
  return { cookies: [join(dir, 'control.cookie'), `${state}.cookie`], socket: `${state}.sock` }
}

describe('what outlives a node', () => {
  test('§8 a post that was acknowledged is there after kill -9 in the next moment', async () => {
    let node = await playground.start('a', forum)
    const { pvt } = await node.client.call('keys.pubpvt', { passphrase: 'alice' })
    const posted: string[] = []
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 5; n++) {
        const text = `${String(round)}.${String(n)}`
        const { id } = await node.client.call('chain.post', { chain: FORUM, text, sign: pvt })
        posted.push(id)
      }
      await node.kill()
      node = await playground.start('a', forum)
      const [, ...kept] = await node.client.call('chain.consensus', { chain: FORUM })
      expect(kept).toEqual(posted)
    }
    const last = await node.client.call('chain.get', { chain: FORUM, id: posted.at(-1) ?? '', part: 'payload' })
    expect(Buffer.from(last, 'base64').toString()).toBe('2.4')
  })

  test('§12 joining by command is remembered with its keys; leaving removes the data, and is remembered too', async () => {
    let node = await playground.start('a')
    const key = 'AB'.repeat(32)
    await node.client.call('chains.join', { name: '$family', keys: [key] })
    await node.client.call('chains.join', { name: '$work', keys: [key] })
    const before = await node.client.call('chains.list', {})
    const { id } = await node.client.call('chain.post', { chain: '$family', text: 'dinner' })
    await node.kill()

    node = await playground.start('a')
    expect(await node.client.call('chains.list', {})).toEqual(before)
    const payload = await node.client.call('chain.get', { chain: '$family', id, part: 'payload' })
    expect(Buffer.from(payload, 'base64').toString()).toBe('dinner')
    expect(await node.client.call('chains.leave', { name: '$family' })).toBe(true)
    expect(await node.client.call('chains.leave', { name: '$family' })).toBe(false)
    await node.kill()

    node = await playground.start('a')
    expect(await node.client.call('chains.list', {})).toMatchObject([{ name: '$work' }])
    await node.client.call('chains.join', { name: '$family', keys: [key] })
    expect(await node.client.call('chain.status', { chain: '$family' })).toMatchObject({ blocks: 0, bytes: 0 })
  })

  test('§12 the peer id is kept in the data directory, and another directory is another peer', async () => {
    const first = await playground.start('a')
    const other = await playground.start('b')
    await first.stop()
    const again = await playground.start('a')
    expect(again.peerId).toBe(first.peerId)
    expect(other.peerId).not.toBe(first.peerId)
  })

  test('§9 a node that lost its peers from the config finds a peer of its chain that it remembers, even after kill -9', async () => {
    const discovery = { remembered: true }
    const a = await playground.start('a', followed)
    const b = await playground.start('b', { ...followed, discovery, peers: a.addresses })
    await synced(b)
    await b.stop()
    const again = await playground.start('b', { ...followed, discovery })
    await connects(again, a)
    await again.kill()
    await connects(await playground.start('b', { ...followed, discovery }), a)
  })

  test('§9 who was dialled remembers who dialled it', async () => {
    const discovery = { remembered: true }
    const a = await playground.start('a', { ...followed, discovery })
    const b = await playground.start('b', { ...followed, peers: a.addresses })
    await synced(a)
    await b.stop()
    await a.stop()
    const quiet = await playground.start('b', { ...followed, listen: listenOf(b) })
    await connects(await playground.start('a', { ...followed, discovery }), quiet)
  })

  test('§9 a peer added by command is kept over a restart, without anything else that remembers it', async () => {
    const a = await playground.start('a', forum)
    const b = await playground.start('b', forum)
    const [host, port] = [/ip4\/([\d.]+)/, /tcp\/(\d+)/].map((part) => part.exec(listenOf(a))?.[1])
    const added = await b.client.call('peer.add', { addr: `${host ?? ''}:${port ?? ''}` })
    expect(added).toEqual({ id: a.peerId, connected: true })
    const own = listenOf(b)
    for (const addr of [b.addresses[0] ?? '', own, own.replace('ip4/127.0.0.1', 'dns/localhost')]) {
      await expect(b.client.call('peer.add', { addr })).rejects.toThrow(/it is this node itself/)
    }
    expect(await b.client.call('peer.list', {})).toMatchObject([{ id: a.peerId }])
    await b.kill()
    await connects(await playground.start('b', forum), a)
  })

  test('§9 a static peer that restarts on its port is found again', async () => {
    const a = await playground.start('a', forum)
    const b = await playground.start('b', { ...forum, peers: a.addresses })
    await connects(b, a)
    await a.kill()
    await eventually(
      () => b.client.call('peer.list', {}),
      (peers) => peers.every(({ connected }) => !connected),
    )
    await connects(b, await playground.start('a', { ...forum, listen: listenOf(a) }))
  })
})

describe('starting and stopping', () => {
  test('plain node runs it: the built program needs no flags, and makes a data directory that only its owner reads', async () => {
    const shell = await Shell.open()
    try {
      const version = await shell.run(['--version'])
      const { version: expected } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
      expect(version).toEqual({ status: 0, out: `${expected}\n`, err: '' })

      await mkdir(shell.path('empty'))
      for (const dir of ['empty', 'not/there/yet']) {
        const node = await shell.start(shell.path(dir), '--port=0', '--listen', '/ip4/127.0.0.1/tcp/0')
        expect(await shell.run([`--port=${node.port}`, 'chains', 'list'])).toEqual({ status: 0, out: '', err: '' })
        expect((await stat(join(shell.path(dir), 'db'))).mode & 0o777).toBe(0o700)
        expect((await stat(join(shell.path(dir), 'control.cookie'))).mode & 0o777).toBe(0o600)
        expect((await node.command.end('SIGINT')).status).toBe(0)
      }
      const node = await shell.start('--port=0', '--listen', '/ip4/127.0.0.1/tcp/0')
      expect(node.command.out).toContain(`data:         ${shell.path('data/freechains')}\n`)
    } finally {
      await shell.close()
    }
  })

  test('§10 SIGTERM ends it with 0 and takes cookies and socket away; what kill -9 leaves behind does not stop the next', async () => {
    const first = await playground.start('a', forum)
    const { cookies, socket } = traces(first)
    for (const path of [...cookies, socket]) expect(await isThere(path)).toBe(true)
    const [before, ...copies] = await Promise.all(cookies.map((path) => readFile(path, 'utf8')))
    expect(copies).toEqual([before])
    expect(await first.stop()).toBe(0)
    for (const path of [...cookies, socket]) expect(await isThere(path)).toBe(false)

    const killed = await playground.start('a', forum)
    await killed.kill()
    expect(await isThere(traces(killed).socket)).toBe(true)
    const next = await playground.start('a', forum)
    const cookie = await readFile(join(next.dir, 'control.cookie'), 'utf8')
    expect(cookie).not.toBe(before)
    expect(await next.client.call('chains.list', {})).toMatchObject([{ name: FORUM }])
    expect(await next.stop()).toBe(0)
  })

  test('§12 a SIGTERM that comes while the node starts ends it too, once it can end cleanly', async () => {
    const shell = await Shell.open()
    try {
      const config = 'listen: [/ip4/127.0.0.1/tcp/0]\ncontrol: "127.0.0.1:0"\nchains:\n  - name: "#chat"\n'
      const starting = shell.launch(['start', shell.path('a'), '--config', await shell.file('c.yaml', config)])
      await eventually(
        () => Promise.resolve(starting.err),
        (log) => log.includes('"event":"chain.joined"'),
      )
      expect((await starting.end('SIGTERM')).status).toBe(0)
      expect(await isThere(join(shell.path('a'), 'control.cookie'))).toBe(false)
    } finally {
      await shell.close()
    }
  })

  test('§10 host.stop is answered, then the node ends with 0 though a client listens and a peer is connected', async () => {
    const a = await playground.start('a', forum)
    const b = await playground.start('b', { ...forum, peers: a.addresses })
    await connects(b, a)
    const listening = (async () => {
      for await (const event of a.client.subscribe('chains.listen', {})) expect(event).toBeUndefined()
    })().catch((error: unknown) => String(error))
    expect(await a.client.call('host.stop', {})).toBe(true)
    await listening
    expect(await a.stop()).toBe(0)
    expect(await isThere(traces(a).socket)).toBe(false)
  })

  test('§10 the clock is the machine’s, unless the node was started with --test-clock', async () => {
    const plain = await playground.start('plain')
    const before = Date.now()
    expect(await plain.client.call('host.now', {})).toBeGreaterThanOrEqual(before)
    await expect(plain.client.call('host.now', { ms: 5 })).rejects.toThrow(/--test-clock/)
    expect(await plain.client.call('host.now', {})).toBeGreaterThanOrEqual(before)

    const test = await playground.start('test', { ...forum, testClock: true })
    const later = Date.UTC(2100, 0, 1)
    expect(await test.client.call('host.now', { ms: later })).toBeGreaterThanOrEqual(later)
    const { pvt } = await test.client.call('keys.pubpvt', { passphrase: 'alice' })
    const { id } = await test.client.call('chain.post', { chain: FORUM, text: 'from the future', sign: pvt })
    expect(await test.client.call('chain.get', { chain: FORUM, id, part: 'block' })).toMatchObject({
      time: expect.toSatisfy((time: number) => time >= later && time < later + 60_000) as number,
    })
  })
})

test('§12 the chains of the config file are joined at start and on SIGHUP; a broken edit changes nothing and is logged', async () => {
  const shell = await Shell.open()
  try {
    await shell.file('family.key', 'CD'.repeat(32))
    const config = (chains: string): Promise<string> =>
      shell.file('c.yaml', `dataDir: here\nlisten: [/ip4/127.0.0.1/tcp/0]\ncontrol: '127.0.0.1:0'\n${chains}`)
    const edit = async (chains: string): Promise<void> => {
      await config(chains)
      node.command.signal('SIGHUP')
    }
    const logged = (event: string, times: number): Promise<unknown> =>
      eventually(
        () => Promise.resolve(node.command.err),
        (log) => log.split(`"event":"${event}"`).length > times,
      )
    const names = async (): Promise<string[]> => {
      const { out } = await shell.run([`--port=${node.port}`, '--json', 'chains', 'list'])
      return (JSON.parse(out) as { name: string }[]).map(({ name }) => name).sort()
    }

    const node = await shell.start('--config', await config('chains:\n  - name: "#one"\n'))
    expect(await names()).toEqual(['#one'])
    await edit('chains:\n  - name: "#one"\n  - name: $family\n    keyFile: family.key\n')
    await logged('config.reloaded', 1)
    expect(await names()).toEqual(['#one', '$family'])

    await edit('chains:\n  - name: "#two"\n  - nmae: "#three"\n')
    await logged('config.reload-failed', 1)
    expect(node.command.err).toMatch(
      /"level":"error".*"event":"config\.reload-failed".*|"event":"config\.reload-failed"/,
    )
    expect(node.command.err).toMatch(/c\.yaml:6:5: chains\[1\]\.nmae: unknown key/)
    expect(await names()).toEqual(['#one', '$family'])

    await edit('chains:\n  - name: "#two"\n')
    await logged('config.reloaded', 2)
    expect(await names()).toEqual(['#one', '#two', '$family'])
    expect((await node.command.end('SIGUSR2')).status).toBe(0)

    // Only what the file names is joined at the next start: the file, not the node, remembers its chains.
    const again = await shell.start('--config', shell.path('c.yaml'))
    again.command.signal('SIGUSR1')
    const { out } = await shell.run([`--port=${again.port}`, 'chains', 'list'])
    expect(out).toMatch(/^#two 0_[0-9A-F]{64}\n$/)
    expect(again.command.err).not.toMatch(/debugger/i)
    expect((await again.command.end('SIGQUIT')).status).toBe(0)
  } finally {
    await shell.close()
  }
})
