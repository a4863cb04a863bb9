/** Commands that listen, while the daemon is killed and comes back (spec §11): nothing is missed and nothing told twice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/node/control/client/connection.ts'
import type { ControlClient } from '../../src/node/control/client/rpc-client.ts'
import { eventually } from '../support/daemon.ts'
import { Shell, type Command, type StartedDaemon } from '../support/shell.ts'

const CHAIN = '$talk'
const LOST = 'freechains: connection lost, trying again …\n'
const AGAIN = 'freechains: connected again\n'

let shell: Shell
let node: StartedDaemon
let client: ControlClient

const start = async (port: string): Promise<void> => {
  node = await shell.start(shell.path('node'), `--port=${port}`, '--listen', '/ip4/127.0.0.1/tcp/0')
  client = await connect({ host: '127.0.0.1', port: Number(node.port), stateDir: shell.stateDir })
}

beforeAll(async () => {
  shell = await Shell.open()
  await start('0')
  await client.call('chains.join', { name: CHAIN, keys: ['AB'.repeat(32)] })
})

afterAll(async () => {
  client.close()
  await shell.close()
})

let count = 0
/** In the order in which they were made. */
const ids: string[] = []

async function post(): Promise<void> {
  count += 1
  const { id } = await client.call('chain.post', { chain: CHAIN, text: `says ${String(count)}` })
  ids.push(id)
}

/** Kills the daemon, and starts it again when all have noticed; posts before anybody may be back. */
async function restart(commands: readonly Command[], signal: NodeJS.Signals): Promise<void> {
  const lost = commands.map(({ err }) => err.split(LOST).length)
  client.close()
  await node.command.end(signal)
  await eventually(
    async () => commands.map(({ err }) => err.split(LOST).length),
    (now) => now.every((times, at) => times === (lost[at] ?? 0) + 1),
  )
  await start(node.port)
  await post()
}

const untilTold = (command: Command, what: string): Promise<string> =>
  eventually(
    async () => command.out,
    (out) => out.includes(what),
  )

test(
  'listen, chains listen and log --follow go on where they were, however the daemon went',
  { timeout: 120_000 },
  async () => {
    await post()
    const run = (...args: readonly string[]): Command => shell.launch([`--port=${node.port}`, ...args])
    const one = run('chain', CHAIN, 'listen')
    const all = run('chains', 'listen', '--json')
    const log = run('chain', CHAIN, 'log', '--follow')
    const commands = [one, all, log]
    await untilTold(log, 'says 1')
    // A listener that is up hears of every post from then on, and one of these is its first.
    await eventually(post, () => commands.every(({ out }) => out.includes('\n')))
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await restart(commands, signal)
      await post()
      for (const command of [one, all]) await untilTold(command, ids.at(-1) ?? '-')
      await untilTold(log, `says ${String(count)}\n`)
    }

    const heard = one.out.trim().split('\n')
    expect(heard).toEqual(ids.slice(-heard.length))
    const events = all.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string })
    expect(events.map(({ id }) => id)).toEqual(ids.slice(-events.length))
    expect(log.out.match(/says \d+/g)).toEqual(ids.map((_id, at) => `says ${String(at + 1)}`))
    for (const { err } of commands) expect(err).toBe((LOST + AGAIN).repeat(2))

    await client.call('chains.leave', { name: CHAIN })
    const left = 'freechains: the chain was left: nothing more comes of it\n'
    const removed = /^0_[0-9A-F]{64} removed$/
    const ended = await one.ended
    expect([ended.status, ended.err]).toEqual([1, (LOST + AGAIN).repeat(2) + left])
    expect(ended.out.trim().split('\n').at(-1)).toMatch(removed)
    expect(await log.ended).toMatchObject({ status: 1, err: (LOST + AGAIN).repeat(2) + left })
    await untilTold(all, '"kind":"removed"')
    // It goes on with the other chains, until Ctrl-C; also while the daemon is away.
    client.close()
    await node.command.end('SIGKILL')
    await eventually(
      async () => all.err,
      (err) => err.split(LOST).length === 4,
    )
    expect(await all.end('SIGINT')).toMatchObject({ status: 130 })
  },
)

test('where there is no daemon at the first try, none is waited for', async () => {
  for (const args of [
    ['chain', CHAIN, 'listen'],
    ['chains', 'listen'],
    ['chain', CHAIN, 'log', '--follow'],
  ]) {
    const { status, out, err } = await shell.run(['--port=1', ...args])
    expect({ status, out, err }).toEqual({
      ...{ status: 1, out: '' },
      err: 'freechains: no daemon answers at 127.0.0.1:1: start one with `freechains start`\n',
    })
  }
})
