/** Sharing a chain (spec §11): who has the one string that `chains invite` prints needs nothing else to join. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { person } from '../support/forum-nodes.ts'
import { Shell, type Finished } from '../support/shell.ts'

const [ALICE, BOB] = [person(1), person(2)]
const FORUM = '#chat'
const GROUP = '$family'
const KEY = 'AB'.repeat(32)

let playground: Playground
let a: Daemon
let b: Daemon

beforeEach(async () => {
  playground = await Playground.open()
  a = await playground.start('a')
  b = await playground.start('b')
})

afterEach(async () => {
  await playground.close()
})

/** A command of a user of this node. */
function on({ controlPort }: Daemon, ...args: readonly string[]): Promise<Finished> {
  return Shell.in(playground.root).run([`--port=${String(controlPort)}`, ...args])
}

async function inviteFrom(node: Daemon, ...args: readonly string[]): Promise<{ invite: string; err: string }> {
  const { status, out, err } = await on(node, 'chains', 'invite', ...args)
  expect(status).toBe(0)
  expect(out).toMatch(/^freechains:1:[a-z2-7]+\n$/)
  return { invite: out.trim(), err }
}

/** Waits for a payload to be readable, as text. */
async function reads(node: Daemon, chain: string, id: string): Promise<string> {
  const payload = await eventually(
    () => node.client.call('chain.get', { chain, id, part: 'payload' }).catch(() => undefined),
    (found) => found !== undefined,
  )
  return Buffer.from(typeof payload === 'string' ? payload : '', 'base64').toString()
}

async function connectedTo(node: Daemon, peer: Daemon): Promise<void> {
  await eventually(
    () => node.client.call('peer.list', {}),
    (peers) => peers.some(({ id, connected }) => connected && id === peer.peerId),
  )
}

test('a forum with pioneers: who joins by the string alone gets its posts, and finds its peers again after a restart', async () => {
  const { id } = await a.client.call('chains.join', { name: FORUM, keys: [ALICE.pub, BOB.pub] })
  const posted = await a.client.call('chain.post', { chain: FORUM, text: 'Bom Dia!', sign: ALICE.pvt })
  const { invite, err } = await inviteFrom(a, FORUM)
  expect(err).toBe('freechains: the addresses of this node in it work on this machine only\n')

  expect(await on(b, 'chains', 'join', invite)).toEqual({
    status: 0,
    out: `${id}\n`,
    err: `freechains: joined ${FORUM}\n`,
  })
  expect(await reads(b, FORUM, posted.id)).toBe('Bom Dia!')
  expect(await on(b, 'chains', 'join', invite)).toMatchObject({ status: 0, out: `${id}\n` })

  await b.stop()
  const again = await playground.start('b')
  await connectedTo(again, a)
  const later = await a.client.call('chain.post', { chain: FORUM, text: 'Boa tarde!', sign: BOB.pvt })
  expect(await reads(again, FORUM, later.id)).toBe('Boa tarde!')
})

test('a group with its key: a warning on stderr, and who has the string reads and writes', async () => {
  await a.client.call('chains.join', { name: GROUP, keys: [KEY] })
  const posted = await a.client.call('chain.post', { chain: GROUP, text: 'Jantar às oito' })
  const { invite, err } = await inviteFrom(a, GROUP, '--with-key')
  expect(err).toMatch(/^freechains: whoever gets hold of this invite reads and writes everything in \$family, for ever/)
  expect((await on(b, 'chains', 'join', invite)).status).toBe(0)
  expect(await reads(b, GROUP, posted.id)).toBe('Jantar às oito')
  const answer = await b.client.call('chain.post', { chain: GROUP, text: 'Estarei lá' })
  expect(await reads(a, GROUP, answer.id)).toBe('Estarei lá')
})

