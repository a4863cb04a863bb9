// The measurements behind scripts/bench. Each line: what, how much of it, how fast. Run it on an idle machine.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import '../dist/node/base/polyfill.js'
import { decodeBlock } from '../dist/dag/block.js'
import { decodeHeader, encodeHeader } from '../dist/dag/codec.js'
import { verifyZip215 } from '../dist/dag/crypto.js'
import { NATIVE_VERIFIERS, verifyNative } from '../dist/dag/native-ed25519.js'
import { isAncestor, missingFrom } from '../dist/dag/walk.js'
import { systemClock } from '../dist/node/base/clock.js'
import { openDatabase } from '../dist/node/storage/database.js'
import { silentLogger } from '../dist/node/base/log.js'
import { post } from '../dist/node/chain/posting.js'
import { Replica } from '../dist/node/chain/replica.js'
import { benchControl } from './bench-control.mjs'
import { chain, fill, line, pvt } from './line-chain.mjs'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const sizes = values.quick ? [1_000, 5_000] : [1_000, 10_000, 100_000]
const pulled = values.quick ? 2_000 : 20_000

/** The verifier that is asked first here. */
const NATIVE = NATIVE_VERIFIERS[0].name

const root = await mkdtemp(join(tmpdir(), 'freechains-bench-'))
function report(what, size, text) {
  console.log(`${what.padEnd(44)} ${String(size).padStart(8)}   ${text}`)
}

const perSecond = (n, ms) => `${Math.round((n / ms) * 1000).toLocaleString('en')}/s`

/** Runs `job` n times, after a tenth as many to let it be compiled, and gives how many a second. */
function rate(n, job) {
  for (let at = 0; at < n / 10; at++) job(at)
  const from = performance.now()
  for (let at = 0; at < n; at++) job(at)
  return perSecond(n, performance.now() - from)
}

function percentiles(times) {
  times.sort((a, b) => a - b)
  const at = (share) => times[Math.floor(times.length * share)].toFixed(2)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

async function openChain(disk) {
  return Replica.open({ chain, seed: 1 }, { store: disk.chain(chain.id), clock: systemClock, log: silentLogger })
}

function benchCodec() {
  const [{ block }] = [...line(1)]
  const { headerBytes, header, signature, id } = block
  report(
    'header decoded (dag-cbor, canonical check)',
    1,
    rate(50_000, () => decodeHeader(headerBytes)),
  )
  report(
    'header encoded',
    1,
    rate(50_000, () => encodeHeader(header)),
  )
  const native = rate(5_000, () => verifyNative(pvt.author, id, signature))
  report(`signature verified, ${NATIVE}`, 1, native)
  report(
    'signature verified, noble ZIP-215',
    1,
    rate(300, () => verifyZip215(pvt.author, id, signature)),
  )
}

/** What a pull costs after the network: decode, hash, verify, store. Beside it what the signatures alone cost. */
async function benchIngest() {
  const made = [...line(pulled)]
  const verifyFrom = performance.now()
  for (const { block } of made) verifyNative(pvt.author, block.id, block.signature)
  const verifyMs = performance.now() - verifyFrom
  report(`their signatures alone, ${NATIVE}`, pulled, perSecond(pulled, verifyMs))
  for (const batch of [64, 256]) {
    const disk = (await openDatabase(join(root, `ingest-${batch}`))).value
    const replica = await openChain(disk)
    const cpu = process.cpuUsage()
    const from = performance.now()
    for (let at = 0; at < pulled; at += batch) {
      const incoming = made.slice(at, at + batch).map(({ block: { headerBytes, signature }, payload }) => ({
        block: decodeBlock(headerBytes, signature).value,
        payload,
      }))
      await replica.ingest(incoming, 'pull')
    }
    const ms = performance.now() - from
    const { user, system } = process.cpuUsage(cpu)
    const cpuEach = `${((user + system) / pulled).toFixed(0)} µs of CPU each`
    const share = `${((verifyMs / ms) * 100).toFixed(0)}% of the time is signatures`
    report(`blocks taken in, in batches of ${batch}`, pulled, `${perSecond(pulled, ms)}, ${cpuEach}, ${share}`)
    await replica.close()
    await disk.close()
  }
}

async function benchSizes() {
  for (const size of sizes) {
    const dir = join(root, `size-${size}`)
    const building = (await openDatabase(dir)).value
    await fill(building.chain(chain.id), line(size))
    await building.close()

    const from = performance.now()
    const disk = (await openDatabase(dir)).value
    const opened = performance.now()
    const replica = await openChain(disk)
    report(
      'chain opened (after LevelDB itself)',
      size,
      `${(performance.now() - opened).toFixed(0)} ms (${(opened - from).toFixed(0)} ms)`,
    )

    const { graph } = replica
    const top = graph.size - 1
    report(
      'isAncestor, the first of the last',
      size,
      rate(20_000, () => isAncestor(graph, 1, top)),
    )
    report(
      'missingFrom, one block behind',
      size,
      rate(20_000, () => missingFrom(graph, [top - 1])),
    )
    const times = []
    for (let n = 0; n < 300; n++) {
      const at = performance.now()
      await post(replica, { payload: randomBytes(50), pvt }, systemClock)
      times.push(performance.now() - at)
    }
    report('post made, on disk when it resolves', size, percentiles(times))
    await replica.close()
    await disk.close()
  }
}

try {
  benchCodec()
  await benchIngest()
  await benchSizes()
  await benchControl(root, { report, percentiles, perSecond, quick: values.quick })
} finally {
  await rm(root, { recursive: true, force: true })
}
