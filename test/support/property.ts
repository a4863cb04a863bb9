/**
 * Every property test runs through {@link checkProperty}: first the kept cases of `test/regressions/<name>.json`, then
 * random ones. A failure prints its seed, its path and its counterexample, and the case to write to that file.
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { z } from 'zod'
import { FINAL_ERROR } from './test-run.ts'

/** Holds one JSON file a property, by the property's name. */
export const REGRESSIONS = 'test/regressions'

const TOP = resolve(import.meta.dirname, '../..')

/**
 * Arguments of the property, where they are plain JSON: such a case stays what it is when the generators change. Otherwise
 * the seed, and the path down to the shrunk counterexample.
 */
const keptCase = z.union([
  z.strictObject({ shows: z.string(), values: z.array(z.unknown()) }),
  z.strictObject({ shows: z.string(), seed: z.int(), path: z.string().optional() }),
])

export type KeptCase = z.infer<typeof keptCase>

/** The kept cases of a property; none if it has no file. A file that is malformed or empty throws. */
export function keptCases(name: string): readonly KeptCase[] {
  const path = resolve(TOP, REGRESSIONS, `${name}.json`)
  if (!existsSync(path)) return []
  return z
    .array(keptCase)
    .min(1)
    .parse(JSON.parse(readFileSync(path, 'utf8')))
}

/** A failure by cases that were drawn, which another run need not draw: it stays one, though the test is run again. */
export class PropertyFailure extends Error {
  override readonly name = FINAL_ERROR
}

/** What to do with a case that failed. */
export function howToKeep(name: string, kept: KeptCase): string {
  return `To keep this case, add it to the list in ${REGRESSIONS}/${name}.json:\n${JSON.stringify([kept])}`
}

/** The share of its random cases that a long property goes through at each change; `scripts/nightly` goes through all, four times. */
const EACH_CHANGE = 0.5

/** By how much a long property multiplies its runs. @param variable of the environment: set by the nightly run, or for a long hunt */
export function timesOf(variable: `${string}_TIMES`): number {
  return Number(process.env[variable] ?? EACH_CHANGE)
}

/**
 * Checks a property on its kept cases and on random ones, or throws.
 *
 * @param name kebab-case, unique, written as a literal: the audit finds it by reading the tests
 */
export function checkProperty<Ts>(
  name: string,
  property: fc.IAsyncProperty<Ts>,
  params?: fc.Parameters<Ts>,
): Promise<void>
export function checkProperty<Ts>(name: string, property: fc.IProperty<Ts>, params?: fc.Parameters<Ts>): void
export function checkProperty<Ts>(
  name: string,
  property: fc.IProperty<Ts> | fc.IAsyncProperty<Ts>,
  params: fc.Parameters<Ts> = {},
): undefined | Promise<void> {
  // fast-check never ends after a fraction of a run.
  const whole = params.numRuns === undefined ? params : { ...params, numRuns: Math.ceil(params.numRuns) }
  const rounds = [...keptCases(name).map((kept) => paramsOf<Ts>(kept)), whole]
  const before = failures.get(name)
  if (before !== undefined) throw before
  if (property.isAsync()) return checkAsync(name, property as fc.IAsyncProperty<Ts>, rounds)
  for (const round of rounds) throwIfFailed(name, fc.check(property as fc.IProperty<Ts>, round))
  return undefined
}

async function checkAsync<Ts>(
  name: string,
  property: fc.IAsyncProperty<Ts>,
  rounds: readonly fc.Parameters<Ts>[],
): Promise<void> {
  for (const round of rounds) throwIfFailed(name, await fc.check(property, round))
}

function paramsOf<Ts>(kept: KeptCase): fc.Parameters<Ts> {
  if ('values' in kept) return { examples: [kept.values as Ts], numRuns: 1 }
  const { seed, path } = kept
  return path === undefined ? { seed } : { seed, path, numRuns: 1 }
}

/** By name, for when vitest runs a test once more in the same process. */
const failures = new Map<string, Error>()

function throwIfFailed<Ts>(name: string, details: fc.RunDetails<Ts>): void {
  const failure = failureOf(name, details)
  if (failure === undefined) return
  failures.set(name, failure)
  throw failure
}

function failureOf<Ts>(name: string, details: fc.RunDetails<Ts>): Error | undefined {
  const report = fc.defaultReportMessage(details)
  if (report === undefined) return undefined
  const { counterexample, seed, counterexamplePath: path, errorInstance: cause } = details
  if (counterexample === null) return new PropertyFailure(`${name}: ${report}`, { cause })
  const shows = 'what it shows'
  const kept = isPlainJson(counterexample)
    ? { shows, values: counterexample as unknown[] }
    : { shows, seed, ...(path === null ? {} : { path }) }
  return new PropertyFailure(`${name}: ${report}\n\n${howToKeep(name, kept)}`, { cause })
}

/** Whether JSON gives it back as it is. Objects that are named twice would come back as two. */
function isPlainJson(value: unknown): boolean {
  const seen = new Set<object>()
  const isTree = (part: unknown): boolean => {
    if (typeof part !== 'object' || part === null) return true
    if (seen.has(part)) return false
    seen.add(part)
    return Object.values(part).every(isTree)
  }
  return isTree(value) && isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value)
}
