import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../../src/dag/graph.ts'
import type { AuthorKey } from '../../../src/dag/ids.ts'
import { MAX_BACKS } from '../../../src/dag/limits.ts'
import { isAncestor } from '../../../src/dag/walk.ts'
import { backsFor, linkableHeads, type LinkContext } from '../../../src/reputation/backs.ts'
import { AcceptancePeer } from '../../support/acceptance-peer.ts'
import { drawAcceptance } from '../../support/draw-acceptance.ts'
import { acceptedHeads, closedPart, economies, keyOf, shuffled } from '../../support/economy.ts'
import { headsOf, past, ReputationTwin, withPasts } from '../../support/reputation-twin.ts'
import type { TwinBlock, TwinSet } from '../../support/reputation-twin.ts'

/** A drawing (`draw-acceptance.ts`) in which the authors with these letters are shunned. */
function drawLinks(picture: string, shunned = '') {
  const { deed } = drawAcceptance(picture)
  const { graph, ledger, names, at } = deed
  const isShunned = (index: number) => shunned.includes(names[index]!.charAt(0))
  const context: LinkContext = { graph, ledger, isPaid: (index) => deed.acceptance.isPaid(index), isShunned }
  const named = (indexes: readonly number[]) =>
    indexes
      .map((index) => names[index])
      .sort()
      .join(' ')
  const by = (letter: string) => keyOf(letter.charCodeAt(0))
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
  test('are all heads where nobody is shunned, and the genesis where nothing is accepted', () => {
    expect(drawLinks('genesis < a1 ; a1 < b1 ; a1 < c1').linkable()).toBe('b1 c1')
    expect(drawLinks('genesis < n1').linkable()).toBe('genesis')
  })

  test('are what a shunned head stands on, again and again, if nothing else stands there', () => {
    const picture = 'genesis < a1 ; a1 < b1 ; b1 < x1 ; x1 < y1 ; a1 < c1'
    expect(drawLinks(picture, 'xy').linkable()).toBe('b1 c1')
    expect(drawLinks(picture, 'xyb').linkable()).toBe('c1')
    expect(drawLinks(picture, 'xybc').linkable()).toBe('a1')
  })

  test('keep a shunned block that somebody else’s block stands on', () => {
    expect(drawLinks('genesis < a1 ; a1 < x1 ; x1 < b1', 'x').linkable()).toBe('b1')
  })

  test('lose what only a shunned head had brought in, and not what another one brings in too', () => {
    const picture = 'genesis < a1 ; a1 < n1 ; n1 < x1'
    expect(drawLinks(picture, 'x').linkable()).toBe('a1')
    expect(drawLinks(`${picture} ; n1 < b1`, 'x').linkable()).toBe('b1')
  })

  test('are the genesis alone where everybody is shunned', () => {
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
    expect(drawLinks('genesis < a1 ; a1 < n1').backs('a', welcome)).toBe('a1 n1')
    expect(drawLinks('genesis < n1').backs('a', welcome)).toBe('n1')
  })

  test('never welcomes by a dislike', () => {
    expect(drawLinks('genesis < a1 ; a1 < n1').backs('a', { n: -1, target: 'n1' })).toBe('a1')
  })

  test('is a shunned head too, if the vote is about it or about what it stands on', () => {
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
const list = (...names: readonly string[]) => names.sort().join(' ')

describe('of more than 16 blocks to link', () => {
  const root = 'genesis < a1 ; a1 < b1 ; a1 < c1 ; a1 < n1'
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
    const more = `${root} ; c1 < b2 ; b2 < x1 ; ${crowd({ 1: 'b1', 2: 'c1' })}`
    expect(drawLinks(more.replace('b2', 'b2=0').replace('b2 < x1', 'b2 < x1@60000'), 'x').backs('b')).toBe(
      list('h1', ...highest(15)),
    )
  })
})

/** Authors are shunned at `SHUNNING_MS` by decree, not by what they did: economies of few blocks have few such. */
class ShunningTwin extends ReputationTwin {
  shunned: ReadonlySet<string> = new Set()

  override reps(author: string, set: TwinSet, t: number): number {
    return t === SHUNNING_MS ? (this.shunned.has(author) ? -1 : 0) : super.reps(author, set, t)
  }
}

const SHUNNING_MS = 1

function peerOf(twin: ReputationTwin, blocks: readonly TwinBlock[]): AcceptancePeer {
  const peer = new AcceptancePeer(twin)
  for (const u of blocks) if (twin.isSound(u)) peer.add(u)
  return peer
}

const contextOf = (peer: AcceptancePeer, twin: ShunningTwin): LinkContext => ({
  graph: peer.graph,
  ledger: peer.ledger,
  isPaid: (index) => peer.acceptance.isPaid(index),
  isShunned: (index) => {
    const { author } = peer.blocks[index]!
    return author !== undefined && !twin.isUnlimited(author) && twin.shunned.has(author)
  },
})

const idsOf = (peer: AcceptancePeer, backs: readonly number[]) => backs.map((back) => peer.blocks[back]?.id).sort()
const ids = (blocks: readonly TwinBlock[]) => (blocks.length === 0 ? [undefined] : blocks.map((u) => u.id).sort())

test('by the definition it is the same, for posts by anybody and votes on anything, and a post on it is sound', () => {
  const seen = { shunned: 0, crowds: 0, welcomed: 0, needed: 0 }
  const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 4 })
  const shunned = fc.array(fc.nat(6), { maxLength: 4 })
  fc.assert(
    fc.property(economies(45), picks, shunned, fc.array(fc.nat(1000), { maxLength: 20 }), (economy, tips, out, mix) => {
      const twin = new ShunningTwin(economy.chain)
      const known = shuffled([...closedPart(economy.blocks, tips)], mix)
      const peer = peerOf(twin, known)
      twin.shunned = new Set(out.map(keyOf))
      const context = contextOf(peer, twin)
      const accepted = twin.accepted(peer.set)
      const isShunned = (u: TwinBlock) => contextOf(peer, twin).isShunned(peer.indexOf(u)!)
      if (headsOf(accepted).some(isShunned)) seen.shunned += 1
      if (headsOf(accepted).length > MAX_BACKS) seen.crowds += 1
      for (let n = 0; n < 7; n += 1) {
        const author = keyOf(n)
        const expected = acceptedHeads(twin, accepted, author, SHUNNING_MS)
        expect(idsOf(peer, backsFor(context, { author }))).toEqual(ids(expected))
        const above = twin.accepted(withPasts(expected))
        expect(expected.every((back) => above.has(back))).toBe(true)
        const target = [...peer.set].filter((u) => u.like === undefined)[(mix[0] ?? 0) % Math.max(1, peer.set.size)]
        if (target === undefined) continue
        const backs = backsFor(context, { author, vote: { n: 1, target: peer.indexOf(target)! } })
        const over = headsOf(accepted).filter((head) => head === target || past(head).has(target))
        if (!accepted.has(target)) seen.welcomed += 1
        if (!over.some(isShunned)) {
          expect(idsOf(peer, backs)).toEqual(ids(acceptedHeads(twin, accepted, author, SHUNNING_MS, target)))
        } else {
          seen.needed += 1
          expectVoted(peer, backs, { twin, accepted, over, isShunned, target, author })
        }
      }
    }),
    { numRuns: 150 },
  )
  // Else the test tests nothing.
  expect(Math.min(seen.shunned, seen.crowds, seen.welcomed, seen.needed)).toBeGreaterThan(5)
})

