/** Spec §8, step 2: fingerprints of what is accepted, against their definition. */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import * as crypto from '../../../src/dag/crypto.ts'
import { FingerprintTree, KEY_DIGITS, LEAF_BLOCKS } from '../../../src/dag/fingerprint-tree.ts'
import { Graph } from '../../../src/dag/graph.ts'
import { DRAWN_CHAIN, drawnId } from '../../support/draw.ts'
import { keysOf, sharedBy, twinFingerprint } from '../../support/fold-twin.ts'
import { checkProperty } from '../../support/property.ts'

vi.mock('../../../src/dag/crypto.ts', { spy: true })

const hashes = vi.mocked(crypto.labelledSha256)

/** Blocks on the genesis, one for each time. */
function star(times: readonly number[], name = 'star'): Graph {
  const graph = new Graph(DRAWN_CHAIN, 1)
  for (const [n, time] of times.entries()) addTo(graph, { name: `${name} ${String(n)}`, time })
  return graph
}

function addTo(graph: Graph, { name, time }: { name: string; time: number }, accepted = true): number {
  return graph.add({ id: drawnId(name), height: 1, time, backs: [0] }, accepted)
}

const span = (length: number, step = 1): number[] => Array.from({ length }, (_, n) => 1_700_000_000_000 + n * step)

function expectTwin(graph: Graph, folds: FingerprintTree, prefixes: readonly string[]): void {
  const keys = keysOf(graph)
  for (const prefix of prefixes) {
    expect(bytesToHex(folds.fingerprint(prefix))).toBe(twinFingerprint(keys, prefix))
    const own = keys.filter((key) => key.startsWith(prefix))
    const under = folds.under(prefix)
    if ('indexes' in under) {
      expect(own.length).toBeLessThanOrEqual(LEAF_BLOCKS)
      expect(under.indexes.map((index) => graph.id(index))).toEqual(own.map((key) => key.slice(22)))
    } else {
      const { at, parts } = under
      expect(at).toBe(sharedBy(own))
      expect(parts.reduce((sum, { count }) => sum + count, 0)).toBe(own.length)
      for (const { digit, count, fingerprint } of parts) {
        const part = at + digit.toString(16).toUpperCase()
        expect(own.filter((key) => key.startsWith(part))).toHaveLength(count)
        expect(bytesToHex(fingerprint)).toBe(twinFingerprint(keys, part))
      }
    }
  }
}

/** Every prefix of some keys. */
const prefixesOf = (keys: readonly string[]): string[] => [
  ...new Set(keys.flatMap((key) => Array.from({ length: 24 }, (_, digits) => key.slice(0, digits)))),
]

