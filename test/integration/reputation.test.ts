/** Reputation on three real daemons in a line (spec §4, §5): who gets in, how others get in, and what each node says of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually, Playground, type Daemon } from '../support/daemon.ts'
import { callsOn, DAY_MS, Ears, person, setClocks } from '../support/forum-nodes.ts'
import { Shell, type Finished } from '../support/shell.ts'

const [ALICE, NEWCOMER] = [person(1), person(2)]
const NEWCOMERS = 'held: author has 0 reps, needs 1 or a like by somebody who has reps'

let playground: Playground
let shell: Shell
let a: Daemon
let b: Daemon
let c: Daemon
/** Each test has a forum of its own, whose pioneer is Alice. */
let forum: string
let forums = 0
let { post, like, blockOn, payloadOn, stateOn, blockedOn, viewOf, agreed } = callsOn('')
let first: string

/** A, B and C in a line. */
beforeAll(async () => {
  playground = await Playground.open()
  shell = Shell.in(playground.root)
  const config = { testClock: true }
  a = await playground.start('a', config)
  b = await playground.start('b', { ...config, peers: a.addresses })
  c = await playground.start('c', { ...config, peers: b.addresses })
})

beforeEach(async () => {
  await setClocks([a, b, c], Date.now())
  forum = `#chat${String((forums += 1))}`
  ;({ post, like, blockOn, payloadOn, stateOn, blockedOn, viewOf, agreed } = callsOn(forum))
  for (const node of [a, b, c]) await node.client.call('chains.join', { name: forum, founder: ALICE.pub })
  first = await post(a, ALICE, 'welcome')
  await agreed([a, b, c], first)
})

afterAll(async () => {
  await shell.close()
  await playground.close()
})

function on(node: Daemon, ...args: readonly string[]): Promise<Finished> {
  return shell.run([`--port=${String(node.controlPort)}`, ...args])
}

/** What a command that goes well prints, without the last line end. */
async function answer(node: Daemon, ...args: readonly string[]): Promise<string> {
  const finished = await on(node, ...args)
  expect(finished, args.join(' ')).toMatchObject({ status: 0, err: '' })
  return finished.out.replace(/\n$/, '')
}

function chain(node: Daemon, ...args: readonly string[]): Promise<string> {
  return answer(node, 'chain', forum, ...args)
}

