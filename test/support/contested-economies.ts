/**
 * Economies with contested blocks: everybody votes on one post, or a few authors with few reps post what is concurrent with their
 * own. Every block stands on what is accepted in some version of what was made before it.
 */
import fc from 'fast-check'
import { DAY, FIRST_DAY, HOUR, keyOf, twinBlock, type Economy } from './economy.ts'
import { backsOf, headsOf, ReputationTwin, type TwinBlock } from './reputation-twin.ts'

/** Pioneers with one, two or three reps each. */
const forums = fc.constantFrom(10, 15, 30).map(forumWith)

function forumWith(count: number): Economy['chain'] {
  return { kind: 'forum', pioneers: Array.from({ length: count }, (_, n) => keyOf(n)) }
}

/** How many of the latest blocks the author does not know. */
const behind = fc.constantFrom(0, 0, 1, 3, 20)

/** The post's author; now and then, or each post would be taken back. */
const AUTHOR = 1

const votes = fc.record({
  voter: fc.oneof(
    { weight: 15, arbitrary: fc.integer({ min: 2, max: 9 }) },
    { weight: 1, arbitrary: fc.constant(AUTHOR) },
  ),
  n: fc.constantFrom(1 as const, -1 as const, -1 as const, -1 as const),
  behind,
  wait: fc.constantFrom(0, 0, 1, HOUR),
})

/** About one post: enough dislikes to hide it, likes that bring it back, rival votes, and its author's own dislikes. */
export const votings: fc.Arbitrary<Economy> = fc
  .tuple(forums, fc.array(votes, { minLength: 10, maxLength: 22 }))
  .map(([chain, list]) => {
    const { blocks, onAccepted } = begun(chain)
    const post = blocks[1]!
    for (const [n, vote] of list.entries()) {
      const backs = onAccepted(vote.behind)
      const time = Math.max(...blocks.map((u) => u.time)) + vote.wait
      const like = { n: vote.voter === AUTHOR ? (-1 as const) : vote.n, target: post }
      blocks.push(twinBlock(`vote ${n}`, backs, { author: keyOf(vote.voter), time, like }))
    }
    return { chain, blocks, [fc.toStringMethod]: () => pictureOf(chain, blocks) }
  })

const claimParts = {
  author: fc.constantFrom(1, 1, 2, 3),
  behind: fc.constantFrom(0, 1, 3, 20, 20, 20),
  late: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, DAY),
}

const claims = fc.record({
  ...claimParts,
  like: fc.constantFrom(false, false, false, true),
})

/** Authors with few reps whose blocks are concurrent, and dated as they like. */
export const rivalries: fc.Arbitrary<Economy> = fc
  .tuple(forums, fc.array(claims, { minLength: 6, maxLength: 14 }))
  .map(([chain, list]) => {
    const { blocks, onAccepted } = begun(chain)
    for (const [n, claim] of list.entries()) {
      const backs = onAccepted(claim.behind)
      const author = keyOf(claim.author)
      const target = backs.find((u) => u.author !== author && u.like === undefined)
      const like = claim.like && target !== undefined ? { like: { n: 1 as const, target } } : {}
      const time = Math.max(...backs.map((u) => u.time)) + claim.late
      blocks.push(twinBlock(`claim ${n}`, backs, { author, time, ...like }))
    }
    return { chain, blocks, [fc.toStringMethod]: () => pictureOf(chain, blocks) }
  })

/** After the post its author has 1 rep. */
const oneRepLeft = fc.constant(forumWith(15))

const takings = fc.record({ ...claimParts, author: fc.constantFrom(AUTHOR, AUTHOR, 2, 3), isVote: fc.boolean() })

/** An author with few reps takes a post back, and posts what is concurrent with that; others like the post. */
export const takingBack: fc.Arbitrary<Economy> = fc
  .tuple(oneRepLeft, fc.array(takings, { minLength: 5, maxLength: 12 }))
  .map(([chain, list]) => {
    const { blocks, onAccepted } = begun(chain)
    const post = blocks[1]!
    for (const [n, { author, behind: unknown, late, isVote }] of list.entries()) {
      const backs = onAccepted(unknown)
      const like = { n: author === AUTHOR ? (-1 as const) : (1 as const), target: post }
      const time = Math.max(...backs.map((u) => u.time)) + late
      blocks.push(twinBlock(`taking ${n}`, backs, { author: keyOf(author), time, ...(isVote ? { like } : {}) }))
    }
    return { chain, blocks, [fc.toStringMethod]: () => pictureOf(chain, blocks) }
  })

/** Two posts, and what the next block stands on for who does not know the latest ones. */
function begun(chain: Economy['chain']) {
  const twin = new ReputationTwin(chain)
  const first = twinBlock('first', [], { author: keyOf(0), time: FIRST_DAY })
  const blocks: TwinBlock[] = [first, twinBlock('post', [first], { author: keyOf(AUTHOR), time: FIRST_DAY })]
  const onAccepted = (unknown: number): TwinBlock[] =>
    headsOf(twin.acceptedOf(blocks.slice(0, Math.max(2, blocks.length - unknown)))).slice(-16)
  return { blocks, onAccepted }
}

/** For counterexamples: a line for each block, `number author @ms after the first < backs`, and what it likes. */
function pictureOf({ pioneers }: Economy['chain'], blocks: readonly TwinBlock[]): string {
  const lines = blocks.map((u, n) => {
    const backs = backsOf(u).map((back) => blocks.indexOf(back))
    const like = u.like === undefined ? '' : ` ${u.like.n > 0 ? 'likes' : 'dislikes'} ${blocks.indexOf(u.like.target)}`
    return `${n} by ${parseInt(u.author ?? '', 16)} @${u.time - FIRST_DAY} < ${backs.join(' ') || 'genesis'}${like}`
  })
  return [`forum with ${pioneers.length} pioneers`, ...lines].join('\n')
}
