// What scripts/economy does: plays the studies one after the other, prints their tables, and writes them and the plots to
// docs/economy.md and docs/economy.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
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
const PAGE = 'docs/economy.md'

/** The page with these tables of a study in their places. */
function withTables(page, name, tables) {
  return tables.reduce((text, table, n) => {
    const place = new RegExp(`(<!-- ${name} ${n + 1} -->\n)[^]*?(\n<!-- end of table -->)`)
    if (!place.test(text)) throw new Error(`${PAGE} has no place for table ${n + 1} of ${name}`)
    return text.replace(place, (_all, before, after) => `${before}\n${tableOf(table)}\n${after}`)
  }, page)
}

await mkdir('docs/economy', { recursive: true })
for (const { name, title, run } of chosen) {
  const from = performance.now()
  const { tables, plots } = run(values.quick, (line) => console.error(line))
  console.log(`## ${name}: ${title} (${((performance.now() - from) / 1000).toFixed(0)} s)\n`)
  for (const table of tables) console.log(`${tableOf(table)}\n`)
  if (values.quick) continue
  for (const { file, svg } of plots) await writeFile(`docs/economy/${file}.svg`, svg)
  await writeFile(PAGE, withTables(await readFile(PAGE, 'utf8'), name, tables))
}
