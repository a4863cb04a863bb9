import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../../src/dag/graph.ts'
import type { AuthorKey } from '../../../src/dag/ids.ts'
import { MAX_BACKS } from '../../../src/dag/block-limits.ts'
import { isAncestor } from '../../../src/dag/walk.ts'
import { backsFor, linkableHeads, type LinkContext } from '../../../src/reputation/backs.ts'
import { BlockTable } from '../../../src/reputation/block-table.ts'
import { AcceptancePeer } from '../../support/acceptance-peer.ts'
import { draw, DRAWN_CHAIN, drawnId, rowOn } from '../../support/draw.ts'
import { acceptedHeads, closedPart, economies, keyOf, shuffled, twinBlock } from '../../support/economy.ts'
import { checkProperty } from '../../support/property.ts'
import { headsOf, past, ReputationTwin, withPasts } from '../../support/reputation-twin.ts'
import type { TwinBlock, TwinSet } from '../../support/reputation-twin.ts'

/**
 * A drawing (`draw.ts`) in which the authors with these letters are avoided. The first letter is the author; blocks by n,
 * and those whose names end in u, are not paid.
 */
function drawLinks(picture: string, avoided = '') {
  const { graph, at, names } = draw(picture)
  const table = new BlockTable(graph)
  const nameOf = (index: number) => names([index])
  const by = (letter: string) => keyOf(letter.charCodeAt(0))
  for (let index = 1; index < graph.size; index += 1) table.add(index, { author: by(nameOf(index)), k: 0 })
  const isPaid = (index: number) => graph.isAccepted(index) && !/^n|u$/.test(nameOf(index))
  const isAvoided = (index: number) => avoided.includes(nameOf(index).charAt(0))
  const context: LinkContext = { graph, table, isPaid, isAvoided, unaccepted: () => [] }
  const named = (indexes: readonly number[]) => indexes.map(nameOf).sort().join(' ')
  return {
    linkable: () => named(linkableHeads(context)),
    /** For a post, or a vote on a named block, by the author with this letter; or by nobody. */
    backs: (letter?: string, vote?: { n: 1 | -1; target: string }) => {
      const author = letter === undefined ? {} : { author: by(letter) }
      const voting = vote === undefined ? {} : { vote: { n: vote.n, target: at(vote.target) } }
      return named(backsFor(context, { ...author, ...voting }))
    },
  }
}

describe('heads that may be linked', () => {
  test('are all heads where nobody is avoided, and the genesis where nothing is accepted', () => {
    expect(drawLinks('genesis < a1 ; a1 < b1 ; a1 < c1').linkable()).toBe('b1 c1')
    expect(drawLinks('genesis < n1?').linkable()).toBe('genesis')
  })

  test('are what an avoided head stands on, again and again, if nothing else stands there', () => {
    const picture = 'genesis < a1 ; a1 < b1 ; b1 < x1 ; x1 < y1 ; a1 < c1'
    expect(drawLinks(picture, 'xy').linkable()).toBe('b1 c1')
    expect(drawLinks(picture, 'xyb').linkable()).toBe('c1')
    expect(drawLinks(picture, 'xybc').linkable()).toBe('a1')
  })

  test('keep an avoided block that somebody else’s block stands on', () => {
    expect(drawLinks('genesis < a1 ; a1 < x1 ; x1 < b1', 'x').linkable()).toBe('b1')
  })

  test('lose what only an avoided head had brought in, and not what another one brings in too', () => {
    const picture = 'genesis < a1 ; a1 < n1 ; n1 < x1'
    expect(drawLinks(picture, 'x').linkable()).toBe('a1')
    expect(drawLinks(`${picture} ; n1 < b1`, 'x').linkable()).toBe('b1')
  })

  test('are the genesis alone where everybody is avoided', () => {
    expect(drawLinks('genesis < a1 ; a1 < x1 ; genesis < x2', 'ax').linkable()).toBe('genesis')
  })
})

describe('what the next block links', () => {
  test('is all that may be linked, whoever signs it', () => {
    const links = drawLinks('genesis < a1 ; a1 < b1 ; a1 < x1', 'x')
    expect([links.backs(), links.backs('a'), links.backs('x')]).toEqual(['b1', 'b1', 'b1'])
  })

  test('is a welcomed post too, and that alone where nothing is accepted', () => {
    const welcome = { n: 1, target: 'n1' } as const
    expect(drawLinks('genesis < a1 ; a1 < n1?').backs('a', welcome)).toBe('a1 n1')
    expect(drawLinks('genesis < n1?').backs('a', welcome)).toBe('n1')
  })

  test('never welcomes by a dislike', () => {
    expect(drawLinks('genesis < a1 ; a1 < n1?').backs('a', { n: -1, target: 'n1' })).toBe('a1')
  })

  test('is an avoided head too, if the vote is about it or about what it stands on', () => {
    const links = drawLinks('genesis < a1 ; a1 < b1 ; b1 < x1 ; a1 < x2', 'x')
    expect(links.backs('a')).toBe('b1')
    expect(links.backs('a', { n: -1, target: 'x1' })).toBe('x1')
    expect(links.backs('a', { n: 1, target: 'b1' })).toBe('x1')
    expect(links.backs('a', { n: -1, target: 'x2' })).toBe('b1 x2')
    expect(links.backs('a', { n: -1, target: 'a1' })).toBe('x1 x2')
  })
})

