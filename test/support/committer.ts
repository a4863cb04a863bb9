/**
 * A process to be killed: `node vite-node.mjs committer.ts <dir>` commits batches to one chain for ever, some of them
 * synced, and prints the number of blocks after each synced one.
 */
import { openDatabase } from '../../src/node/storage/database.ts'
import { DRAWN_CHAIN } from './draw.ts'
import { must } from './blocks.ts'
import { line } from './stored.ts'

const BATCH = 37
const disk = must(await openDatabase(process.argv[2]!))
const store = disk.chain(DRAWN_CHAIN)
for (let n = 0; ; n += 1) {
  const last = (n + 1) * BATCH
  const sync = n % 4 === 3
  await store.commit(line(n * BATCH + 1, last), { sync })
  if (sync) process.stdout.write(`${String(last)}\n`)
}
