/**
 * Strangers who try to get into a forum what its rules keep out (spec §3, §5), in announcements and when asked: nothing
 * gets in that should not, nothing is withdrawn but where the rules say so, and only who must have known better is blamed.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { author, like, post } from '../support/blocks.ts'
import { eventually } from '../support/daemon.ts'
import { ALICE, BOB, MALLORY, pvt, riding, shown } from '../support/attack-blocks.ts'
import type { AttackedForum, Outcome } from '../support/attacked-forum.ts'
import { AttackedNetwork } from '../support/attacked-network.ts'
import { BREACHES, servingBlocks, type Stranger } from '../support/stranger.ts'

const MINUTE_MS = 60_000
const BLAMED = BREACHES - 1

let network: AttackedNetwork

beforeAll(async () => {
  network = await AttackedNetwork.openWithClocks()
})

afterAll(async () => {
  await network.close()
})

interface Attempt extends Outcome {
  /** Pasts first, in the order in which they come. */
  readonly blocks: readonly MadeBlock[]
}

interface Act {
  readonly title: string
  readonly make: (at: AttackedForum) => Attempt | Promise<Attempt>
  /** Of the peer that gives them when asked. */
  readonly blamedWhenAsked: boolean
  /** Of the peer that announces them: an announcement on a block that is not accepted here is only a hint. */
  readonly blamedWhenHeard: boolean
  /** What `peer recv` says of it, if it does not end well. */
  readonly error?: RegExp
}

/** What the rules leave out, and nobody is to blame for. */
const unpaid = { blamedWhenAsked: false, blamedWhenHeard: false }
/** What the block and its past alone show. */
const unsound = { blamedWhenAsked: true, blamedWhenHeard: true, error: /SYNC_BAD_BLOCK/ }

const [first, bobs, welcome] = [0, 1, 2].map((n) => (at: AttackedForum) => at.history[n]!)

const ACTS: readonly Act[] = [
  {
    title: 'a post by somebody without reps',
    make: ({ on, top }) => ({ blocks: [post(on, { author: MALLORY, backs: [top.block] })] }),
    ...unpaid,
  },
  {
    title: 'an unsigned post',
    make: ({ on, top }) => ({ blocks: [post(on, { backs: [top.block] })] }),
    ...unpaid,
  },
  {
    title: 'a like by somebody without reps',
    make: (at) => ({ blocks: [like(at.on, 1, first!(at).block, { author: MALLORY, backs: [at.top.block] })] }),
    ...unpaid,
  },
  {
    title: 'a newcomer liked by a newcomer',
    make: ({ on, top }) => {
      const guest = post(on, { author: MALLORY, backs: [top.block] })
      return { blocks: [guest, like(on, 1, guest.block, { author: MALLORY + 1, backs: [guest.block] })] }
    },
    ...unpaid,
  },
  {
    title: "a like of one's own post",
    make: (at) => ({ blocks: [like(at.on, 1, bobs!(at).block, { author: BOB, backs: [at.top.block] })] }),
    ...unsound,
  },
  {
    title: 'a like of a like',
    make: (at) => ({ blocks: [like(at.on, 1, welcome!(at).block, { author: BOB, backs: [at.top.block] })] }),
    ...unsound,
  },
  ...([1, -1] as const).map((n) => ({
    title: `a ${n === 1 ? 'like' : 'dislike'} of a post outside its past`,
    make: (at: AttackedForum) => {
      const back = n === 1 ? first!(at).block : welcome!(at).block
      return { blocks: [like(at.on, n, at.top.block, { author: n === 1 ? BOB : ALICE, backs: [back] })] }
    },
    ...unsound,
  })),
  {
    title: 'a like of a post that nobody has',
    make: ({ on, top }) => {
      const nowhere = post(on, { author: MALLORY, backs: [top.block] })
      return { blocks: [like(on, 1, nowhere.block, { author: ALICE, backs: [top.block] })] }
    },
    ...unsound,
  },
  {
    title: 'a post on one that nobody pays for',
    make: ({ on, top }) => {
      const guest = post(on, { author: MALLORY, backs: [top.block] })
      return { blocks: [guest, post(on, { author: ALICE, backs: [top.block, guest.block] })] }
    },
    ...unsound,
    blamedWhenHeard: false,
  },
  {
    title: 'a post on one that is held here',
    make: async (at) => {
      const held = await heldHere(at)
      return { blocks: [held, post(at.on, { author: ALICE, backs: [held.block] })] }
    },
    ...unsound,
    blamedWhenHeard: false,
  },
  {
    title: 'a dislike that brings in what it dislikes',
    make: ({ on, top }) => {
      const guest = post(on, { author: MALLORY, backs: [top.block] })
      return { blocks: [guest, like(on, -1, guest.block, { author: ALICE, backs: [guest.block] })] }
    },
    ...unsound,
    blamedWhenHeard: false,
  },
  {
    title: 'more posts at once than reps: the earliest of them are in, whatever came first',
    make: ({ on, top }) => {
      const time = top.block.header.time
      const rival = (minutes: number) =>
        post(on, { author: BOB, backs: [top.block], time: time + minutes * MINUTE_MS, payload: String(minutes) })
      const [late, early, earliest] = [rival(3), rival(2), rival(1)]
      return { blocks: [late, early, earliest], accepted: [late, early, earliest], withdrawn: [late] }
    },
    ...unpaid,
  },
  {
    title: 'a forum that began with somebody else',
    make: ({ on }) => {
      const theirs = post(on, { author: MALLORY, payload: 'mine' })
      return { blocks: [theirs, post(on, { author: MALLORY, backs: [theirs.block] })] }
    },
    ...unpaid,
    error: new RegExp(`${author(ALICE).author}.*${author(MALLORY).author}`),
  },
]

