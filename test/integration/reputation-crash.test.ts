/** What reputation leaves on the disk: nodes that are killed in the middle come back to what they had told (spec §5). */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '../../src/node/control/client/connection.ts'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import {
  agreed,
  blockedOn,
  blockOn,
  codeOf,
  dislike,
  FORUM,
  like,
  payloadOn,
  person,
  post,
  stateOn,
  viewOf,
} from '../support/forum-nodes.ts'

const ALICE = person(0)
const HELD_SLOTS = 16
const forum = { chains: [{ name: FORUM, founder: ALICE.pub }] }

let playground: Playground

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

/**
 * People who post on a node one after the other, until it is gone: a newcomer whose post is held, Alice who likes it, and
 * Alice herself. Remembers what the node acknowledged.
 */
class Stream {
  readonly accepted: string[] = []
  /** Held posts, oldest first: those that have to be there. */
  held: string[] = []
  /** What was asked last, and of which post. */
  doing: { readonly what: 'hold' | 'like' | 'post'; readonly id?: string } = { what: 'post' }
  #newcomers = 0

  async hold(node: Daemon): Promise<string> {
    this.doing = { what: 'hold' }
    this.#newcomers += 1
    const id = await post(node, person(this.#newcomers), `newcomer ${String(this.#newcomers)}`)
    this.held = [...this.held, id].slice(-HELD_SLOTS)
    return id
  }

  async welcome(node: Daemon, id: string): Promise<void> {
    this.doing = { what: 'like', id }
    const liked = await like(node, ALICE, id)
    this.held = this.held.filter((other) => other !== id)
    this.accepted.push(id, liked)
  }

  async post(node: Daemon): Promise<void> {
    this.doing = { what: 'post' }
    this.accepted.push(await post(node, ALICE, `post ${String(this.accepted.length)}`))
  }

  /** Gives the code of what ended it. */
  async run(node: Daemon): Promise<string> {
    for (;;) {
      try {
        await this.welcome(node, await this.hold(node))
        await this.post(node)
      } catch (error) {
        return codeOf(error)
      }
    }
  }

  /** Compares the held posts of a node that was killed with what it had acknowledged, and goes on from there. */
  check(blocked: readonly string[]): void {
    const { what, id } = this.doing
    const unheard = blocked.filter((other) => !this.held.includes(other))
    expect(unheard.length).toBeLessThanOrEqual(what === 'hold' ? 1 : 0)
    // What was asked last may be done, and not be acknowledged.
    const left = this.held.filter((other) => other !== id || blocked.includes(other))
    expect(blocked).toEqual([...left, ...unheard].slice(-HELD_SLOTS))
    this.held = [...blocked]
  }
}

test('§5 kill -9 in a stream of posts, likes and held posts: what was acknowledged is there, and both nodes agree on the rest', async () => {
  const b = await playground.start('b', forum)
  let a = await playground.start('a', { ...forum, peers: b.addresses })
  const stream = new Stream()
  await stream.post(a)
  for (let n = 0; n < HELD_SLOTS + 2; n++) await stream.hold(a)
  expect(await blockedOn(a)).toEqual(stream.held)

  for (let round = 0; round < 3; round++) {
    const before = stream.accepted.length
    const ended = stream.run(a)
    await eventually(
      () => Promise.resolve(stream.accepted.length),
      (count) => count >= before + 6 + round,
    )
    await a.kill()
    expect(await ended).toBe('aborted')

    // Alone: what is there is not what another node gave it.
    a = await playground.start('a', forum)
    stream.check(await blockedOn(a))
    for (const id of stream.accepted) expect(await stateOn(a, id)).toBe('accepted')
    for (const id of stream.held) {
      expect(await blockOn(a, id)).toMatchObject({ state: 'held', why: expect.stringMatching(/has 0 reps/) as string })
      expect(await payloadOn(a, id)).toMatch(/^newcomer \d+$/)
    }

    await b.client.call('peer.recv', { addr: a.addresses[0] ?? '', chain: FORUM })
    const { accepted, reps } = await agreed([a, b], ...stream.accepted)
    const spent = (await Promise.all(accepted.map((id) => blockOn(a, id)))).filter(({ author }) => author === ALICE.pub)
    expect(reps[0]).toEqual({ pub: ALICE.pub, reps: 30 - spent.length })
    for (const id of accepted) {
      const [onA, onB] = [await blockOn(a, id), await blockOn(b, id)]
      // Who made it here is this node's own knowledge.
      expect({ ...onA, ours: undefined }).toEqual({ ...onB, ours: undefined })
    }
    expect(await blockedOn(a)).toEqual(stream.held)
    expect(await blockedOn(b)).toEqual([])
  }
})

test('§5 a held post that was liked elsewhere while its node was down is accepted at its next start', async () => {
  let b = await playground.start('b', forum)
  let c = await playground.start('c', { ...forum, peers: b.addresses })
  const first = await post(b, ALICE, 'welcome')
  await agreed([b, c], first)
  const id = await post(c, person(1), 'olá de longe')
  const other = await post(c, person(2), 'eu também')
  // Its neighbour tells that there is somebody to welcome (§7).
  await eventually(
    () => b.client.call('chain.status', { chain: FORUM }),
    ({ waiting }) => waiting.some(({ id: neighbour }) => neighbour === c.peerId),
  )
  await b.client.call('peer.held', { addr: c.addresses[0] ?? '', chain: FORUM })
  expect(await blockedOn(b)).toEqual([id, other])
  await c.kill()
  await b.kill()

  b = await playground.start('b', forum)
  expect(await blockedOn(b)).toEqual([id, other])
  const liked = await like(b, ALICE, id)
  await b.kill()
  b = await playground.start('b', forum)
  expect((await viewOf(b)).accepted).toEqual([first, id, liked])
  expect(await blockedOn(b)).toEqual([other])

  c = await playground.start('c', { ...forum, peers: b.addresses })
  expect((await agreed([b, c], id, liked)).reps).toEqual([
    { pub: ALICE.pub, reps: 28 },
    { pub: person(1).pub, reps: 0 },
  ])
  expect(await blockedOn(c)).toEqual([other])
  expect(await payloadOn(c, id)).toBe('olá de longe')
  await c.kill()
  c = await playground.start('c', forum)
  expect(await viewOf(c)).toEqual(await viewOf(b))
})

test('3.b a post that was hidden stays hidden after kill -9, and one that likes brought back is still asked for', async () => {
  const text = 'compre '.repeat(15_000)
  // Nothing is kept aside: what comes back has to come from a peer.
  const keepsNone = { ...forum, hidden: { keepDays: 0 } }
  const bytes = async (): Promise<number> => (await a.client.call('chain.status', { chain: FORUM })).bytes
  let a = await playground.start('a', keepsNone)
  await post(a, ALICE, 'welcome')
  const spam = await post(a, person(1), text)
  await like(a, ALICE, spam)
  const away = await playground.start('away', { ...forum, peers: a.addresses })
  await agreed([a, away])
  await eventually(
    () => payloadOn(away, spam).catch(codeOf),
    (found) => found === text,
  )
  await away.kill()

  for (let n = 0; n < 5; n++) await dislike(a, ALICE, spam)
  const small = await bytes()
  await a.kill()
  a = await playground.start('a', keepsNone)
  expect(await stateOn(a, spam)).toBe('hidden')
  expect(await bytes()).toBe(small)
  expect(small).toBeLessThan(text.length)
  await expect(payloadOn(a, spam)).rejects.toThrow(/is not shown: the post is hidden/)

  for (let n = 0; n < 2; n++) await like(a, ALICE, spam)
  await a.kill()
  a = await playground.start('a', keepsNone)
  expect(await stateOn(a, spam)).toBe('accepted')
  expect(await a.client.call('chain.status', { chain: FORUM })).toMatchObject({ missing: 1 })
  const back = await playground.start('away', { ...forum, peers: a.addresses })
  await agreed([a, back])
  await eventually(
    () => payloadOn(a, spam).catch(codeOf),
    (found) => found === text,
  )
  expect(await bytes()).toBeGreaterThan(text.length)
})

test('§5 kill -9 with 64 posts in flight, which share writes: all that were acknowledged are there', async () => {
  const group = { chains: [{ name: '$crash', key: 'AB'.repeat(32) }] }
  let node = await playground.start('many', group)
  const { controlPort: port } = node
  const stateDir = join(playground.root, 'state', 'freechains')
  const clients = await Promise.all([1, 2].map(() => connect({ host: '127.0.0.1', port, stateDir })))
  const acknowledged: string[] = []
  const lanes = Array.from({ length: 64 }, async (_, n) => {
    for (let at = 0; ; at += 1) {
      const text = `lane ${String(n)}, post ${String(at)}`
      const posted = await clients[n % 2]?.call('chain.post', { chain: '$crash', text })
      if (posted !== undefined) acknowledged.push(posted.id)
    }
  })
  const ended = Promise.allSettled(lanes)
  await eventually(
    () => Promise.resolve(acknowledged.length),
    (count) => count >= 300,
  )
  await node.kill()
  await ended
  node = await playground.start('many', group)
  const there = new Set(await node.client.call('chain.consensus', { chain: '$crash' }))
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([])
})
