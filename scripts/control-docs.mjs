// The work behind scripts/control-docs: puts what the schema says between the marks of the page.
import { readFileSync, writeFileSync } from 'node:fs'
import { renewed } from '../dist/node/control/reference.js'

const page = new URL('../docs/control-port.md', import.meta.url)
const before = readFileSync(page, 'utf8')
const after = renewed(before)
if (after === before) console.log('docs/control-port.md is up to date')
else {
  writeFileSync(page, after)
  console.log('docs/control-port.md is renewed')
}