describe('§5 what a stranger gives when it is asked', () => {
  test.each(ACTS)('$title', async ({ make, blamedWhenAsked, error }) => {
    const at = await network.newForum()
    const attempt = await make(at)
    const isRival = error !== undefined && !blamedWhenAsked
    const blocks = isRival ? attempt.blocks : [...at.history, ...attempt.blocks]
    const liar = await network.stranger(servingBlocks(at.on, blocks))
    const pulled = network.node.client.call('peer.recv', { addr: liar.address, chain: at.name })
    if (error === undefined) await pulled
    else await expect(pulled).rejects.toThrow(error)
    await endsWell(at, attempt, { liar, isBlamed: blamedWhenAsked })
  })
})

describe('§7 what a stranger announces', () => {
  test.each(ACTS)('$title', async ({ make, blamedWhenHeard }) => {
    const at = await network.newForum()
    const attempt = await make(at)
    const liar = await network.stranger()
    for (const made of attempt.blocks) {
      await liar.say(at.on, () => riding(made))
      // The node has it before the next one comes.
      await liar.isWelcome(network.node)
    }
    if (!blamedWhenHeard) await stillHeard(at, liar)
    await endsWell(at, attempt, { liar, isBlamed: blamedWhenHeard })
  })
})

/** Announcements of one peer are taken in turn, so that once this one is in the others were looked at. */
async function stillHeard(at: AttackedForum, liar: Stranger): Promise<void> {
  const good = at.honestBlock()
  await liar.say(at.on, () => riding(good))
  await eventually(
    () => at.ids(network.node),
    (ids) => ids.includes(shown(good)),
  )
}

async function endsWell(
  at: AttackedForum,
  { blocks, ...outcome }: Attempt,
  { liar, isBlamed }: { readonly liar: Stranger; readonly isBlamed: boolean },
): Promise<void> {
  // Asked once more, it would be blamed once more.
  liar.answer = () => undefined
  await at.friendPosts()
  await at.settled(outcome)
  await at.honestPosts()
  await at.settled(outcome)
  for (const made of blocks.filter((one) => !(outcome.accepted ?? []).includes(one)))
    await expect(
      network.honest[0].client.call('chain.get', { chain: at.name, id: shown(made), part: 'block' }),
    ).rejects.toThrow(/no block|not found/)
  if (outcome.withdrawn === undefined && at.held.length === 0) await at.keepsNoMore()
  if (!isBlamed) await at.serves(liar)
  expect(await liar.breachesLeft(network.node)).toBe(isBlamed ? BLAMED : BREACHES)
}

/** Mallory posts at the node itself. */
async function heldHere(at: AttackedForum): Promise<MadeBlock> {
  const { id, state } = await network.node.client.call('chain.post', {
    chain: at.name,
    text: 'let me in',
    sign: pvt(MALLORY),
  })
  expect(state).toBe('held')
  const block = await network.node.client.call('chain.get', { chain: at.name, id, part: 'block' })
  if (typeof block === 'string') throw new Error('a block is no text')
  at.held.push(id)
  const held = post(at.on, { author: MALLORY, backs: [at.top.block], time: block.time, payload: 'let me in' })
  expect(shown(held)).toBe(id)
  return held
}