test('a group without its key: joining asks for it, refuses another one, and takes the right one', async () => {
  const { id } = await a.client.call('chains.join', { name: GROUP, keys: [KEY] })
  const posted = await a.client.call('chain.post', { chain: GROUP, text: 'Jantar às oito' })
  const { invite, err } = await inviteFrom(a, GROUP)
  expect(err).toMatch(/^freechains: the key of \$family is not in it: give the key by another way/)

  const asked = await on(b, 'chains', 'join', invite)
  expect(asked).toMatchObject({ status: 1, out: '' })
  expect(asked.err).toMatch(
    /^freechains: the invite to \$family comes without the key of the group: ask who invited you/,
  )
  await expect(b.client.call('chains.join', { invite })).rejects.toMatchObject({ code: 'key-needed' })
  const wrong = b.client.call('chains.join', { invite, keys: ['CD'.repeat(32)] })
  await expect(wrong).rejects.toMatchObject({ code: 'bad-key' })
  expect(await b.client.call('chains.list', {})).toEqual([])

  expect(await on(b, 'chains', 'join', invite, KEY)).toMatchObject({ status: 0, out: `${id}\n` })
  expect(await reads(b, GROUP, posted.id)).toBe('Jantar às oito')
})

test('bootstrap peers that are connected stand in it: who joins gets the posts of an inviter that is gone', async () => {
  const c = await playground.start('c', { bootstrap: a.addresses, chains: [{ name: FORUM }] })
  await a.client.call('chains.join', { name: FORUM, founder: ALICE.pub })
  await connectedTo(c, a)
  const posted = await c.client.call('chain.post', { chain: FORUM, text: 'Bom Dia!', sign: ALICE.pvt })
  const { invite, peers } = await c.client.call('chains.invite', { chain: FORUM })
  expect(peers).toEqual([...c.addresses, ...a.addresses])
  expect(await reads(a, FORUM, posted.id)).toBe('Bom Dia!')
  await c.stop()
  // The founder's key is in it: of other forums of this name nothing is taken.
  await b.client.call('chains.join', { invite })
  expect(await b.client.call('chain.founder', { chain: FORUM })).toMatchObject({ founder: ALICE.pub })
  expect(await reads(b, FORUM, posted.id)).toBe('Bom Dia!')
})

test('an invite of somebody who is off: nothing is founded beside the forum, and a first post waits for its first block', async () => {
  await a.client.call('chains.join', { name: FORUM })
  const posted = await a.client.call('chain.post', { chain: FORUM, text: 'Bom Dia!', sign: ALICE.pvt })
  const { invite } = await a.client.call('chains.invite', { chain: FORUM })
  const listen = a.addresses[0]?.replace(/\/p2p\/.*/, '') ?? ''
  await a.stop()
  const joined = await on(b, 'chains', 'join', invite)
  expect(joined.err).toContain(`nothing of the founder ${ALICE.pub} has come yet`)
  const post = () => b.client.call('chain.post', { chain: FORUM, text: 'Am I the first?', sign: BOB.pvt })
  await expect(post()).rejects.toThrow(/the post is held back: nothing of the founder .* has come yet/)
  expect(await b.client.call('chain.status', { chain: FORUM })).toMatchObject({ blocks: 0, founder: ALICE.pub })
  await playground.start('a', { listen })
  expect(await reads(b, FORUM, posted.id)).toBe('Bom Dia!')
  expect(await post()).toMatchObject({ state: 'held' })
})

test('an invite that cannot be used changes nothing: cut, altered, of a name that is taken; keys to what has none', async () => {
  await a.client.call('chains.join', { name: FORUM })
  await b.client.call('chains.join', { name: FORUM, keys: [BOB.pub] })
  const { invite } = await inviteFrom(a, FORUM)
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { status, out, err } = await on(b, 'chains', 'join', ...args)
    expect({ status, out }).toEqual({ status: 1, out: '' })
    return err
  }
  expect(await refused(invite.slice(0, -1))).toMatch(/^freechains: the invite cannot be used: it was cut or altered/)
  expect(await refused(invite.replace(':1:', ':2:'))).toMatch(/version 2, and this program reads version 1/)
  expect(await refused(invite)).toMatch(/#chat with other keys is joined/)
  expect(await refused(invite, ALICE.pub)).toMatch(/give no keys with it/)
  expect(await b.client.call('peer.list', {})).toEqual([])
  await expect(b.client.call('chains.join', { name: FORUM, invite })).rejects.toMatchObject({ code: 'bad-params' })
  expect(await on(a, 'chains', 'invite', FORUM, '--with-key')).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/#chat has no key to give away/) as string,
  })
})
