/** Static peers of a real daemon (spec §11): listed while they are away, taken out by command, over restarts too. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { Shell, type Finished } from '../support/shell.ts'

let playground: Playground

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

const on = (node: Daemon, ...args: readonly string[]): Promise<Finished> =>
  Shell.in(playground.root).run([`--port=${String(node.controlPort)}`, ...args])

/** What `peer list` says when it says this. */
const listed = (node: Daemon, says: RegExp): Promise<Finished> =>
  eventually(
    () => on(node, 'peer', 'list'),
    ({ out }) => says.test(out),
  )

const bare = (address: string): string => address.replace(/\/p2p\/.*/, '')

test('a peer that was added is listed while it is away, and why, until it is removed', async () => {
  const peer = await playground.start('peer')
  const [address = ''] = peer.addresses
  await peer.stop()
  const node = await playground.start('node')
  const added = await on(node, 'peer', 'add', bare(address))
  expect(added).toMatchObject({ status: 0, err: 'freechains: not connected yet: it is tried again until it answers\n' })
  const away = `- away ${bare(address)} (nothing listens there`
  await listed(node, new RegExp(`^${away.replaceAll(/[/().]/g, String.raw`\$&`)}(; next try in \\d+ s)?\\)\\n$`))

  await playground.start('peer', { listen: bare(address) })
  await listed(node, new RegExp(`^${peer.peerId} connected /`))
  expect(await on(node, 'peer', 'remove', peer.peerId)).toEqual({ status: 0, out: `${bare(address)}\n`, err: '' })
  await listed(node, /^$/)
  expect(await on(node, 'peer', 'remove', peer.peerId)).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^freechains: no peer “12D3\w+” was added here: .*peer list.*\n$/) as string,
  })
  await node.stop()
  const again = await playground.start('node')
  expect(await again.client.call('peer.list', {})).toEqual([])
})

test('a peer of the config file is listed too, and is taken out there', async () => {
  const gone = await playground.start('gone')
  await gone.stop()
  const node = await playground.start('node', { peers: gone.addresses })
  const { out } = await listed(node, /away/)
  expect(out).toMatch(new RegExp(`^${gone.peerId} away /ip4/`))
  const refused = await on(node, 'peer', 'remove', gone.peerId)
  expect(refused).toMatchObject({ status: 1, out: '' })
  expect(refused.err).toMatch(/^freechains: the config file names this peer \(\/ip4\/.*\): take it out there, .*\n$/)
})
