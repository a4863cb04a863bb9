/** Soundness that needs the past (spec §2, §3). */
import { describe, expect, test } from 'vitest'
import type { Block, Header } from '../../../src/dag/block.ts'
import type { Chain } from '../../../src/dag/chain.ts'
import { Graph } from '../../../src/dag/graph.ts'
import { checkSound, hasFirstPostPioneer, type TargetBlock } from '../../../src/dag/sound.ts'
import { author, chain, like, must, post } from '../../support/blocks.ts'

/** A graph of these blocks, all accepted, in this order. */
function graphOf(on: Chain, blocks: readonly Block[]): Graph {
  const graph = new Graph(on.id, 1)
  for (const { id, header } of blocks) {
    const backs = header.backs.map((back) => graph.indexOf(back) ?? expect.unreachable('blocks come pasts first'))
    graph.add({ id, height: header.height, time: header.time, backs }, true)
  }
  return graph
}

function targetBlock({ author: by, like: vote }: Header): TargetBlock {
  return { isPost: vote === undefined, ...(by === undefined ? {} : { author: by }) }
}

function verdict(on: Chain, header: Header, known: readonly Block[], pioneer?: number): string {
  const targetId = header.like?.target ?? header.re
  const target = known.find(({ id }) => id === targetId)?.header
  const sound = checkSound(on, header, {
    graph: graphOf(on, known),
    ...(pioneer === undefined ? {} : { pioneer: author(pioneer).author }),
    ...(target === undefined ? {} : { target: targetBlock(target) }),
  })
  return sound.ok ? 'sound' : sound.fault.code
}

const forum = chain('#forum')
const first = post(forum, { author: 1 }).block
const second = post(forum, { author: 1, backs: [first] }).block

describe('§3 backs, height and time', () => {
  test('all backs are known', () => {
    expect(verdict(forum, second.header, [first], 1)).toBe('sound')
    expect(verdict(forum, second.header, [], 1)).toBe('DAG_MISSING_BACK')
  })

  test('the height is 1 + the highest of the backs', () => {
    expect(verdict(forum, { ...second.header, height: 3 }, [first], 1)).toBe('DAG_BAD_HEIGHT')
    expect(verdict(forum, { ...second.header, height: 1 }, [first], 1)).toBe('DAG_BAD_HEIGHT')
    const branch = post(forum, { author: 1, backs: [first], payload: 'branch' }).block
    const high = post(forum, { author: 1, backs: [second] }).block
    const join = post(forum, { author: 1, backs: [branch, high] }).block
    expect(join.header.height).toBe(4)
    expect(verdict(forum, join.header, [first, second, branch, high], 1)).toBe('sound')
    expect(verdict(forum, { ...join.header, height: 3 }, [first, second, branch, high], 1)).toBe('DAG_BAD_HEIGHT')
  })

  test('the time is no earlier than that of any back; the same is fine', () => {
    const at = first.header.time
    expect(verdict(forum, { ...second.header, time: at }, [first], 1)).toBe('sound')
    expect(verdict(forum, { ...second.header, time: at - 1 }, [first], 1)).toBe('DAG_BAD_TIME')
  })
})

describe('§2 the pioneer of a forum', () => {
  test('is the author of the first post, where the forum was joined without pioneers', () => {
    expect(hasFirstPostPioneer(forum)).toBe(true)
    expect(hasFirstPostPioneer(chain('#forum', author(1).author))).toBe(false)
    expect(hasFirstPostPioneer(chain('$group', 'AB'.repeat(32)))).toBe(false)
    expect(hasFirstPostPioneer(chain(`@${author(1).author}`))).toBe(false)
  })

  test('height-1 blocks by anyone else are not sound; two by the same author are', () => {
    const rival = post(forum, { author: 2 }).block
    const again = post(forum, { author: 1, payload: 'again' }).block
    expect(verdict(forum, rival.header, [first], 1)).toBe('DAG_OTHER_PIONEER')
    expect(verdict(forum, rival.header, [])).toBe('sound')
    expect(verdict(forum, again.header, [first], 1)).toBe('sound')
  })

  test('in a forum joined with pioneers anybody may make a block of height 1', () => {
    const ruled = chain('#forum', author(1).author)
    expect(verdict(ruled, post(ruled, { author: 2 }).block.header, [post(ruled, { author: 1 }).block])).toBe('sound')
  })

  test('the first post is signed', () => {
    const { author: _, ...unsigned } = first.header
    expect(verdict(forum, unsigned, [])).toBe('DAG_UNSIGNED')
  })

  test('groups and identity chains merge any height-1 blocks', () => {
    const group = chain('$group', 'AB'.repeat(32))
    const mine = post(group, { author: 1 }).block
    expect(verdict(group, post(group, { author: 2 }).block.header, [mine], 1)).toBe('sound')
    expect(verdict(group, post(group).block.header, [mine], 1)).toBe('sound')
  })
})

describe('§3 likes', () => {
  const liked = like(forum, 1, first, { author: 2, backs: [second] }).block

  test('the target is a post in its past', () => {
    expect(verdict(forum, liked.header, [first, second], 1)).toBe('sound')
    const aside = post(forum, { author: 1, backs: [first], payload: 'aside' }).block
    const ofAside = like(forum, 1, aside, { author: 2, backs: [second] }).block
    expect(verdict(forum, ofAside.header, [first, second, aside], 1)).toBe('DAG_BAD_LIKE')
    expect(verdict(forum, ofAside.header, [first, second], 1)).toBe('DAG_BAD_LIKE')
  })

  test('a like is no post: it cannot be liked', () => {
    const ofLike = like(forum, 1, liked, { author: 3, backs: [liked] }).block
    expect(verdict(forum, ofLike.header, [first, second, liked], 1)).toBe('DAG_BAD_LIKE')
  })

  test('authors cannot like their own posts, and can dislike them', () => {
    const own = { author: 1, backs: [second] }
    expect(verdict(forum, like(forum, 1, first, own).block.header, [first, second], 1)).toBe('DAG_BAD_LIKE')
    expect(verdict(forum, like(forum, -1, first, own).block.header, [first, second], 1)).toBe('sound')
  })

  test('the result of a sound block is the local indexes of its backs', () => {
    const sound = checkSound(forum, second.header, { graph: graphOf(forum, [first]), pioneer: author(1).author })
    expect(must(sound)).toEqual([1])
  })
})

describe('§3 answers', () => {
  const aside = post(forum, { author: 1, backs: [first], payload: 'aside' }).block
  const liked = like(forum, 1, first, { author: 2, backs: [second] }).block
  const answering = (re: Block, back: Block): Header => ({
    ...post(forum, { author: 3, backs: [back] }).block.header,
    re: re.id,
  })

  test('a post answers a post in its past: one that it links, one further down, one of its own author', () => {
    expect(verdict(forum, answering(second, second), [first, second], 1)).toBe('sound')
    expect(verdict(forum, answering(first, liked), [first, second, liked], 1)).toBe('sound')
    const own = { ...answering(first, second), author: author(1).author }
    expect(verdict(forum, own, [first, second], 1)).toBe('sound')
  })

  test('not one beside it, not one that is unknown, and no like', () => {
    expect(verdict(forum, answering(aside, second), [first, second, aside], 1)).toBe('DAG_BAD_REPLY')
    expect(verdict(forum, answering(aside, second), [first, second], 1)).toBe('DAG_BAD_REPLY')
    expect(verdict(forum, answering(liked, liked), [first, second, liked], 1)).toBe('DAG_BAD_REPLY')
  })
})
