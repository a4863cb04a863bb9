// What scripts/fuzz does: the targets and laws of test/property/fuzz.test.ts, round after round, each with a seed of its own.
// Ends at the first input that breaks a law, after keeping it where every later run of the tests looks first.
import { randomInt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import '../src/node/base/polyfill.ts'
import { FOUND, keep, kept } from '../test/support/fuzz-corpus.ts'
import { Broken } from '../test/support/fuzz-laws.ts'
import { mutants } from '../test/support/fuzz-mutate.ts'
import { TARGETS } from '../test/support/fuzz-targets.ts'

const { values } = parseArgs({
  options: { target: { type: 'string' }, seed: { type: 'string' }, runs: { type: 'string' } },
})
const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target)
if (targets.length === 0) {
  console.error(`No target is called ${values.target}; there are ${TARGETS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

let checked = 0

/** Mutants of one target with one seed; whether all keep the laws. */
async function round({ name, dialect, samples, check, runs }, seed) {
  const numRuns = Number(values.runs ?? runs)
  // Without what was found: a seed has to say the same after its find was kept.
  const named = kept(name).filter((one) => !one.name.startsWith(FOUND))
  const messages = [...samples, ...named.map(({ bytes }) => bytes)]
  const property = fc.asyncProperty(mutants(messages, dialect), async ({ bytes }) => {
    await check(bytes)
    // Most checks wait for nothing: without this, a signal would wait for all of them.
    if ((checked += 1) % 64 === 0) await setImmediate()
  })
  const { failed, counterexample, errorInstance } = await fc.check(property, { seed, numRuns })
  if (!failed) return true
  const bytes = errorInstance instanceof Broken ? errorInstance.bytes : counterexample[0].bytes
  console.error(`\n${name}: broken; see it again with: scripts/fuzz --target ${name} --seed ${seed} --runs ${numRuns}`)
  console.error(`${errorInstance.stack}\n\n${Buffer.from(bytes).toString('hex')}\n\nkept in ${keep(name, { bytes })}`)
  return false
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0))

for (let rounds = 1; ; rounds += 1) {
  for (const target of targets) {
    const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
    if (!(await round(target, seed))) process.exit(1)
  }
  console.log(`${new Date().toISOString()}  round ${rounds}: every law holds`)
  if (values.seed !== undefined) break
}
