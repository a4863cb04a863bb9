/**
 * Programs of other people beside real daemons (spec §10): the package as it is packed, the examples of the pages as they
 * stand there, and subscriptions over `kill -9` on both sides.
 */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../../src/node/control/client/app-client.ts'
import { AppFolder } from '../support/app-folder.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import type { Command } from '../support/shell.ts'

const GROUP = '$bots'
const group = { chains: [{ name: GROUP, key: 'AB'.repeat(32) }] }

let app: AppFolder
let playground: Playground

beforeAll(async () => {
  app = await AppFolder.open()
})

afterAll(async () => {
  await app.close()
})

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

const stateDir = (): string => join(playground.root, 'state', 'freechains')

/** Code between fences in a page, below a heading. */
async function exampleIn(page: string, heading: string, language: string): Promise<string> {
  const text = await readFile(page, 'utf8')
  const from = text.indexOf(`## ${heading}\n`)
  expect(from).toBeGreaterThan(-1)
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text.slice(from))?.[1] ?? ''
}

async function says(command: Command, what: string): Promise<void> {
  await eventually(
    async () => `${command.out}${command.err}`,
    (text) => text.includes(what),
  )
}

async function blocksOf(node: Daemon): Promise<string[]> {
  const [, ...blocks] = await node.client.call('chain.consensus', { chain: GROUP })
  return blocks
}

/** Posts one after the other until the daemon is gone or all are made; gives those that were acknowledged. */
async function postMany(node: Daemon, name: string, count: number): Promise<string[]> {
  const made: string[] = []
  for (let n = 0; n < count; n += 1) {
    const posted = await node.client
      .call('chain.post', { chain: GROUP, text: `${name} ${String(n)}` })
      .catch(() => undefined)
    if (posted === undefined) return made
    made.push(posted.id)
  }
  return made
}

describe('kill -9', () => {
  test('of the daemon, again and again: its listeners are told everything, and nothing twice', async () => {
    let node = await playground.start('a', group)
    const control = `127.0.0.1:${String(node.controlPort)}`
    const client = await connect({ port: node.controlPort, stateDir: stateDir() })
    const heard = { one: [] as string[], all: [] as string[] }
    const end = new AbortController()
    const listening = [
      (async () => {
        for await (const { id } of client.listen(GROUP, { from: [], signal: end.signal })) heard.one.push(id)
      })(),
      (async () => {
        for await (const { id } of client.listenAll({ from: {}, signal: end.signal })) heard.all.push(id)
      })(),
    ]
    const acknowledged: string[] = []
    for (let round = 0; round < 4; round += 1) {
      const before = heard.one.length
      const posting = postMany(node, `round ${String(round)}`, 500)
      await eventually(
        async () => heard.one.length,
        (count) => count > before + 10,
      )
      await node.kill()
      acknowledged.push(...(await posting))
      node = await playground.start('a', { ...group, control })
    }
    acknowledged.push(...(await postMany(node, 'last', 20)))
    const blocks = await blocksOf(node)
    for (const way of ['one', 'all'] as const) {
      await eventually(
        async () => heard[way].length,
        (count) => count >= blocks.length,
      )
      expect(heard[way]).toEqual(blocks)
    }
    for (const id of acknowledged) expect(blocks).toContain(id)
    // Calls of the same client go on too.
    expect(await client.call('chain.genesis', { chain: GROUP })).toMatch(/^0_/)
    end.abort()
    await Promise.all(listening)
    client.close()
  })

  test('of the listener, again and again: with the cursor that it kept, it is told everything, and nothing twice', async () => {
    const node = await playground.start('a', group)
    await app.file(
      'listener.mjs',
      `import { connect } from 'freechains/client'
      import { readFileSync, renameSync, writeFileSync } from 'node:fs'
      const { seen, cursor } = JSON.parse(readFileSync('kept.json', 'utf8'))
      const node = await connect({ port: Number(process.argv[2]) })
      const listening = node.listen('${GROUP}', { from: cursor })
      for await (const { id } of listening) {
        seen.push(id)
        writeFileSync('new.json', JSON.stringify({ seen, cursor: listening.cursor }))
        renameSync('new.json', 'kept.json')
      }`,
    )
    await app.file('kept.json', '{"seen":[],"cursor":[]}')
    const kept = async (): Promise<string[]> => (JSON.parse(await app.read('kept.json')) as { seen: string[] }).seen
    const listen = (): Command =>
      app.start(process.execPath, ['listener.mjs', String(node.controlPort)], playground.env)
    const posting = postMany(node, 'post', 600)
    for (let round = 0; round < 4; round += 1) {
      const before = (await kept()).length
      const listener = listen()
      await eventually(kept, (seen) => seen.length > before + 5)
      await listener.end('SIGKILL')
    }
    await posting
    const listener = listen()
    const blocks = await blocksOf(node)
    await eventually(kept, (seen) => seen.length >= blocks.length)
    await listener.end('SIGKILL')
    expect(await kept()).toEqual(blocks)
  })
})

