/** `peer check` (spec §11) against everything that can be at the other end of an address, over real sockets. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PeerCheckStep } from '../../src/node/control/shapes.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { SYNC_PROTOCOL } from '../../src/protocol/messages.ts'
import { Playground, type Daemon } from '../support/daemon.ts'
import { FORUM, person, post } from '../support/forum-nodes.ts'
import { startHost, stopAll } from '../support/hosts.ts'
import { Shell } from '../support/shell.ts'
import { BREACHES, Stranger } from '../support/stranger.ts'

const [ALICE, BOB] = [person(1), person(2)]
const GROUP = '$friends'

let playground: Playground
let node: Daemon
let member: Daemon
let rival: Daemon
const hosts: Host[] = []
const servers: Server[] = []

beforeAll(async () => {
  playground = await Playground.open()
  const chains = [{ name: FORUM }, { name: '#alone' }, { name: GROUP, key: 'AB'.repeat(32) }]
  node = await playground.start('node', { chains })
  member = await playground.start('member', {
    chains: [
      { name: FORUM, founder: ALICE.pub },
      { name: GROUP, key: 'AB'.repeat(32) },
    ],
  })
  rival = await playground.start('rival', { chains: [{ name: FORUM }, { name: GROUP, key: 'CD'.repeat(32) }] })
  await post(node, ALICE, 'mine')
  await post(rival, BOB, 'no, mine')
})

afterAll(async () => {
  await stopAll(hosts)
  for (const server of servers) server.close()
  await playground.close()
})

async function check(addr: string, chain?: string, from = node): Promise<PeerCheckStep[]> {
  return from.client.call('peer.check', chain === undefined ? { addr } : { addr, chain })
}

/** How each step went, in a word. */
function states(steps: readonly PeerCheckStep[]): string {
  return steps.map(({ step, state }) => `${step} ${state}`).join(', ')
}

function failing(steps: readonly PeerCheckStep[]): PeerCheckStep | undefined {
  return steps.find(({ state }) => state === 'failed')
}

/** Steps up to one that failed. */
function failsAt(step: PeerCheckStep['step']): string {
  const all = ['resolve', 'dial', 'noise', 'identify', 'protocol', 'chain']
  const at = all.indexOf(step)
  return all.map((name, n) => `${name} ${n < at ? 'ok' : n === at ? 'failed' : 'skipped'}`).join(', ')
}

