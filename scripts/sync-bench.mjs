// What scripts/bench-sync does: makes the two sides of each shape out of a line of blocks kept under .bench, lets them meet
// over TCP, and prints a table. The first pull of the side that lacks something is what is counted.
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import '../dist/node/base/polyfill.js'
import { openDatabase } from '../dist/node/storage/database.js'
import { chain, fill, line } from './line-chain.mjs'
import { meet, MeetingNode } from './sync-meeting.mjs'
import { SHAPES } from './sync-shapes.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    shape: { type: 'string', default: '' },
  },
})
const SIZES = values.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]
/** Told of one shape alone. */
const FULL_SIZE = 1_000_000
const FULL_SHAPE = 'one block missing'
const ROOT = '.bench/sync'
const BATCH = 256

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** A data directory with a line of so many blocks, which stays as it is. */
async function lineDir(size) {
  const dir = join(ROOT, `line-${size}`)
  if (await exists(dir)) return dir
  const building = `${dir}-building`
  await rm(building, { recursive: true, force: true })
  await mkdir(building, { recursive: true })
  const disk = (await openDatabase(building)).value
  let told = 0
  await fill(disk.chain(chain.id), line(size), (blocks) => {
    if (blocks - told < 100_000) return
    told = blocks
    console.error(`building ${dir}: ${blocks} of ${size} blocks`)
  })
  await disk.close()
  await rename(building, dir)
  return dir
}

/** One side: a copy of the line, or nothing, and what it has besides. */
async function side(name, { size, isEmpty, more }) {
  const dir = join(ROOT, name)
  await rm(dir, { recursive: true, force: true })
  if (!isEmpty) await cp(await lineDir(size), dir, { recursive: true })
  const node = await MeetingNode.open(dir)
  const { graph } = node.replica
  const top = graph.size - 1
  const blocks = [...more({ id: graph.id(top), height: graph.height(top), time: graph.time(top) }, size)]
  for (let at = 0; at < blocks.length; at += BATCH) {
    const outcomes = await node.replica.ingest(blocks.slice(at, at + BATCH), 'pull')
    if (outcomes.some(({ state }) => state !== 'accepted')) throw new Error(`a block is not accepted: ${name}`)
  }
  return { node, dir }
}

const kib = (bytes) => (bytes / 1024).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })

async function measure(shape, size) {
  const a = await side('a', { size, isEmpty: shape.isEmpty === true, more: shape.a })
  const b = await side('b', { size, isEmpty: false, more: shape.b })
  const before = a.node.replica.blocks
  const tcp = await meet(a.node, b.node)
  const [first] = a.node.ledger.pulls
  const { sent, received } = a.node.ledger
  const cells = [
    shape.name,
    size.toLocaleString('en'),
    (a.node.replica.blocks - before).toLocaleString('en'),
    first.searchRounds.size,
    first.rounds,
    kib(first.searchBytes),
    `${kib(sent)} / ${kib(received)}`,
    `${kib(tcp.up)} / ${kib(tcp.down)}`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
  for (const { node, dir } of [a, b]) {
    await node.close()
    await rm(dir, { recursive: true })
  }
}

console.log(`node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`)
console.log(
  '| shape | both have | gained | trips to know | trips in all | KiB to know | KiB on the stream, up / down | KiB of TCP, up / down |',
)
console.log('|---|---|---|---|---|---|---|---|')
for (const shape of SHAPES.filter(({ name }) => name.includes(values.shape))) {
  const sizes = values.full && shape.name === FULL_SHAPE ? [...SIZES, FULL_SIZE] : SIZES
  for (const size of sizes) await measure(shape, size)
}