describe('§5 held: a post made here that is sound and not accepted', () => {
  test('its author is told how it gets out, sees it, and it is sent to nobody', async () => {
    const posted = await on(c, 'chain', forum, 'post', 'inline', 'olá', `--sign=${NEWCOMER.pvt}`)
    expect(posted).toEqual({
      status: 0,
      out: expect.stringMatching(/^2_[0-9A-F]{64}\n$/) as string,
      err:
        `freechains: ${NEWCOMERS}; it stays on this node, which tells nodes of people who could welcome it, ` +
        'until one of them likes it there or here\n',
    })
    const id = posted.out.trim()
    expect(await chain(c, 'heads')).toBe(first)
    expect(await chain(c, 'heads', 'blocked')).toBe(id)
    expect(await chain(c, 'heads', 'all')).toBe(`${first} ${id}`)
    const genesis = await chain(c, 'genesis')
    expect(await chain(c, 'traverse', genesis)).toBe(first)
    expect(await chain(c, 'traverse', 'all', genesis)).toBe(`${first} ${id}`)
    expect(await chain(c, 'consensus')).toBe(`${genesis} ${first}`)
    expect(JSON.parse(await chain(c, 'get', 'block', id))).toMatchObject({ state: 'held', reps: 0, why: NEWCOMERS })
    expect(await chain(c, 'get', 'payload', id)).toBe('olá')
    expect(await chain(c, 'status')).toMatch(/^held: +1$/m)

    for (const node of [a, b]) expect(await answer(node, 'peer', c.addresses[0] ?? '', 'recv', forum)).toBe('0 / 0')
    // Nor does it come with what is accepted at C, by gossip: nothing links it.
    const next = await post(c, ALICE, 'from C')
    await agreed([a, b, c], next)
    expect((await blockOn(c, next)).backs).toEqual([first])
    // Nobody with reps posts through B, so it collects nothing; Alice's node may, for her to welcome it.
    expect(await stateOn(b, id)).toBe('block-not-found')
    expect(await blockedOn(b)).toEqual([])
    expect(await stateOn(c, id)).toBe('held')
  })

  test('4.a a like by somebody with reps lets it in, and both reach everybody', async () => {
    const ears = await Promise.all([Ears.on(a, forum), Ears.on(c, forum)])
    const id = await post(c, NEWCOMER, 'olá')
    const liked = await chain(c, 'like', id, `--sign=${ALICE.pvt}`)
    const { heads, accepted } = await agreed([a, b, c], liked)
    expect({ heads, accepted }).toEqual({ heads: [liked], accepted: [first, id, liked] })
    expect(await blockOn(a, id)).toMatchObject({
      state: 'accepted',
      reps: 1,
      why: 'somebody with reps liked it, or built on it',
    })
    expect(await blockOn(a, liked)).toMatchObject({ like: { n: 1, target: id }, why: 'its author had 29 reps' })
    expect(await blockedOn(c)).toEqual([])
    expect(await payloadOn(a, id)).toBe('olá')
    await ears[1].until(id, ['held', 'post'])
    for (const ear of ears) await ear.until(liked, ['like'])
    // It may have been collected from there before the like came.
    expect(ears[0].about(id).filter((kind) => kind !== 'held')).toEqual(['post'])
  })

  test('`peer <peer> held <chain>` fetches it into slots of their own, so that a newcomer is welcomed from afar', async () => {
    const id = await post(c, NEWCOMER, 'olá de longe')
    expect(await answer(b, 'peer', c.addresses[0] ?? '', 'held', forum)).toBe(id)
    expect(await chain(b, 'heads', 'blocked')).toBe(id)
    expect(await chain(b, 'get', 'payload', id)).toBe('olá de longe')
    // It is nobody's to pass on but its author's node's.
    expect(await on(a, 'peer', b.addresses[0] ?? '', 'held', forum)).toEqual({
      status: 0,
      out: '',
      err: 'freechains: the peer gave no held posts\n',
    })

    const liked = await like(b, ALICE, id)
    const { accepted } = await agreed([a, b, c], liked)
    expect(accepted).toEqual([first, id, liked])
    for (const node of [a, b, c]) expect(await blockedOn(node)).toEqual([])
  })

  test('an unsigned post is held too, whose like makes nobody richer', async () => {
    const { id, state, why } = await c.client.call('chain.post', { chain: forum, text: 'anônimo' })
    expect({ state, why }).toEqual({
      state: 'held',
      why: expect.stringMatching(/^held: it is unsigned, and needs a like by somebody who has reps; /) as string,
    })
    const liked = await like(c, ALICE, id)
    expect((await agreed([a, b, c], liked)).reps).toEqual([{ pub: ALICE.pub, reps: 28 }])
    expect((await blockOn(a, id)).author).toBeUndefined()
  })

  test('`remove` drops it, and nothing that is accepted', async () => {
    const [kept, gone] = [await post(c, NEWCOMER, 'fica'), await post(c, NEWCOMER, 'vai')]
    const { bytes } = await c.client.call('chain.status', { chain: forum })
    expect(await chain(c, 'remove', gone)).toBe('true')
    expect(await chain(c, 'heads', 'blocked')).toBe(kept)
    expect(await stateOn(c, gone)).toBe('block-not-found')
    expect((await c.client.call('chain.status', { chain: forum })).bytes).toBeLessThan(bytes)
    for (const [id, says] of [
      [gone, /no block “2_/],
      [first, /is accepted: only held posts can be removed/],
    ] as const) {
      const refused = await on(c, 'chain', forum, 'remove', id)
      expect(refused).toMatchObject({ status: 1, out: '', err: expect.stringMatching(says) as string })
    }
    expect(await viewOf(c)).toEqual(await viewOf(a))
  })
})

