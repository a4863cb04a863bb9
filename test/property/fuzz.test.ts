/**
 * Fuzzing of every decoder that takes bytes from a peer or a local program: first what is kept in `test/corpus`, then a
 * fixed number of mutants from a fixed seed, so that a failure comes again. `scripts/fuzz` goes on where this stops.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fail, ok } from '../../src/dag/result.ts'
import { IS_NIGHTLY } from '../support/flood.ts'
import { kept } from '../support/fuzz-corpus.ts'
import { Broken, checkCodec, type Codec } from '../support/fuzz-laws.ts'
import { mutants } from '../support/fuzz-mutate.ts'
import { TARGETS } from '../support/fuzz-targets.ts'
import { checkProperty } from '../support/property.ts'

const SEED = 1

/** The seed is fixed, so each run sees the same mutants: all of them at night, by day a quarter. */
const RUNS_CUT = 4

/** Some 20 s of CPU for all targets together at night; a busy machine takes longer. */
const TIMEOUT_MS = 120_000

const named = <T extends { readonly name: string }>(list: readonly T[]): [string, T][] =>
  list.map((one) => [one.name, one])

describe.each(named(TARGETS))('%s', (name, { dialect, samples, check, runs }) => {
  test('right messages keep every law', async () => {
    for (const sample of samples) await check(sample)
  })

  test.each(named(kept(name)))('%s: taken as it always was', async (_, { bytes, outcome }) => {
    const now = await check(bytes)
    if (outcome !== undefined) expect(now).toBe(outcome)
  })

  test(
    'mutants keep every law',
    async () => {
      const property = fc.asyncProperty(mutants(samples, dialect), async ({ bytes }) => {
        await check(bytes)
      })
      await checkProperty(`fuzz-${name}`, property, { seed: SEED, numRuns: IS_NIGHTLY ? runs : runs / RUNS_CUT })
    },
    TIMEOUT_MS,
  )
})

describe('a decoder that breaks a law is found', () => {
  const right: Codec<number> = {
    decode: (bytes) => (bytes.length === 1 ? ok(bytes[0] ?? 0) : fail({ code: 'BAD' })),
    encode: (value) => Uint8Array.of(value),
    codes: ['BAD', 'LARGE'],
    isCounted: true,
  }
  let calls = 0

  test('one that keeps them is not', () => {
    expect(checkCodec(right, Uint8Array.of(1))).toBe('taken')
    expect(checkCodec(right, Uint8Array.of(1, 2))).toBe('BAD')
  })

  test.each<[string, Partial<Codec<number>>]>([
    ['it throws', { decode: () => JSON.parse('{') as never }],
    ['it says something else the second time', { decode: () => ok((calls += 1)) }],
    ['it alters the bytes', { decode: (bytes) => ok((bytes[0] = 7)) }],
    ['it refuses with', { decode: () => fail({ code: 'OTHER' }) }],
    ['it takes another spelling', { decode: () => ok(9) }],
    ['cannot be encoded', { encode: () => JSON.parse('{') as never }],
    ['its cap is not what decides', { decode: () => fail({ code: 'LARGE' }), cap: { bytes: 1, code: 'LARGE' } }],
    ['it takes more bytes than its cap', { decode: () => ok(1), cap: { bytes: 0, code: 'LARGE' } }],
    ['its fault is long', { decode: () => fail({ code: 'BAD', why: 'x'.repeat(300) }) }],
    ['it reads', { decode: (bytes) => ok(Array.from({ length: 500 }, () => bytes[0] ?? 0)[0] ?? 0) }],
  ])('%s', (why, changes) => {
    const check = (): string => checkCodec({ ...right, ...changes }, Uint8Array.of(1))
    expect(check).toThrow(Broken)
    expect(check).toThrow(why)
  })
})