describe('the package', () => {
  test('in an app that has nothing else, the client runs: it loads neither libp2p nor a database', async () => {
    const node = await playground.start('a', group)
    await app.file(
      'plain.mjs',
      `import { connect, ClientError } from 'freechains/client'
      const node = await connect({ port: Number(process.argv[2]) })
      console.log((await node.call('chains.list', {}))[0].name)
      await node.call('chain.genesis', { chain: '#nope' }).catch((error) => console.log(error instanceof ClientError, error.code))
      node.close()`,
    )
    const { out, err, status } = await app.start(
      process.execPath,
      ['plain.mjs', String(node.controlPort)],
      playground.env,
    ).ended
    expect({ out, err, status }).toEqual({ out: `${GROUP}\ntrue chain-not-found\n`, err: '', status: 0 })
  })

  test('its types are those of the schema: what the daemon would refuse does not compile', async () => {
    await app.file(
      'typed.ts',
      `import { connect, type ControlEvent, type ResultOf } from 'freechains/client'
      const node = await connect({ port: 1, repeatReads: true, signal: AbortSignal.timeout(1) })
      const posted: { id: string; state: 'accepted' | 'held'; why?: string } = await node.call('chain.post', { chain: '#chat', text: 'x' })
      const block: ResultOf<'chain.get'> = await node.call('chain.get', { chain: '#chat', id: posted.id, part: 'block' })
      const ofChat = { chain: '#chat', id: posted.id }
      const author: string | undefined = (await node.call('chain.get', { ...ofChat, part: 'block' })).author
      const payload: string = await node.call('chain.get', { ...ofChat, part: 'payload' })
      const reps: number | 'unlimited' = await node.call('chain.reps', { chain: '#chat', of: posted.id })
      const all: { pub: string; reps: number | 'unlimited' }[] = await node.call('chain.reps', { chain: '#chat' })
      const either: { part: 'block' | 'payload' } = { part: 'block' }
      const got: ResultOf<'chain.get'> = await node.call('chain.get', { ...ofChat, ...either })
      const which: { of?: string } = {}
      const some: ResultOf<'chain.reps'> = await node.call('chain.reps', { chain: '#chat', ...which })
      console.log(author, payload, reps, all, got, some)
      // @ts-expect-error it may be a block
      const text: string = await node.call('chain.get', { ...ofChat, ...either })
      // @ts-expect-error it may be that of all authors
      const one: number | 'unlimited' = await node.call('chain.reps', { chain: '#chat', ...which })
      // @ts-expect-error no such part
      await node.call('chain.get', { ...ofChat, part: 'author' })
      // @ts-expect-error no such param
      await node.call('chain.get', { ...ofChat, part: 'block', decript: 'x' })
      const listening = node.listen('#chat', { from: ['0_AB'] })
      for await (const event of listening) { const kind: ControlEvent['kind'] = event.kind; console.log(kind, block, listening.cursor) }
      for await (const { backs } of node.listenAll({ from: { '#chat': [] } })) { const ids: string[] = backs; console.log(ids) }
      // @ts-expect-error part is missing
      await node.call('chain.get', { chain: '#chat', id: '1_AB' })
      // @ts-expect-error no such method
      await node.call('chain.got', { chain: '#chat' })
      // @ts-expect-error a subscription is no call
      await node.call('chain.listen', { chain: '#chat' })
      // @ts-expect-error no such kind
      for await (const event of listening) if (event.kind === 'moved') break
      `,
    )
    expect(await app.compile('typed.ts')).toBe('')
  })
})

