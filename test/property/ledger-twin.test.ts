/**
 * The ledger against the definition after every block, on DAGs as attackers and nodes make them: fresh keys on the branches of
 * equivocators, and backs that the node's real posting rule chose. And the books of every set of their authors.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attacks, authorsAt, playAttack, type AttackSeen, type TwinnedNode } from '../support/equivocators.ts'
import { DAY } from '../support/economy.ts'
import { booksOf } from '../support/books.ts'
import { checkProperty } from '../support/property.ts'
import { inOrder } from '../support/reputation-twin.ts'

/** Raised by hand for long hunts. */
const TIMES = Number(process.env['LEDGER_TIMES'] ?? 1)

test(
  'what counts, is hidden and is had is what the definition says after every block, with fresh keys and real backs',
  { timeout: 120_000 * TIMES },
  () => {
    const seen: AttackSeen = { blocks: 0, freshVotes: 0, void: 0, turned: 0, crowded: 0 }
    checkProperty(
      'ledger-twin-fresh-keys',
      fc.property(attacks(24), (attack) => {
        playAttack(attack, seen, (node) => {
          const latest = Math.max(...[...node.known].map(({ time }) => time))
          const times = [latest, latest + DAY, latest + 90 * DAY]
          const authors = authorsAt(node)
          expect(node.answers(authors, times)).toEqual(node.expected(authors, times))
        })
      }),
      { numRuns: 130 * TIMES },
    )
    if (TIMES > 1) console.log(seen)
    expect(seen.freshVotes).toBeGreaterThan(130)
    expect(seen.void).toBeGreaterThan(30)
    expect(seen.turned).toBeGreaterThan(30)
    expect(seen.crowded).toBeGreaterThan(30)
  },
)

test('the books of every set of authors balance, with fresh keys too', { timeout: 120_000 * TIMES }, () => {
  let full = 0
  checkProperty(
    'ledger-books-of-fresh-keys',
    fc.property(attacks(16), (attack) => {
      const seen: AttackSeen = { blocks: 0, freshVotes: 0, void: 0, turned: 0, crowded: 0 }
      const nodes = new Set<TwinnedNode>()
      playAttack(attack, seen, (node) => nodes.add(node))
      for (const node of nodes) {
        const blocks = inOrder(node.accepted)
        const ledger = node.twin.ledger(new Set(blocks))
        const authors = [...authorsAt(node)].slice(0, 10)
        for (let mask = 1; mask < 1 << authors.length; mask += 1) {
          const group = new Set(authors.filter((_, n) => (mask >> n) & 1))
          for (const u of [blocks.at(-1)!, blocks[blocks.length >> 1]!]) {
            const { given, most } = booksOf(node.twin, ledger, blocks, { group, t: u.time })
            expect(given).toBeLessThanOrEqual(most)
            if (given > 0 && given === most) full += 1
          }
        }
      }
    }),
    { numRuns: 30 * TIMES },
  )
  expect(full).toBeGreaterThan(2)
})
