// What scripts/bench does: opens the groups that were named, or all, and measures their figures by turns, the floors of the
// machine beside them in every run. Prints a table, writes JSON, and compares with the JSON of an earlier time.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import '../../dist/node/base/polyfill.js'
import { killAll } from '../measured-node.mjs'
import { codec } from './codec.mjs'
import { compare, summary, table } from './figures.mjs'
import { openFloors } from './floors.mjs'
import { keys } from './keys.mjs'
import { intake } from './intake.mjs'
import { live } from './live.mjs'
import { lookup } from './lookup.mjs'
import { port } from './port.mjs'
import { posting } from './posting.mjs'
import { size } from './size.mjs'

/** Each gives a list of figures, and `close`. */
const GROUPS = { codec, intake, size, lookup, port, posting, live, keys }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    json: { type: 'string', default: '.bench/latest.json' },
    compare: { type: 'string' },
  },
})
const runs = Number(values.runs)
const unknown = positionals.filter((name) => !(name in GROUPS))
if (unknown.length > 0 || !Number.isSafeInteger(runs) || runs < 1) {
  console.error(
    `usage: scripts/bench [${Object.keys(GROUPS).join('|')} …] [--quick] [--runs N] [--json F] [--compare F]`,
  )
  process.exit(2)
}
const names = positionals.length === 0 ? Object.keys(GROUPS) : positionals
// Read first: it may be the file that is written in the end.
const before = values.compare === undefined ? undefined : JSON.parse(await readFile(values.compare, 'utf8'))

const root = await mkdtemp(join(tmpdir(), 'freechains-bench-'))
const floors = await openFloors(root)
const results = []
try {
  for (const name of names) {
    const group = await GROUPS[name]({ root, quick: values.quick })
    try {
      results.push(...(await measureGroup(name, group.figures)))
    } finally {
      await group.close()
    }
  }
} finally {
  await floors.close()
  // After a failure nobody else ends them.
  killAll()
  await rm(root, { recursive: true, force: true })
}
await mkdir(dirname(values.json), { recursive: true })
const report = { at: new Date().toISOString(), node: process.version, quick: values.quick, runs, figures: results }
await writeFile(values.json, `${JSON.stringify(report, undefined, 2)}\n`)
if (before !== undefined) console.log(compare(before.figures, results))

/** Every run takes each figure once, its floor right before it: what else the machine does meets both alike. */
async function measureGroup(group, figures) {
  const samples = figures.map(() => [])
  for (let run = 0; run < runs; run++) {
    for (const [n, { measure, floor }] of figures.entries()) {
      const under = floor === undefined ? undefined : await floors.measure(floor)
      samples[n].push({ ...(await measure()), under })
    }
  }
  const found = figures.map((figure, n) => summary(group, figure, samples[n]))
  console.log(table(group, found))
  return found
}
