// What scripts/simulate does: a line for each run, and the end at the first one that is not as it has to be.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import '../src/node/base/polyfill.ts'
import { loadScenario, scenarios } from '../test/sim/scenario.ts'
import { simulate } from '../test/sim/simulation.ts'

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seed: { type: 'string' },
    cores: { type: 'string' },
    runs: { type: 'string', default: '1' },
  },
})
const names = scenarios().filter((name) => values.scenario === undefined || name === values.scenario)
if (names.length === 0) {
  console.error(`No scenario is called ${values.scenario}; there are ${scenarios().join(', ')}`)
  process.exit(2)
}

const number = (n) => n.toLocaleString('en')
const mib = (bytes) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`

function lineOf(name, seed, report, ms) {
  const { made, accepted, withdrawals, delays, exchanges, messages, gossipBytes, syncBytes, convergedMs } = report
  const { cuts, overtaken, stalls } = report
  return [
    `${name.padEnd(10)} seed ${seed}: ${made} blocks made, ${accepted} accepted by all, ${withdrawals} times one withdrawn, ${delays} times some kept back`,
    `  ${number(exchanges)} exchanges (${cuts} cuts, ${stalls} stalled, ${overtaken} overtaken), ${number(messages)} messages, gossip ${mib(gossipBytes)}, sync ${mib(syncBytes)}`,
    `  the same ${(convergedMs / 1000).toFixed(1)} s after the last disturbance; took ${(ms / 1000).toFixed(1)} s; trace ${report.trace.slice(0, 16)}`,
  ].join('\n')
}

for (const name of names) {
  const scenario = loadScenario(name)
  const cores = Number(values.cores ?? scenario.cores)
  for (let run = 0; run < Number(values.runs); run += 1) {
    const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed) + run
    const from = performance.now()
    const report = await simulate({ ...scenario, cores }, seed)
    console.log(lineOf(name, seed, report, performance.now() - from))
    if (report.problems.length === 0) continue
    console.error(`\n${report.problems.join('\n')}\n`)
    console.error(`see it again with: scripts/simulate --scenario ${name} --seed ${seed} --cores ${cores}`)
    process.exit(1)
  }
}
