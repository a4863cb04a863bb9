/** Two daemons that founded a forum of one name apart from each other (spec §2), and how the second founding is avoided. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { agreed, codeOf, FORUM, person, post, viewOf } from '../support/forum-nodes.ts'
import { Shell } from '../support/shell.ts'

const [ALICE, BOB] = [person(1), person(2)]
const OTHER = { name: '$friends', key: 'AB'.repeat(32) }

let playground: Playground

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

async function whyOf(node: Daemon): Promise<string> {
  return (await node.client.call('chain.status', { chain: FORUM })).why
}

async function connected(node: Daemon, peer: Daemon): Promise<void> {
  await eventually(
    () => node.client.call('peer.list', {}),
    (peers) => peers.some(({ id, connected: isUp }) => isUp && id === peer.peerId),
  )
}

describe('§2 two peers with different pioneers hold incompatible chains', () => {
  const chains = [{ name: FORUM }, OTHER]
  let a: Daemon
  let b: Daemon

  beforeEach(async () => {
    a = await playground.start('a', { chains })
    b = await playground.start('b', { chains: [{ name: FORUM, founder: BOB.pub }, OTHER] })
    await post(a, ALICE, 'mine')
    await post(b, BOB, 'no, mine')
  })

  test('sync is refused, both are named in the status, in the log and to those who ask, and nothing is merged', async () => {
    const before = await Promise.all([a, b].map(viewOf))
    await b.client.call('peer.add', { addr: a.addresses[0] ?? '' })
    const rivals = [
      { node: a, peer: b, ours: ALICE.pub, theirs: BOB.pub },
      { node: b, peer: a, ours: BOB.pub, theirs: ALICE.pub },
    ]
    for (const { node, peer, ours, theirs } of rivals) {
      const both = `the pioneer here is ${ours}, there ${theirs}`
      const why = await eventually(
        () => whyOf(node),
        (text) => text.includes('incompatible'),
      )
      expect(why).toBe(`peer ${peer.peerId}: incompatible: ${both}`)
      const { peers, state } = await node.client.call('chain.status', { chain: FORUM })
      expect(state).toBe('alone')
      expect(peers).toEqual([{ id: peer.peerId, lastSyncMs: null, state: `incompatible: ${both}` }])
      const warned = node
        .log()
        .split('\n')
        .find((line) => line.includes('"event":"sync.incompatible"'))
      expect(JSON.parse(warned ?? '{}')).toMatchObject({ peer: peer.peerId, ours, theirs })
      const addr = peer.addresses[0] ?? ''
      for (const method of ['peer.recv', 'peer.send', 'peer.held'] as const) {
        const refused = await node.client.call(method, { addr, chain: FORUM }).catch((error: unknown) => error)
        expect(codeOf(refused)).toBe('incompatible-chain')
        expect(String(refused)).toContain(`the chains are not the same: ${both}; nothing was merged`)
      }
    }
    expect(await Promise.all([a, b].map(viewOf))).toEqual(before)

    const shell = Shell.in(playground.root)
    const command = await shell.run([`--port=${String(b.controlPort)}`, 'peer', a.addresses[0] ?? '', 'send', FORUM])
    expect(command).toMatchObject({ status: 1, out: '' })
    expect(command.err).toMatch(new RegExp(`^freechains: the chains are not the same: .*${BOB.pub}.*${ALICE.pub}.*\n$`))
  })

  test('nobody is punished: they go on to share another chain, however often they meet on this one', async () => {
    await b.client.call('peer.add', { addr: a.addresses[0] ?? '' })
    for (const [n, [node, by, peer]] of (
      [
        [a, ALICE, b],
        [b, BOB, a],
      ] as const
    ).entries()) {
      for (let times = 0; times < 10; times++) {
        await post(node, by, `post ${String(times)} beside the others'`)
        for (const method of ['peer.recv', 'peer.send'] as const) {
          const refused = node.client.call(method, { addr: peer.addresses[0] ?? '', chain: FORUM })
          expect(await refused.catch(codeOf)).toBe('incompatible-chain')
        }
      }
      await node.client.call('chain.post', { chain: OTHER.name, text: `still friends ${String(n)}` })
    }
    await eventually(
      () => Promise.all([a, b].map((node) => node.client.call('chain.consensus', { chain: OTHER.name }))),
      ([ofA, ofB]) => ofA?.length === 3 && ofA.join() === ofB?.join(),
    )
    for (const [node, peer] of [[a, b] as const, [b, a] as const]) {
      await connected(node, peer)
      expect(await node.client.call('peer.ping', { addr: peer.addresses[0] ?? '' })).toEqual({
        ms: expect.any(Number) as number,
      })
      expect(node.log()).not.toMatch(/"event":"peer\.(fault|banned)"/)
      expect((await viewOf(node)).accepted).toHaveLength(11)
    }
  })

  test('who reads, posts or joins again is told, and joins the other forum in one step', async () => {
    await b.client.call('peer.add', { addr: a.addresses[0] ?? '' })
    const on = (...args: readonly string[]) =>
      Shell.in(playground.root).run([`--port=${String(b.controlPort)}`, ...args])
    const told = new RegExp(`follow another founder.*${BOB.pub}: ${ALICE.pub}.*--founder <pub> --instead`)
    expect((await on('chains', 'join', FORUM)).err).toMatch(told)
    expect((await on('chain', FORUM, 'log')).err).toMatch(told)
    const posted = await b.client.call('chain.post', { chain: FORUM, text: 'still mine', sign: BOB.pvt })
    expect(posted).toMatchObject({ state: 'accepted', why: expect.stringContaining(ALICE.pub) as string })

    const refused = await on('chains', 'join', FORUM, '--founder', ALICE.pub)
    expect([refused.status, refused.err]).toEqual([1, expect.stringMatching(/with 2 blocks.*--instead/)])
    expect((await on('chains', 'join', FORUM, '--founder', ALICE.pub, '--instead')).status).toBe(0)
    const { reps } = await agreed([a, b], ...(await viewOf(a)).accepted)
    expect(reps).toEqual([{ pub: ALICE.pub, reps: 29 }])
  })

  test('who joins by the bare name is shown both, and gets neither before he chooses', async () => {
    const c = await playground.start('c', { peers: [...a.addresses, ...b.addresses] })
    const shell = Shell.in(playground.root)
    const joined = await shell.run([`--port=${String(c.controlPort)}`, 'chains', 'join', FORUM])
    expect(joined).toMatchObject({ status: 0, err: expect.stringContaining('no founder is chosen') as string })
    for (const { pub } of [ALICE, BOB]) expect(joined.err).toContain(`${pub}  1 block, 1 peer`)
    expect(await c.client.call('chain.status', { chain: FORUM })).toMatchObject({ state: 'choosing', blocks: 0 })

    await post(a, ALICE, 'a second one')
    const again = await shell.run([`--port=${String(c.controlPort)}`, 'chains', 'join', FORUM])
    expect(again.err).toContain(
      `follows the founder ${ALICE.pub}, the only one that was found; others of this name: ${BOB.pub}`,
    )
    await agreed([a, c], ...(await viewOf(a)).accepted)
  })
})

describe('§2 posting into an empty forum first asks the peers that can be found', () => {
  /** At once after joining: nobody has told anything yet. */
  async function joinAndPost(node: Daemon): Promise<{ id: string; state: string; why?: string }> {
    await node.client.call('chains.join', { name: FORUM })
    return node.client.call('chain.post', { chain: FORUM, text: 'am I the first?', sign: BOB.pvt })
  }

  test('a peer that has it is found: the post is refused, and nothing is taken at once; a founder can be chosen', async () => {
    const a = await playground.start('a', { chains: [{ name: FORUM }] })
    const first = await post(a, ALICE, 'mine')
    const b = await playground.start('b', { peers: a.addresses })
    await connected(b, a)
    const refused = await joinAndPost(b).catch((error: unknown) => error)
    expect(codeOf(refused)).toBe('no-founder')
    expect(String(refused)).toContain(`${ALICE.pub} (1 blocks at 1 peer); choose with`)
    const status = await b.client.call('chain.status', { chain: FORUM })
    const founders = [{ pub: ALICE.pub, blocks: 1, peers: [a.peerId] }]
    expect(status).toMatchObject({ state: 'choosing', blocks: 0, founders })
    expect(status).not.toHaveProperty('founder')
    for (const method of ['peer.recv', 'peer.held'] as const) {
      const call = b.client.call(method, { addr: a.addresses[0] ?? '', chain: FORUM })
      expect(await call.catch(codeOf)).toBe('no-founder')
    }
    expect(b.log()).not.toMatch(/"event":"peer\.(fault|banned)"/)

    const shell = Shell.in(playground.root)
    const chosen = await shell.run([`--port=${String(b.controlPort)}`, 'chain', FORUM, 'founder', ALICE.pub])
    expect(chosen.out).toBe(`follows:  ${ALICE.pub}\nseen:     ${ALICE.pub} 1 blocks at ${a.peerId}\n`)
    expect((await agreed([a, b], first)).reps).toEqual([{ pub: ALICE.pub, reps: 29 }])
    expect(await joinAndPost(b)).toMatchObject({ state: 'held' })
  })

  test('who chooses his own key founds a forum beside that of others', async () => {
    const a = await playground.start('a', { chains: [{ name: FORUM }] })
    await post(a, ALICE, 'mine')
    const b = await playground.start('b', { peers: a.addresses, chains: [{ name: FORUM, founder: BOB.pub }] })
    await connected(b, a)
    expect(await joinAndPost(b)).toMatchObject({ state: 'accepted' })
    expect((await viewOf(b)).reps).toEqual([{ pub: BOB.pub, reps: 29 }])
  })

  test('a peer that has it is found through the DHT', async () => {
    const discovery = { dht: true }
    const bootstrap = await playground.start('bootstrap', { discovery })
    const known = { bootstrap: bootstrap.addresses, discovery }
    const a = await playground.start('a', { ...known, chains: [{ name: FORUM }] })
    const witness = await playground.start('witness', { ...known, chains: [{ name: FORUM }] })
    await post(a, ALICE, 'mine')
    // What the DHT has told somebody it will tell others.
    await connected(witness, a)
    const b = await playground.start('b', known)
    await connected(b, bootstrap)
    expect(await joinAndPost(b).catch(codeOf)).toBe('no-founder')
    await b.client.call('chain.founder', { chain: FORUM, pub: ALICE.pub })
    expect(await joinAndPost(b)).toMatchObject({ state: 'held' })
    expect((await viewOf(b)).reps).toEqual([{ pub: ALICE.pub, reps: 29 }])
  })

  test('none of them has it: the author becomes the pioneer, is told so, and is followed by who sees no other founder', async () => {
    const a = await playground.start('a', { chains: [{ name: FORUM, founder: 'none' }] })
    const b = await playground.start('b', { peers: a.addresses })
    await connected(b, a)
    const posted = await joinAndPost(b)
    expect(posted).toMatchObject({
      state: 'accepted',
      why: 'this is the first post of the forum: its author is now the pioneer, here and for all who join it from here',
    })
    expect((await agreed([a, b], posted.id)).reps).toEqual([{ pub: BOB.pub, reps: 29 }])
    const taken = a
      .log()
      .split('\n')
      .find((line) => line.includes('"event":"chain.founder-taken"'))
    expect(JSON.parse(taken ?? '{}')).toMatchObject({ level: 'warn', founder: BOB.pub })
  })
})
