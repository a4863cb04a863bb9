/** What real daemons do with posts that are disliked away, and with posts that are withdrawn (spec §4, §5). */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import {
  agreed,
  blockedOn,
  blockOn,
  codeOf,
  dislike,
  Ears,
  FORUM,
  like,
  payloadOn,
  person,
  post,
  setClocks,
  stateOn,
} from '../support/forum-nodes.ts'

const [ALICE, MALLORY] = [person(1), person(2)]
/** So long that nothing else counts beside it. */
const SPAM = 'compre '.repeat(15_000)

let playground: Playground

beforeEach(async () => {
  playground = await Playground.open()
})

afterEach(async () => {
  await playground.close()
})

async function bytesOn(node: Daemon): Promise<number> {
  return (await node.client.call('chain.status', { chain: FORUM })).bytes
}

/** The payload, or the code of what is said instead. */
async function payloadOrCode(node: Daemon, id: string): Promise<string> {
  return payloadOn(node, id).catch(codeOf)
}

async function eachSays(nodes: readonly Daemon[], id: string, expected: string): Promise<void> {
  for (const node of nodes) {
    await eventually(
      () => payloadOrCode(node, id),
      (found) => found === expected,
    )
  }
}

test('3.b five dislikes hide a post everywhere, its bytes go, a joiner does not miss it; likes bring it back from who has it', async () => {
  const config = { chains: [{ name: FORUM }], testClock: true }
  const a = await playground.start('a', config)
  const known = { ...config, peers: a.addresses }
  const b = await playground.start('b', known)
  const away = await playground.start('c', known)
  await post(a, ALICE, 'welcome')
  const spam = await post(a, MALLORY, SPAM)
  await agreed([a, b, away], await like(a, ALICE, spam))
  await eachSays([a, b, away], spam, SPAM)
  await away.stop()

  const ears = await Ears.on(b)
  for (let n = 1; n <= 4; n++) await dislike(a, ALICE, spam)
  await agreed([a, b])
  expect(await Promise.all([a, b].map((node) => stateOn(node, spam)))).toEqual(['accepted', 'accepted'])
  const before = await Promise.all([a, b].map(bytesOn))
  await agreed([a, b], await dislike(a, ALICE, spam, 'spam'))
  await ears.until(spam, ['hidden'])
  for (const [at, node] of [a, b].entries()) {
    expect(await payloadOrCode(node, spam)).toBe('payload-hidden')
    expect(await blockOn(node, spam)).toMatchObject({ state: 'hidden', reps: -4, pay: { size: SPAM.length } })
    expect(before[at]).toBeGreaterThan(SPAM.length)
    expect(await bytesOn(node)).toBeLessThan((before[at] ?? 0) - SPAM.length + 1000)
  }

  const late = await playground.start('late', known)
  await agreed([a, b, late])
  expect(await stateOn(late, spam)).toBe('hidden')
  expect(await payloadOrCode(late, spam)).toBe('payload-hidden')
  expect(await late.client.call('chain.status', { chain: FORUM })).toMatchObject({ missing: 0, state: 'synced' })
  expect(await bytesOn(late)).toBeLessThan(SPAM.length)

  for (let n = 1; n <= 2; n++) await like(a, ALICE, spam)
  await agreed([a, b, late])
  for (const node of [a, b, late]) {
    expect(await blockOn(node, spam)).toMatchObject({ state: 'accepted', reps: -2 })
    expect(await payloadOrCode(node, spam)).toBe('payload-missing')
    expect(await node.client.call('chain.status', { chain: FORUM })).toMatchObject({ missing: 1 })
  }

  // Away while it was hidden, and so it still has what the others deleted.
  const back = await playground.start('c', known)
  await agreed([a, b, late, back])
  await eachSays([back, a], spam, SPAM)
  // The others ask the peer that had it not again after a while.
  await setClocks([b, late], (await a.client.call('host.now', {})) + 600_000)
  for (const node of [b, late]) {
    await node.client.call('peer.recv', { addr: a.addresses[0] ?? '', chain: FORUM })
    expect(await payloadOrCode(node, spam)).toBe(SPAM)
    expect(await node.client.call('chain.status', { chain: FORUM })).toMatchObject({ missing: 0 })
  }
})

test('§5 withdrawn: of two concurrent posts by an author with 1 rep the later one goes, is held where it was made, and a like brings it back', async () => {
  // Thirty pioneers have 1 rep each.
  const pioneers = Array.from({ length: 30 }, (_, n) => person(n))
  const chains = [{ name: FORUM, pioneers: pioneers.map(({ pub }) => pub) }]
  const a = await playground.start('a', { chains, testClock: true })
  const b = await playground.start('b', { chains, testClock: true })
  const [carol, dan] = pioneers as [(typeof pioneers)[0], (typeof pioneers)[0]]
  await setClocks([b], (await a.client.call('host.now', {})) + 60_000)
  const ears = await Promise.all([a, b].map((node) => Ears.on(node)))
  const [ofA, ofB] = ears as [Ears, Ears]
  const sooner = await post(a, carol, 'at home')
  const later = await post(b, carol, 'on the way')
  expect(await Promise.all([stateOn(a, sooner), stateOn(b, later)])).toEqual(['accepted', 'accepted'])

  await b.client.call('peer.add', { addr: a.addresses[0] ?? '' })
  expect((await agreed([a, b], sooner)).accepted).toEqual([sooner])
  await ofB.until(later, ['post', 'withdrawn'])
  expect(ofA.about(later)).toEqual([])
  expect(await blockedOn(b)).toEqual([later])
  expect(await blockedOn(a)).toEqual([])
  expect(await blockOn(b, later)).toMatchObject({
    state: 'held',
    why: 'held: its author spent the reps on blocks beside it; it needs a like',
  })

  const liked = await like(b, dan, later)
  expect((await agreed([a, b], liked)).accepted).toEqual([sooner, later, liked])
  expect(await blockedOn(b)).toEqual([])
  await ofB.until(later, ['post', 'withdrawn', 'post'])
  await ofA.until(later, ['post'])
})