describe('the examples', () => {
  test('README: the bot greets newcomers, in fewer than 20 lines', async () => {
    const bot = await exampleIn('README.md', 'Talk to it from your own program', 'js')
    expect(bot.trim().split('\n').length).toBeLessThan(20)
    await app.file('bot.mjs', bot)
    await app.file('bot.mts', bot)
    expect(await app.compile('bot.mts')).toBe('')
    const node = await playground.start('a', { chains: [{ name: '#chat' }] })
    const [pioneer, early, late] = await Promise.all(
      ['bot', 'early', 'late'].map((passphrase) => node.client.call('keys.pubpvt', { passphrase })),
    )
    const chain = '#chat'
    const first = await node.client.call('chain.post', { chain, text: 'first', sign: pioneer!.pvt })
    // Newcomers post on a node of their own.
    const theirs = await playground.start('theirs', {
      peers: node.addresses,
      chains: [{ name: chain, founder: pioneer!.pub }],
    })
    await eventually(
      () => theirs.client.call('chain.heads', { chain }),
      (heads) => heads.includes(first.id),
    )
    expect(await theirs.client.call('chain.post', { chain, text: 'hello', sign: early!.pvt })).toMatchObject({
      state: 'held',
    })
    const running = app.start(
      process.execPath,
      ['bot.mjs', chain, pioneer!.pvt, String(node.controlPort)],
      playground.env,
    )
    await says(running, `greeted ${early!.pub}`)
    const { id, state } = await theirs.client.call('chain.post', { chain, text: 'me too', sign: late!.pvt })
    expect(state).toBe('held')
    await says(running, `greeted ${late!.pub}`)
    expect(await node.client.call('chain.get', { chain, id, part: 'block' })).toMatchObject({
      state: 'accepted',
      reps: 1,
    })
    const [head = ''] = await node.client.call('chain.heads', { chain })
    const text = await node.client.call('chain.get', { chain, id: head, part: 'payload' })
    expect(Buffer.from(text, 'base64').toString()).toBe(`Welcome, ${late!.pub.slice(0, 6)}!`)
    expect(await running.end('SIGINT')).toMatchObject({ err: '' })
  })

  test('docs/control-port.md: twenty lines of Python post and listen, without a library', async ({ skip }) => {
    skip(!hasPython(), 'no Python: the example is text to this machine')
    const script = await exampleIn('docs/control-port.md', 'From any other language', 'python')
    expect(script.trim().split('\n').length).toBeLessThanOrEqual(20)
    await app.file('listen.py', script)
    const node = await playground.start('a', { chains: [{ name: '#chat' }] })
    const { pvt } = await node.client.call('keys.pubpvt', { passphrase: 'alice' })
    const args = ['listen.py', String(node.controlPort), '#chat', pvt, 'Olá from Python']
    const running = app.start('python3', args, playground.env)
    await says(running, 'Olá from Python\n')
    const { id } = await node.client.call('chain.post', { chain: '#chat', text: 'and from here', sign: pvt })
    await says(running, `${id} and from here\n`)
    const { out } = await running.end('SIGTERM')
    expect(out).toMatch(/^1_[0-9A-F]{64} Olá from Python\n2_[0-9A-F]{64} and from here\n$/)
  })
})

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'])
    return true
  } catch {
    return false
  }
}
