/** Spec §5, §7, §8 over many cores: whatever the network does, all come to the same blocks, heads and reps, and to rest. */
import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { IS_NIGHTLY } from '../support/flood.ts'
import { howToKeep, keptCases, PropertyFailure } from '../support/property.ts'
import { loadScenario, parseScenario, scenarios } from './scenario.ts'
import { simulate, type Report } from './simulation.ts'

/** A run takes some seconds on a busy machine. */
const TIMEOUT = 60_000

const FIXED_SEED = 3
const FRESH_SEED = randomInt(2 ** 31)
console.info(`test/sim: fixed seed ${String(FIXED_SEED)}, fresh seed ${String(FRESH_SEED)}`)

/** At each change the fresh seed runs through one scenario, which it chooses; through all in the nightly run. */
const FRESH_SCENARIOS = scenarios().filter((_, n, all) => IS_NIGHTLY || n === FRESH_SEED % all.length)

/** Those of `test/regressions` come first. */
function seedsOf(name: string): readonly number[] {
  const kept = keptCases(`simulation-${name}`).flatMap((one) => ('seed' in one ? [one.seed] : []))
  return [...kept, FIXED_SEED, ...(FRESH_SCENARIOS.includes(name) ? [FRESH_SEED] : [])]
}

async function run(name: string, seed: number): Promise<Report> {
  const report = await simulate(loadScenario(name), seed)
  const again = `see it again with: scripts/simulate --scenario ${name} --seed ${String(seed)}`
  const keep = howToKeep(`simulation-${name}`, { shows: 'what it shows', seed })
  if (report.problems.length > 0) throw new PropertyFailure(`${report.problems.join('\n')}\n${again}\n${keep}`)
  return report
}

const runs = scenarios().flatMap((name) => seedsOf(name).map((seed) => [name, seed] as const))

test.each(runs)(
  '%s, seed %i: in the end all accept the same, by the definitions, and no message goes on for ever',
  { timeout: TIMEOUT },
  async (name, seed) => {
    const report = await run(name, seed)
    expect(report.made).toBeGreaterThan(20)
    expect(report.accepted).toBeGreaterThan(80)
    if (seed !== FIXED_SEED) return
    // What the scenario is there for did happen.
    const { partitions, churn, streamCut, pulls } = loadScenario(name)
    expect(report.cuts > 10).toBe(partitions.length + churn.falls + streamCut > 0)
    expect(report.stalls > 10).toBe(pulls.stalled > 0)
    if (pulls.stalled > 0) expect(report.overtaken).toBeGreaterThan(10)
    if (partitions.length === 0) return
    expect(report.withdrawals).toBeGreaterThan(20)
    // The throttle does not hurt the honest (spec §5).
    expect(report.delays).toBe(0)
    expect(report.convergedMs).toBeGreaterThan(0)
  },
)

describe('a run', () => {
  const small = { ...loadScenario('everything'), cores: 12, acts: 20 }

  test('is decided by its seed, message by message', { timeout: TIMEOUT }, async () => {
    const report = await simulate(small, 1)
    expect(await simulate(small, 1)).toEqual(report)
    expect((await simulate(small, 2)).trace).not.toBe(report.trace)
  })

  test('tells of cores that do not compare heads after a partition', { timeout: TIMEOUT }, async () => {
    const parted = { ...loadScenario('partition'), cores: 12, acts: 40 }
    const { problems } = await simulate(parted, 1, { comparesHeads: false })
    expect(problems).toContain('they do not come to the same within a day')
    expect(problems).toContain('a last exchange brought something new')
  })
})

describe('a scenario', () => {
  const { about, ...rest } = loadScenario('calm')

  test.each([
    ['lacks a key', rest, 'about'],
    ['has a key that nobody knows', { ...rest, about, wind: 3 }, 'wind'],
    ['has a share beyond 1', { ...rest, about, streamCut: 2 }, 'streamCut'],
  ])('that %s is refused by name', (_, value, key) => {
    expect(() => parseScenario('windy', value)).toThrow(new RegExp(`config/sim/windy.json: [^]*${key}`))
  })
})
