/** Economies about one post on which everybody votes: enough dislikes to hide it, likes that bring it back, rival votes. */
import fc from 'fast-check'
import { FIRST_DAY, HOUR, keyOf, twinBlock, type Economy } from './economy.ts'
import { backsOf, headsOf, ReputationTwin, type TwinBlock } from './reputation-twin.ts'

const votes = fc.record({
  voter: fc.integer({ min: 2, max: 11 }),
  n: fc.constantFrom(1 as const, -1 as const, -1 as const, -1 as const),
  /** How many of the latest blocks the voter does not know. */
  behind: fc.constantFrom(0, 0, 1, 3, 20),
  wait: fc.constantFrom(0, 0, 1, HOUR),
})

/** Pioneers with one, two or three reps each; every block stands on accepted ones. */
export const votings: fc.Arbitrary<Economy> = fc
  .tuple(fc.constantFrom(10, 15, 30), fc.array(votes, { minLength: 6, maxLength: 22 }))
  .map(([count, list]) => {
    const chain: Economy['chain'] = { kind: 'forum', pioneers: Array.from({ length: count }, (_, n) => keyOf(n)) }
    const twin = new ReputationTwin(chain)
    const first = twinBlock('first', [], { author: keyOf(0), time: FIRST_DAY })
    const post = twinBlock('post', [first], { author: keyOf(1), time: FIRST_DAY })
    const blocks: TwinBlock[] = [first, post]
    for (const [at, { voter, n, behind, wait }] of list.entries()) {
      const backs = headsOf(twin.acceptedOf(blocks.slice(0, Math.max(2, blocks.length - behind)))).slice(-16)
      const time = Math.max(...blocks.map((u) => u.time)) + wait
      blocks.push(twinBlock(`vote ${at}`, backs, { author: keyOf(voter), time, like: { n, target: post } }))
    }
    return { chain, blocks, [fc.toStringMethod]: () => pictureOf(count, blocks) }
  })

/** For counterexamples: a line for each block, `number author @ms after the first < backs`, and its vote on block 1. */
function pictureOf(pioneers: number, blocks: readonly TwinBlock[]): string {
  const lines = blocks.map((u, n) => {
    const backs = backsOf(u).map((back) => blocks.indexOf(back))
    return `${n} by ${parseInt(u.author ?? '', 16)} @${u.time - FIRST_DAY} < ${backs.join(' ')} ${u.like?.n ?? 'post'}`
  })
  return [`forum with ${pioneers} pioneers`, ...lines].join('\n')
}