/** Heads h1 … h20, h20 the highest in order; on others than those below, `on` says what a head stands on. */
const crowd = (on: Readonly<Record<number, string>>) =>
  Array.from({ length: 20 }, (_, n) => `${on[n + 1] ?? 'a1'} < h${n + 1}@${50_000 + n}`).join(' ; ')
const highest = (count: number) => Array.from({ length: count }, (_, n) => `h${20 - n}`)
const list = (...names: readonly string[]) => [...names].sort().join(' ')

describe('of more than 16 blocks to link', () => {
  const root = 'genesis < a1 ; a1 < b1 c1 n1?'
  const links = drawLinks(`${root} ; ${crowd({ 1: 'b1', 2: 'c1' })}`)

  test('are the highest in order', () => {
    expect(links.backs()).toBe(list(...highest(16)))
    expect(links.backs('z')).toBe(list(...highest(16)))
  })

  test('is first the head over the author’s latest block', () => {
    expect(links.backs('b')).toBe(list('h1', ...highest(15)))
  })

  test('is then a head over the like’s target', () => {
    expect(links.backs('b', { n: 1, target: 'c1' })).toBe(list('h1', 'h2', ...highest(14)))
    expect(links.backs('a', { n: -1, target: 'c1' })).toBe(list('h2', ...highest(15)))
  })

  test('is then the post to welcome', () => {
    expect(links.backs('b', { n: 1, target: 'n1' })).toBe(list('h1', 'n1', ...highest(14)))
  })

  test('the author’s latest block is the latest that is not left out', () => {
    const more = drawLinks(`${root} ; c1 < b2u ; b2u < x1 ; ${crowd({ 1: 'b1', 2: 'c1' })}`, 'x')
    expect(more.backs('b')).toBe(list('h1', ...highest(15)))
  })
})

/**
 * Authors are avoided at `AVOIDED_MS` by decree, not by what they did, and crowds are rich: economies of few blocks have
 * few such.
 */
class DecreedTwin extends ReputationTwin {
  avoided: ReadonlySet<string> = new Set()
  readonly #rich = new Set<TwinBlock>()

  /** Blocks by many, each on one of these, after them in order. */
  crowdOn(blocks: readonly TwinBlock[], picks: readonly number[]): TwinBlock[] {
    const time = Math.max(...blocks.map((u) => u.time))
    return picks.map((pick, n) => {
      const made = twinBlock(`crowd ${n}`, [blocks[pick % blocks.length]!], { author: keyOf(pick % 20), time })
      this.#rich.add(made)
      return made
    })
  }

  override k(u: TwinBlock): number {
    return this.#rich.has(u) ? 30 : super.k(u)
  }

  override reps(author: string, set: TwinSet, t: number): number {
    return t === AVOIDED_MS ? (this.avoided.has(author) ? -1 : 0) : super.reps(author, set, t)
  }
}

const AVOIDED_MS = 1

function peerOf(twin: ReputationTwin, blocks: readonly TwinBlock[]): AcceptancePeer {
  const peer = new AcceptancePeer(twin)
  for (const u of blocks) if (twin.isSound(u)) peer.add(u)
  return peer
}

const contextOf = (peer: AcceptancePeer, twin: DecreedTwin): LinkContext => ({
  graph: peer.graph,
  table: peer.table,
  isPaid: (index) => peer.acceptance.isPaid(index),
  isAvoided: (index) => {
    const { author } = peer.blocks[index]!
    return author !== undefined && !twin.isUnlimited(author) && twin.avoided.has(author)
  },
  unaccepted: (backs, vote) => [...peer.acceptance.unacceptedBacks(backs, vote)],
})

const idsOf = (peer: AcceptancePeer, backs: readonly number[]) => backs.map((back) => peer.blocks[back]?.id).sort()
const ids = (blocks: readonly TwinBlock[]) => (blocks.length === 0 ? [undefined] : blocks.map((u) => u.id).sort())

