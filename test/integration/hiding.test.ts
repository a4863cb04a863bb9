/** What real daemons do with posts that are disliked away, and with posts that are withdrawn (spec §4, §5). */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import {
  agreed,
  blockedOn,
  blockOn,
  codeOf,
  DAY_MS,
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
const GROUP = '$family'
const TAKEN_BACK = { state: 'hidden', takenBack: true, why: 'taken back by its author' }
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

test('3.b five dislikes hide a post everywhere, likes bring it back from who kept it aside; authors take theirs back', async () => {
  const chains = [{ name: FORUM }, { name: GROUP, key: 'AB'.repeat(32) }]
  const config = { chains, testClock: true }
  let a = await playground.start('a', config)
  const known = { ...config, peers: a.addresses }
  const b = await playground.start('b', { ...known, hidden: { keepDays: 0 } })
  const hello = await post(a, ALICE, 'welcome')
  const spam = await post(a, MALLORY, SPAM)
  await agreed([a, b], await like(a, ALICE, spam))
  await eachSays([a, b], spam, SPAM)

  const tooLong = { chain: FORUM, id: spam, sign: ALICE.pvt, why: 'x'.repeat(1025) }
  expect(await a.client.call('chain.dislike', tooLong).catch(codeOf)).toBe('payload-too-large')
  expect(await dislike(a, MALLORY, spam).catch(codeOf)).toBe('no-reputation')
  const ears = await Ears.on(b)
  for (let n = 1; n <= 4; n++) await dislike(a, ALICE, spam)
  await agreed([a, b])
  expect(await Promise.all([a, b].map((node) => stateOn(node, spam)))).toEqual(['accepted', 'accepted'])
  const before = await Promise.all([a, b].map(bytesOn))
  await agreed([a, b], await dislike(a, ALICE, spam, 'x'.repeat(1024)))
  await ears.until(spam, ['hidden'])
  for (const node of [a, b]) {
    expect(await payloadOrCode(node, spam)).toBe('payload-hidden')
    expect(await blockOn(node, spam)).toMatchObject({ state: 'hidden', reps: -4, pay: { size: SPAM.length } })
  }
  // Kept aside here, gone there.
  expect(await bytesOn(a)).toBeGreaterThan(before[0] ?? 0)
  await eventually(
    () => bytesOn(b),
    (bytes) => bytes < (before[1] ?? 0) - SPAM.length + 2000,
  )

  const inGroup = { chain: GROUP, sign: ALICE.pvt }
  const said = (await a.client.call('chain.post', { ...inGroup, text: 'among us' })).id
  await a.client.call('chain.dislike', { ...inGroup, id: said })
  await a.client.call('chain.post', { ...inGroup, text: 'never mind' })
  expect(await a.client.call('chain.reps', { chain: GROUP, of: ALICE.pub })).toBe('unlimited')
  expect(await a.client.call('chain.reps', { chain: GROUP })).toEqual([{ pub: ALICE.pub, reps: 'unlimited' }])

  const bytes = await bytesOn(a)
  await a.kill()
  a = await playground.start('a', { ...config, listen: a.addresses[0]?.replace(/\/p2p\/.*$/, '') ?? '' })
  expect([await payloadOrCode(a, spam), await bytesOn(a)]).toEqual(['payload-hidden', bytes])

  const late = await playground.start('late', known)
  await agreed([a, b, late])
  expect([await stateOn(late, spam), await payloadOrCode(late, spam)]).toEqual(['hidden', 'payload-hidden'])
  expect(await late.client.call('chain.status', { chain: FORUM })).toMatchObject({ missing: 0, state: 'synced' })
  expect(await bytesOn(late)).toBeLessThan(SPAM.length)
  await eventually(
    () => late.client.call('chain.status', { chain: GROUP }),
    ({ blocks, missing }) => blocks === 3 && missing === 0,
  )
  expect(await late.client.call('chain.get', { chain: GROUP, id: said, part: 'block' })).toMatchObject(TAKEN_BACK)

  for (let n = 1; n <= 2; n++) await like(a, ALICE, spam)
  await agreed([a, b, late])
  expect(await payloadOrCode(a, spam)).toBe(SPAM)
  for (const node of [b, late]) {
    expect(await blockOn(node, spam)).toMatchObject({ state: 'accepted', reps: -2 })
    await node.client.call('peer.recv', { addr: a.addresses[0] ?? '', chain: FORUM })
  }
  await eachSays([b, late], spam, SPAM)
  for (const node of [b, late])
    expect(await node.client.call('chain.status', { chain: FORUM })).toMatchObject({ missing: 0 })

  await agreed([a, b, late], await dislike(late, ALICE, hello))
  for (const node of [a, b, late]) {
    expect(await blockOn(node, hello)).toMatchObject(TAKEN_BACK)
    expect(await payloadOrCode(node, hello)).toBe('payload-hidden')
  }
  const kept = await bytesOn(a)
  await setClocks([a], (await a.client.call('host.now', {})) + 30 * DAY_MS)
  expect(await bytesOn(a)).toBe(kept - 'welcome'.length)
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