interface Vote {
  readonly twin: ReputationTwin
  readonly accepted: TwinSet
  /** Heads over the target. */
  readonly over: readonly TwinBlock[]
  readonly isShunned: (u: TwinBlock) => boolean
  readonly target: TwinBlock
  readonly author: AuthorKey
}

/** A vote on what is under shunned heads: all of those stay, and all else is left out by the definition. */
function expectVoted(peer: AcceptancePeer, backs: readonly number[], vote: Vote): void {
  const { twin, accepted, over, isShunned, target } = vote
  const isOut = (head: TwinBlock) => isShunned(head) && !over.includes(head)
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

test('leaving out costs what is left out, on a long chain too', () => {
  const reads = { count: 0 }
  class CountingGraph extends Graph {
    override forEachBack(index: number, visit: (back: number) => void): void {
      reads.count += 1
      super.forEachBack(index, visit)
    }
  }
  const costOf = (length: number) => {
    const { graph, ledger, last } = chainOf(length, CountingGraph)
    reads.count = 0
    const context = { graph, ledger, isPaid: () => true, isShunned: (index: number) => index > last - 5 }
    expect(linkableHeads(context)).toEqual([last - 5])
    return reads.count
  }
  expect(costOf(5000)).toBe(costOf(50))
  expect(costOf(50)).toBe(5)
})