describe('fingerprints', () => {
  test('are those of the definition, whatever comes, is accepted late, is withdrawn, forgotten and comes again', () => {
    // Scales that make keys differ in the time, in the height, and in the digest alone.
    const time = fc.tuple(fc.constantFrom(1, 16, 4096, 2 ** 40), fc.nat({ max: 40 })).map(([scale, n]) => scale * n)
    const op = fc.tuple(fc.nat({ max: 9 }), fc.nat(), time)
    checkProperty(
      'fingerprints-by-definition',
      fc.property(fc.array(op, { minLength: 40, maxLength: 250 }), (ops) => {
        const graph = new Graph(DRAWN_CHAIN, 1)
        const folds = new FingerprintTree(graph)
        let made = 0
        for (const [kind, n, at] of ops) {
          const index = 1 + (n % Math.max(1, graph.size - 1))
          const isKnown = index < graph.size
          if (kind === 0 && isKnown && graph.isAccepted(index) && graph.acceptedChildren(index) === 0) {
            graph.withdraw(index)
          } else if (
            kind === 1 &&
            isKnown &&
            !graph.isAccepted(index) &&
            graph.backs(index).every((b) => graph.isAccepted(b))
          ) {
            graph.accept(index)
          } else if (kind === 2 && graph.size > 1 && !graph.isAccepted(graph.size - 1)) {
            graph.pop()
          } else if (kind === 3) {
            expectTwin(graph, folds, ['', ...prefixesOf(keysOf(graph).slice(n % 7, (n % 7) + 1))])
          } else {
            const back = n % graph.size
            const backs = [graph.isAccepted(back) ? back : 0]
            const [height, time] = [1 + graph.height(backs[0]!), Math.max(at, graph.time(backs[0]!))]
            graph.add({ id: drawnId(`made ${String((made += 1))}`), height, time, backs }, kind > 4)
          }
        }
        expectTwin(graph, folds, ['', ...prefixesOf(keysOf(graph).filter((_, i) => i % 16 === 0))])
      }),
      { numRuns: 60 },
    )
  })

  test('are equal for equal sets, whatever the order they came in, and differ for sets that differ by one block', () => {
    const times = span(500, 977)
    const forwards = new FingerprintTree(star(times))
    const graph = new Graph(DRAWN_CHAIN, 9)
    const backwards = new FingerprintTree(graph)
    for (let n = times.length - 1; n > 0; n--) addTo(graph, { name: `star ${String(n)}`, time: times[n]! })
    expect(backwards.fingerprint('')).not.toEqual(forwards.fingerprint(''))
    addTo(graph, { name: 'star 0', time: times[0]! })
    expect(backwards.fingerprint('')).toEqual(forwards.fingerprint(''))
  })

  test('forget a withdrawn block at either edge of a part, and one whose index is another block’s by then', () => {
    const graph = star([
      ...span(40),
      ...span(40, -1).map((time) => time + 2 ** 33),
      ...span(40).map((time) => time + 2 ** 34),
    ])
    const folds = new FingerprintTree(graph)
    const indexesOf = (): number[] => keysOf(graph).map((key) => graph.startingWith(key.slice(22))[0]!)
    const all = prefixesOf(keysOf(graph))
    expectTwin(graph, folds, all)
    for (const place of [39, 39, 77, 77]) {
      graph.withdraw(indexesOf()[place]!)
      expectTwin(graph, folds, all)
    }
    const last = graph.size - 1
    graph.withdraw(last)
    graph.pop()
    addTo(graph, { name: 'another', time: 1_700_000_000_000 + 2 ** 33 })
    expect(graph.size - 1).toBe(last)
    expectTwin(graph, folds, [...all, ...prefixesOf(keysOf(graph))])
  })

  test('of nothing are zero; of the genesis there is none', () => {
    const folds = new FingerprintTree(new Graph(DRAWN_CHAIN, 1))
    expect(folds.fingerprint('')).toEqual(new Uint8Array(32))
    expect(folds.under('')).toEqual({ indexes: [] })
  })

  test.each([LEAF_BLOCKS, LEAF_BLOCKS + 1])('with %d blocks of one time and height they go by the digest', (blocks) => {
    const graph = star(new Array<number>(blocks).fill(7))
    const under = new FingerprintTree(graph).under('')
    expect('parts' in under).toBe(blocks > LEAF_BLOCKS)
    expectTwin(graph, new FingerprintTree(graph), prefixesOf(keysOf(graph)))
    const [key = ''] = keysOf(graph)
    expect(key).toHaveLength(KEY_DIGITS)
    expect(new FingerprintTree(graph).under(key)).toEqual({ indexes: graph.startingWith(key.slice(22)) })
  })

  test('times beyond 32 bits and up to the highest sort as numbers do', () => {
    const graph = star(
      [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER].flatMap((t) => [t, t, t, t, t]),
    )
    expectTwin(graph, new FingerprintTree(graph), prefixesOf(keysOf(graph)))
  })
})

describe('cost', () => {
  test('nothing is computed before the first question', () => {
    hashes.mockClear()
    const graph = star(span(1000))
    const folds = new FingerprintTree(graph)
    const compared = vi.spyOn(graph, 'compare')
    graph.withdraw(graph.size - 1)
    expect([hashes.mock.calls.length, compared.mock.calls.length]).toEqual([0, 0])
    folds.fingerprint('')
    expect(hashes.mock.calls.length).toBeGreaterThan(0)
  })

  test('after one more block, or one withdrawn, only its path is computed anew', () => {
    const graph = star(span(20_000, 60_000))
    const folds = new FingerprintTree(graph)
    folds.fingerprint('')
    for (const change of [
      () => addTo(graph, { name: 'last', time: 1_800_000_000_000 }),
      () => addTo(graph, { name: 'late', time: 1_700_500_000_000 }),
      () => graph.withdraw(9_000),
    ]) {
      hashes.mockClear()
      folds.fingerprint('')
      expect(hashes).not.toHaveBeenCalled()
      change()
      folds.fingerprint('')
      // A path of a few steps, of whose parts the small ones are not kept.
      expect(hashes.mock.calls.length).toBeLessThan(100)
    }
  })
})
