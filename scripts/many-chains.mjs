// The measurements behind scripts/bench-chains: two daemons that have joined the same chains meet. How long they start, until
// all chains have compared, how long a post in the last one takes, and how long a signal takes to stop them; with CPU and
// memory. Exits with 1 if a chain is not in sync, or a stop takes longer than the time that is allowed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { killAll, MeasuredNode } from './measured-node.mjs'

const { values } = parseArgs({
  options: { chains: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '10' } },
})
const count = Number(values.chains)
const deadlineMs = Number(values.minutes) * 60_000
/** A supervisor kills after some seconds; a node with 1,000 chains stops well before. */
const STOP_MS = 3 * Math.max(1_000, count)

const root = await mkdtemp(join(tmpdir(), 'freechains-chains-'))
const ignored = () => undefined
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

async function timed(job) {
  const from = performance.now()
  const result = await job()
  return [result, performance.now() - from]
}

async function state(what, nodes) {
  for (const { name, node } of nodes) {
    const { anonymous } = await node.memoryMiB()
    console.log(`${what}, ${name}: ${anonymous.toFixed(0)} MiB, ${seconds(await node.cpuMs())} of CPU so far`)
  }
}

/** How many chains are asked about at once: all of them every second would be most of what the node has to do. */
const ASKED_AT_ONCE = 50

/** Waits for one batch after the other: a chain that was in sync once stays so here, where nobody posts. */
async function untilSynced(node, names) {
  let left = names
  const from = performance.now()
  while (left.length > 0 && performance.now() - from < deadlineMs) {
    const asked = left.slice(0, ASKED_AT_ONCE)
    const states = await Promise.all(asked.map((chain) => node.client.call('chain.status', { chain })))
    const behind = asked.filter((_, n) => states[n].state !== 'synced')
    left = [...behind, ...left.slice(asked.length)]
    if (behind.length > 0) await sleep(500)
  }
  return left
}

let isRight = true
try {
  const a = await MeasuredNode.start(root, 'keys', [])
  const { pub: founder, pvt: sign } = await a.client.call('keys.pubpvt', { passphrase: 'many chains' })
  await a.stop()
  const names = Array.from({ length: count }, (_, n) => `#c${n + 1}`)
  const chains = names.map((name) => ({ name, founder }))
  const nodes = []
  for (const name of ['a', 'b']) {
    const [node, ms] = await timed(() => MeasuredNode.start(root, name, chains))
    nodes.push({ name, node })
    console.log(`${count} chains, ${name} starts: ${seconds(ms)}`)
  }
  await state('alone', nodes)
  const [first, second] = nodes.map(({ node }) => node)
  const [left, ms] = await timed(async () => {
    await second.client.call('peer.add', { addr: first.address })
    return untilSynced(second, names)
  })
  console.log(`until all are in sync: ${seconds(ms)}, ${left.length} are not`)
  isRight &&= left.length === 0
  await state('in sync', nodes)
  const last = names.at(-1)
  const { id } = await first.client.call('chain.post', { chain: last, text: 'hello', sign })
  const [, arrivedMs] = await timed(async () => {
    while (!(await second.client.call('chain.heads', { chain: last })).includes(id)) await sleep(5)
  })
  console.log(`a post in ${last} arrives after ${arrivedMs.toFixed(0)} ms`)
  const before = await Promise.all([first.cpuMs(), second.cpuMs()])
  await sleep(60_000)
  const after = await Promise.all([first.cpuMs(), second.cpuMs()])
  for (const [n, { name }] of nodes.entries())
    console.log(`a quiet minute, ${name}: ${seconds(after[n] - before[n])} of CPU`)
  await state('after it', nodes)
  for (const { name, node } of nodes) {
    const before = await node.cpuMs()
    let cpuMs = before
    // The last sample is what it used: afterwards nobody knows.
    const sampling = setInterval(() => void node.cpuMs().then((ms) => (cpuMs = Math.max(cpuMs, ms)), ignored), 20)
    const [, stopMs] = await timed(() => node.stop())
    clearInterval(sampling)
    console.log(`SIGTERM, ${name} is gone after ${seconds(stopMs)}, ${seconds(cpuMs - before)} of CPU`)
    isRight &&= stopMs < STOP_MS
  }
} finally {
  killAll()
  await rm(root, { recursive: true, force: true })
}
process.exitCode = isRight ? 0 : 1
