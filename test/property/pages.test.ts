/** Pages of `chain.blocks` (spec §10) against a filter that goes over everything. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pageOf, type BlockFilter, type Page } from '../../src/node/api/block-page.ts'
import { consensus } from '../../src/dag/order.ts'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Replica } from '../../src/node/chain/replica.ts'
import { author, chain, like, post } from '../support/blocks.ts'
import { checkProperty } from '../support/property.ts'
import { openReplica, takeIn } from '../support/replicas.ts'

const GROUP = chain('$pages', '09'.repeat(32))
const THEN_MS = 1_700_000_000_000
const TYPES = ['text/plain', 'image/png', 'image/jpeg'] as const
const AUTHORS = [1, 2, 3]

/** A block: on which of those before it, how much later than these, by whom, and what it says. */
const entry = fc.record({
  on: fc.nat(3),
  alsoOn: fc.nat(9),
  later: fc.nat(2),
  by: fc.constantFrom(...AUTHORS),
  what: fc.constantFrom('post', 'typed', 'answer', 'like'),
  type: fc.constantFrom(...TYPES),
})
const entries = fc.array(entry, { minLength: 1, maxLength: 40 })
const wanted = fc.record(
  {
    since: fc.nat(40),
    until: fc.nat(40),
    author: fc.constantFrom(...AUTHORS),
    re: fc.nat(39),
    type: fc.constantFrom(...TYPES, 'image/*'),
  },
  { requiredKeys: [] },
)
const sizes = fc.record({
  atMost: fc.integer({ min: 1, max: 7 }),
  lookedAt: fc.integer({ min: 1, max: 9 }),
  headersRead: fc.integer({ min: 1, max: 5 }),
})

function blocksOf(list: readonly (typeof entry extends fc.Arbitrary<infer E> ? E : never)[]): MadeBlock[] {
  const made: MadeBlock[] = []
  for (const { on, alsoOn, later, by, what, type } of list) {
    const backs = [...new Set([on, alsoOn])].flatMap((back) => made.at(-1 - back)?.block ?? [])
    const kept = backs.filter((back, n) => backs.findIndex(({ id }) => id === back.id) === n)
    const time = Math.max(THEN_MS, ...kept.map(({ header }) => header.time)) + later
    const target = kept.find(({ header }) => header.like === undefined)
    const about = { author: by, time, backs: kept, payload: String(made.length) }
    if (what === 'like' && target !== undefined && target.header.author !== author(by).author)
      made.push(like(GROUP, 1, target, about))
    else {
      const label = what === 'typed' ? { label: { type } } : {}
      const re = what === 'answer' && target !== undefined ? { re: target } : {}
      made.push(post(GROUP, { ...about, ...label, ...re }))
    }
  }
  return made
}

async function allOf(replica: Replica, filter: BlockFilter): Promise<number[]> {
  const found: number[] = []
  for (const index of consensus(replica.graph).slice(1)) {
    const { header } = await replica.block(index)
    const { since = 0, until = Infinity, type } = filter
    const kind = header.pay.type ?? ''
    if (
      header.time >= since &&
      header.time <= until &&
      (filter.author === undefined || header.author === filter.author) &&
      (filter.re === undefined || header.re === filter.re) &&
      (type === undefined || kind === type || (type === 'image/*' && kind.startsWith('image/')))
    )
      found.push(index)
  }
  return found
}

test('page by page there is all that passes, each block once, in order, however little a call looks at', async () => {
  await checkProperty(
    'pages-against-a-filter',
    fc.asyncProperty(
      entries,
      wanted,
      sizes,
      async (list, { since, until, author: by, re, type }, { atMost, ...limits }) => {
        const on = await openReplica(GROUP)
        const made = blocksOf(list)
        await takeIn(on, made)
        const answered = re === undefined ? undefined : made[re % made.length]?.block
        const filter: BlockFilter = {
          ...(since === undefined ? {} : { since: THEN_MS + since }),
          ...(until === undefined ? {} : { until: THEN_MS + until }),
          ...(by === undefined ? {} : { author: author(by).author }),
          ...(answered === undefined ? {} : { re: answered.id }),
          ...(type === undefined ? {} : { type }),
        }
        const pages: number[][] = []
        let page: Page = { blocks: [] }
        let before: number | undefined
        do {
          page = await pageOf(on.replica, { ...filter, atMost, ...(before === undefined ? {} : { before }) }, limits)
          expect(page.blocks.length).toBeLessThanOrEqual(atMost)
          pages.unshift(page.blocks.map(Number))
          before = page.next
          expect(pages.length).toBeLessThan(200)
        } while (before !== undefined)
        expect(pages.flat()).toEqual(await allOf(on.replica, filter))
      },
    ),
    { numRuns: 100 },
  )
})