test('by the definition it is the same, for posts by anybody and votes on anything, and a post on it is sound', () => {
  const seen = { avoided: 0, crowds: 0, welcomed: 0, needed: 0 }
  /** Without picks: all blocks. */
  const picks = fc.array(fc.nat(), { maxLength: 4 })
  const avoided = fc.array(fc.nat(6), { maxLength: 4 })
  const crowds = fc.oneof(fc.constant([]), fc.array(fc.nat(10_000), { minLength: 18, maxLength: 24 }))
  const orders = fc.array(fc.nat(1000), { maxLength: 20 })
  checkProperty(
    'backs-by-definition',
    fc.property(economies(45), picks, avoided, crowds, orders, ({ chain, blocks }, tips, out, crowd, mix) => {
      const twin = new DecreedTwin(chain)
      const part = tips.length === 0 ? blocks : [...closedPart(blocks, tips)]
      const peer = peerOf(twin, shuffled([...part, ...twin.crowdOn(part, crowd)], mix))
      twin.avoided = new Set(out.map(keyOf))
      const context = contextOf(peer, twin)
      const accepted = twin.accepted(peer.set)
      const isAvoided = (u: TwinBlock) => contextOf(peer, twin).isAvoided(peer.indexOf(u)!)
      if (headsOf(accepted).some(isAvoided)) seen.avoided += 1
      if (headsOf(accepted).length > MAX_BACKS) seen.crowds += 1
      for (let n = 0; n < 7; n += 1) {
        const author = keyOf(n)
        const expected = acceptedHeads(twin, accepted, author, AVOIDED_MS)
        expect(idsOf(peer, backsFor(context, { author }))).toEqual(ids(expected))
        const above = twin.accepted(withPasts(expected))
        expect(expected.every((back) => above.has(back))).toBe(true)
        const posts = [...peer.set].filter((u) => u.like === undefined && (n > 2 || !accepted.has(u)))
        const target = posts[((mix[0] ?? 0) + n) % Math.max(1, posts.length)]
        if (target === undefined) continue
        const backs = backsFor(context, { author, vote: { n: 1, target: peer.indexOf(target)! } })
        const over = headsOf(accepted).filter((head) => head === target || past(head).has(target))
        if (!accepted.has(target)) seen.welcomed += 1
        if (!over.some(isAvoided)) {
          expect(idsOf(peer, backs)).toEqual(ids(acceptedHeads(twin, accepted, author, AVOIDED_MS, target)))
        } else {
          seen.needed += 1
          expectVoted(peer, backs, { twin, accepted, over, isAvoided, target, author })
        }
      }
    }),
    { numRuns: 400 },
  )
  // Else the test tests nothing.
  expect(Math.min(seen.avoided, seen.crowds, seen.welcomed, seen.needed)).toBeGreaterThan(20)
})

interface Vote {
  readonly twin: ReputationTwin
  readonly accepted: TwinSet
  /** Heads over the target. */
  readonly over: readonly TwinBlock[]
  readonly isAvoided: (u: TwinBlock) => boolean
  readonly target: TwinBlock
  readonly author: AuthorKey
}

/** A vote on what is under avoided heads: all of those stay, and all else is left out by the definition. */
function expectVoted(peer: AcceptancePeer, backs: readonly number[], vote: Vote): void {
  const { twin, accepted, over, isAvoided, target } = vote
  const isOut = (head: TwinBlock) => isAvoided(head) && !over.includes(head)
  let set = accepted
  for (let out = headsOf(set).filter(isOut); out.length > 0; out = headsOf(set).filter(isOut)) {
    set = twin.accepted(new Set([...set].filter((u) => !out.includes(u))))
  }
  const heads = headsOf(set)
  expect(backs).toHaveLength(Math.min(MAX_BACKS, heads.length))
  expect(ids(heads)).toEqual(expect.arrayContaining(idsOf(peer, backs)))
  const at = peer.indexOf(target)!
  expect(backs.some((back) => back === at || isAncestor(peer.graph, at, back))).toBe(true)
}

/** Counts how often it is read. */
class CountingGraph extends Graph {
  reads = 0

  override forEachBack(index: number, visit: (back: number) => void): void {
    this.reads += 1
    super.forEachBack(index, visit)
  }
}

test('leaving out five blocks costs five reads, on a chain of any length', () => {
  for (const length of [50, 5000]) {
    const graph = new CountingGraph(DRAWN_CHAIN, 1)
    for (let n = 0; n < length; n += 1) graph.add(rowOn(graph, drawnId(`in line ${String(n)}`), [n]), true)
    const isAvoided = (index: number) => index > length - 5
    graph.reads = 0
    expect(linkableHeads({ graph, table: new BlockTable(graph), isPaid: () => true, isAvoided })).toEqual([length - 5])
    expect(graph.reads).toBe(5)
  }
})