describe('§4 reputation', () => {
  test('a like without reps is refused with the balance, and nothing is posted', async () => {
    const held = await post(c, NEWCOMER, 'olá')
    const before = await viewOf(c)
    const broke = /^freechains: a like or dislike costs 1 rep, and its author has 0: .*\n$/
    for (const [verb, id, says] of [
      ['like', first, broke],
      ['like', held, broke],
      ['dislike', first, broke],
      ['dislike', held, /2_[0-9A-F]{64} is held: only accepted posts can be disliked/],
    ] as const) {
      expect(await on(c, 'chain', forum, verb, id, `--sign=${person(3).pvt}`)).toEqual({
        status: 1,
        out: '',
        err: expect.stringMatching(says) as string,
      })
    }
    expect(await viewOf(c)).toEqual(before)
    expect(await blockedOn(c)).toEqual([held])
  })

  test('`reps` of posts, authors and all; a day with a post matures exactly at 24 h, and spending is made up for', async () => {
    const post1 = await post(c, NEWCOMER, 'olá')
    const liked = await like(c, ALICE, post1)
    await agreed([a, b, c], liked)
    const repsOn = (node: Daemon, ...of: string[]): Promise<string> => chain(node, 'reps', ...of)
    for (const node of [a, c]) {
      expect(await repsOn(node, post1)).toBe('1')
      expect(await repsOn(node, first)).toBe('0')
      // 1 received, 1 for a post that is fresh; and of 30, 1 for a post and 1 for a like.
      expect(await repsOn(node, NEWCOMER.pub)).toBe('0')
      expect(await repsOn(node)).toBe(`${ALICE.pub} 28\n${NEWCOMER.pub} 0`)
      expect(await repsOn(node, person(9).pub)).toBe('0')
    }
    expect(await on(a, 'chain', forum, 'reps', liked)).toMatchObject({ status: 1, out: '' })

    // The post is paid back a day after it, and its day is earned a day after the like that came some moments later.
    const [{ time: postTime }, { time: likeTime }] = [await blockOn(b, post1), await blockOn(b, liked)]
    await exactlyAt(NEWCOMER.pub, [
      { until: postTime + DAY_MS, reps: 0 },
      { until: likeTime + DAY_MS, reps: 1 },
      { until: Infinity, reps: 2 },
    ])
    for (const node of [a, c]) expect(await answer(node, 'now', String(likeTime + DAY_MS + 60_000))).toMatch(/^\d+$/)
    // The post and the like of Alice are old too: 1 for the day, and the like is paid for; more than 30 nobody holds.
    for (const node of [a, b, c]) expect(await repsOn(node)).toBe(`${ALICE.pub} 30\n${NEWCOMER.pub} 2`)

    const post2 = await chain(c, 'post', 'inline', 'agora sem ajuda', `--sign=${NEWCOMER.pvt}`)
    const ownLike = await chain(c, 'like', first, `--sign=${NEWCOMER.pvt}`)
    expect((await agreed([a, b, c], post2, ownLike)).reps.at(-1)).toEqual({ pub: NEWCOMER.pub, reps: 0 })
    expect((await blockOn(a, post2)).why).toBe('its author had 2 reps')
  })

  /** Plays the moments in which an author's reps change, on B; answers that may fall on either side of one are left out. */
  async function exactlyAt(pub: string, phases: readonly { until: number; reps: number }[]): Promise<void> {
    const now = (): Promise<number> => b.client.call('host.now', {})
    await setClocks([b], (phases[0]?.until ?? 0) - 500)
    const phaseAt = (ms: number): number => phases.findIndex(({ until }) => ms < until)
    const seen = new Set<number>()
    await eventually(
      async () => {
        const [from, reps, to] = [
          await now(),
          await b.client.call('chain.reps', { chain: forum, of: pub }),
          await now(),
        ]
        const phase = phaseAt(from)
        if (phase !== phaseAt(to)) return
        expect(reps).toBe(phases[phase]?.reps)
        seen.add(phase)
      },
      () => seen.has(phases.length - 1),
    )
    expect(seen).toContain(0)
  }

  test('a dislike says why: its reason is a payload that everybody can read', async () => {
    const id = await post(c, NEWCOMER, 'compre já')
    const liked = await like(c, ALICE, id)
    const why = 'é propaganda — não é daqui'
    const disliked = await chain(c, 'dislike', id, `--sign=${ALICE.pvt}`, `--why=${why}`)
    const { reps } = await agreed([a, b, c], liked, disliked)
    expect(await chain(a, 'get', 'payload', disliked)).toBe(why)
    expect(await blockOn(a, disliked)).toMatchObject({ like: { n: -1, target: id } })
    expect((await blockOn(a, id)).reps).toBe(0)
    expect(reps.at(-1)).toEqual({ pub: NEWCOMER.pub, reps: -1 })
  })
})
