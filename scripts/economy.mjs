// What scripts/economy does: plays the studies one after the other, prints their tables and writes their plots.
import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import '../src/node/base/polyfill.ts'
import { studies } from '../test/economy/studies.ts'
import { tableOf } from '../test/economy/table.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const chosen = studies.filter(({ name }) => name.includes(values.only))
if (chosen.length === 0) {
  console.error(`No study is called ${values.only}; there are ${studies.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
await mkdir('docs/economy', { recursive: true })
for (const { name, title, run } of chosen) {
  const from = performance.now()
  const { tables, plots } = run(values.quick, (line) => console.error(line))
  console.log(`## ${name}: ${title} (${((performance.now() - from) / 1000).toFixed(0)} s)\n`)
  for (const table of tables) console.log(`${tableOf(table)}\n`)
  if (values.quick) continue
  for (const { file, svg } of plots) await writeFile(`docs/economy/${file}.svg`, svg)
}