/** A TCP server; its address. */
async function serve(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

async function newHost(): Promise<Host> {
  const host = await startHost()
  hosts.push(host)
  return host
}

const firstAddress = ({ addresses }: Daemon): string => addresses[0] ?? ''

test('all is well: every step is ok, by any spelling of the address, and nothing stays open', async () => {
  const steps = await check(firstAddress(member), FORUM)
  expect(states(steps)).toBe('resolve ok, dial ok, noise ok, identify ok, protocol ok, chain ok')
  expect(steps.map(({ why }) => why)).toEqual([
    firstAddress(member).replace(/\/p2p.*/, ''),
    'something listens there',
    `it is ${member.peerId}`,
    expect.stringMatching(/^js-libp2p\//),
    'it speaks /freechains/sync/1.0.0',
    `it has ${FORUM}`,
  ])
  const port = /\/tcp\/(\d+)/.exec(firstAddress(member))?.[1] ?? ''
  expect(states(await check(`127.0.0.1:${port}`, GROUP))).toMatch(/chain ok$/)
  expect(states(await check(`/dns4/localhost/tcp/${port}/p2p/${member.peerId}`))).toMatch(/protocol ok, chain skipped$/)
  // The member may dial us meanwhile, for it shares chains; what this node dialled for the check is closed.
  const dialled = async (): Promise<unknown> => {
    const peers = await node.client.call('peer.list', {})
    return peers.filter(({ addresses }) => addresses.some((address) => address.startsWith(steps[0]?.why ?? '/')))
  }
  await expect.poll(dialled, { timeout: 20_000 }).toEqual([])
})

test('a peer that is connected is checked over a connection of its own, and the other one stays', async () => {
  await node.client.call('peer.ping', { addr: firstAddress(rival) })
  expect(states(await check(firstAddress(rival)))).toMatch(/protocol ok, chain skipped$/)
  const peers = await node.client.call('peer.list', {})
  expect(peers.find(({ id }) => id === rival.peerId)).toMatchObject({ connected: true })
})

test('dial: nothing listens on the port', async () => {
  const address = await serve(() => undefined)
  await new Promise((resolve) => servers.at(-1)?.close(resolve))
  const steps = await check(address, FORUM)
  expect(states(steps)).toBe(failsAt('dial'))
  expect(failing(steps)).toMatchObject({
    why: `nothing listens on ${address}`,
    fix: expect.stringMatching(/port/) as string,
  })
})

test.each<[string, (socket: Socket) => void]>([
  ['hangs up', (socket) => socket.destroy()],
  ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['stays silent', () => undefined],
])('noise: what listens there is not libp2p and %s', async (_what, onConnection) => {
  const steps = await check(await serve(onConnection), FORUM)
  expect(states(steps)).toBe(failsAt('noise'))
  expect(failing(steps)).toMatchObject({
    why: expect.stringMatching(/^what listens there does not speak libp2p with noise/) as string,
    fix: expect.stringMatching(/control port/) as string,
  })
})

test('noise: another peer than the address says', async () => {
  const expected = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
  const steps = await check(firstAddress(member).replace(member.peerId, expected), FORUM)
  expect(states(steps)).toBe(failsAt('noise'))
  expect(failing(steps)?.why).toBe(`expected ${expected}, is ${member.peerId}`)
})

test('noise: the address is our own', async () => {
  const steps = await check(firstAddress(node), FORUM)
  expect(states(steps)).toBe(failsAt('noise'))
  expect(failing(steps)?.why).toBe('that is this node itself')
})

test('noise: this node has banned the peer', async () => {
  const stranger = await Stranger.start()
  hosts.push(stranger.host)
  await stranger.meet(node)
  expect(await stranger.breachesLeft(node)).toBe(BREACHES)
  const steps = await check(stranger.address, FORUM)
  expect(states(steps)).toBe(failsAt('noise'))
  expect(failing(steps)).toMatchObject({ why: expect.stringMatching(/banned/) as string })
})

test('identify: it hangs up when it knows who we are', async () => {
  const host = await newHost()
  host.ban(node.peerId)
  const steps = await check(host.addresses()[0] ?? '', FORUM)
  expect(['noise', 'identify']).toContain(failing(steps)?.step)
  expect(states(steps)).toBe(failsAt(failing(steps)?.step ?? 'chain'))
})

test('protocol: a libp2p host that is no freechains node', async () => {
  const host = await newHost()
  const steps = await check(host.addresses()[0] ?? '', FORUM)
  expect(states(steps)).toBe(failsAt('protocol'))
  expect(failing(steps)).toMatchObject({
    why: `it does not speak ${SYNC_PROTOCOL}`,
    fix: expect.stringMatching(/not one of freechains/) as string,
  })
})

test('protocol: another version, and one that says hello in another way', async () => {
  const newer = await newHost()
  await newer.libp2p.handle('/freechains/sync/2.0.0\u001b[2J', () => undefined)
  const steps = await check(newer.addresses()[0] ?? '', FORUM)
  expect(states(steps)).toBe(failsAt('protocol'))
  expect(failing(steps)?.why).toBe(`it speaks /freechains/sync/2.0.0?[2J, and this node ${SYNC_PROTOCOL}`)

  const odd = await newHost()
  await odd.libp2p.handle(SYNC_PROTOCOL, (stream) => void stream.send(Uint8Array.of(1, 0xff)))
  const other = await check(odd.addresses()[0] ?? '', FORUM)
  expect(states(other)).toBe(failsAt('protocol'))
  expect(failing(other)?.why).toMatch(/^it says hello in another way \(WIRE_/)
})

test('chain: one of ours that does not have it, or has the group under another key', async () => {
  const steps = await check(firstAddress(member), '#alone')
  expect(states(steps)).toBe(failsAt('chain'))
  expect(failing(steps)?.why).toBe('it does not have #alone')
  const group = await check(firstAddress(rival), GROUP)
  expect(states(group)).toBe(failsAt('chain'))
  expect(failing(group)?.why).toBe(`it does not have ${GROUP}, or has it with another key`)
})

test('chain: incompatible pioneers are both named', async () => {
  const steps = await check(firstAddress(rival), FORUM)
  expect(states(steps)).toBe(failsAt('chain'))
  expect(failing(steps)?.why).toBe(`its ${FORUM} is another one: the pioneer here is ${ALICE.pub}, there ${BOB.pub}`)
})

test('chain: one of the two follows no founder yet; it says which, and what to choose', async () => {
  const bare = await playground.start('bare', { chains: [{ name: FORUM }] })
  const there = await check(firstAddress(bare), FORUM)
  expect(states(there)).toBe(failsAt('chain'))
  expect(failing(there)).toMatchObject({
    why: `it has ${FORUM}, and follows no founder yet: it takes nothing`,
    fix: expect.stringContaining(ALICE.pub) as string,
  })
  const here = await check(firstAddress(node), FORUM, bare)
  expect(states(here)).toBe(failsAt('chain'))
  expect(failing(here)?.why).toBe(`it follows founder ${ALICE.pub} of ${FORUM} (1 blocks), and none is chosen here`)
})

test('a chain that is not joined here, and what is no address, are refused before anything is dialled', async () => {
  await expect(check(firstAddress(member), '#none')).rejects.toMatchObject({ code: 'chain-not-found' })
  await expect(check('a b', FORUM)).rejects.toMatchObject({ code: 'bad-address' })
})

test('the command prints a line for each step, and ends with 1 and what to do if one fails', async () => {
  const shell = Shell.in(playground.root)
  const run = (addr: string): ReturnType<Shell['run']> =>
    shell.run([`--port=${String(node.controlPort)}`, 'peer', addr, 'check', FORUM])
  const well = await run(firstAddress(member))
  expect(well).toMatchObject({ status: 0, err: '' })
  expect(
    well.out
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/).slice(0, 2).join(' ')),
  ).toEqual(['resolve', 'dial', 'noise', 'identify', 'protocol', 'chain'].map((step) => `${step} ok`))
  const failed = await run(firstAddress(rival))
  expect(failed).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^freechains: chain failed: nothing can be merged/) as string,
  })
  expect(failed.out).toMatch(/\nprotocol +ok .*\nchain +failed .*\n$/)
})
