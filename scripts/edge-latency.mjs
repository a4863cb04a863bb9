// What scripts/edge-latency does: three daemons, `left` and `right` connected to `node` alone, which is attacked. Posts are made at
// `left` at a fixed pace, whatever became of those before, so that a node that freezes delays all that fall into it; each is timed
// from the call to its event at `right`. Before each attack the same is done in peace, since other work on the machine comes and goes.
//
// Attackers are niced and live in processes of their own: on two cores they would otherwise take the time of the honest daemons,
// which an attacker from afar cannot. What is left to them is all that is idle.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { killAll, measured, MeasuredNode } from './measured-node.mjs'

const SCRIPTS = fileURLToPath(new URL('.', import.meta.url))
const VITE_NODE = join(SCRIPTS, '../node_modules/vite-node/vite-node.mjs')
const SYBILS = 12
/** Name, and the script with what comes before and behind the node's address. */
const ATTACKS = [
  ...['identify', 'kad messages', 'provider records', 'unjoined topics', 'pending connections'].map(strangers),
  ...['yamux pings', 'yamux pings, answers unread', 'unknown protocols'].map(strangers),
  { name: `${SYBILS} sybils subscribe and stall`, script: 'sybil-hosts.mjs', args: (at, chain) => [at, chain, SYBILS] },
]

const POST_EVERY_MS = 50
/** A post that has not come by then is lost. */
const WITHIN_MS = 20_000
/** An attack is under way before it is measured. */
const WARM_UP_MS = 3_000

/** Times the latency in peace; below the floors, which are the scheduler's noise on a busy machine, it does not count. */
const RATIO = 2
const FLOOR_MS = { p50: 15, p99: 250 }
/** Of one attack's peace and measurement; it does not hold if it does not in any. A flaw shows each time, noise does not. */
const TRIES = 3
/** CPU time of the node beyond that in peace, as a share of one core. */
const MORE_CORES = 0.8
/** Beyond the peak in peace: rates remembered, records and buffers within their bounds. */
const GROWTH_MIB = 96

const { values } = parseArgs({
  options: { attack: { type: 'string', default: '' }, posts: { type: 'string', default: '120' } },
})
const posts = Number(values.posts)

function strangers(name) {
  return { name, script: 'edge-attacks.mjs', args: (at) => [name, at] }
}

/** Starts the attack, and gives what ends it and says how much there was of it. */
async function begin({ script, args }, address, chain) {
  const all = [VITE_NODE, join(SCRIPTS, script), '--', ...args(address, chain).map(String)]
  const child = spawn('nice', ['-n', '19', process.execPath, ...all], { stdio: ['ignore', 'pipe', 'inherit'] })
  attackers.push(child)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let said = ''
  createInterface({ input: child.stdout }).on('line', (line) => (said = line))
  return async () => {
    const isGone = child.exitCode !== null || child.signalCode !== null
    child.kill('SIGTERM')
    await exited
    if (isGone) throw new Error(`the attack ended by itself: ${said}`)
    return /^count (\d+)$/.exec(said)?.[1] ?? ''
  }
}

/** Latencies of posts from `left` to `right`, ascending; those that did not come count as `WITHIN_MS`. */
async function latencies({ left, right, chain, pvt }) {
  const { events } = await right.client.open('chain.listen', { chain })
  const cameMs = new Map()
  const listening = (async () => {
    for await (const { id } of events) cameMs.set(id, performance.now())
  })()
  listening.catch(() => undefined)
  const post = async (n) => {
    const fromMs = performance.now()
    const { id } = await left.client.call('chain.post', { chain, text: `${n}`, sign: pvt })
    while (!cameMs.has(id) && performance.now() - fromMs < WITHIN_MS) await sleep(20)
    return Math.min(WITHIN_MS, (cameMs.get(id) ?? Number.POSITIVE_INFINITY) - fromMs)
  }
  const all = []
  for (let n = 0; n < posts; n += 1) {
    all.push(post(n))
    await sleep(POST_EVERY_MS)
  }
  return (await Promise.all(all)).sort((a, b) => a - b)
}

const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
const most = (memory) => Math.max(...memory.map(({ anonymous }) => anonymous))

async function look(forum) {
  const { result, ms, nodes } = await measured([forum.node], () => latencies(forum))
  const [{ cpuMs, memory }] = nodes
  const [p50, p99] = [share(result, 0.5), share(result, 0.99)]
  const lost = result.filter((one) => one >= WITHIN_MS).length
  return { p50, p99, lost, cores: cpuMs / ms, mib: most(memory) }
}

function faultsOf(peace, attack) {
  const slow = ['p50', 'p99'].filter((part) => attack[part] > Math.max(RATIO * peace[part], FLOOR_MS[part]))
  return [
    ...slow.map((part) => `${part} is more than ${RATIO} times that in peace`),
    ...(attack.cores > peace.cores + MORE_CORES ? [`it takes more than ${MORE_CORES} of a core`] : []),
    ...(attack.lost > 0 ? [`${attack.lost} posts did not come`] : []),
    ...(attack.mib > peace.mib + GROWTH_MIB ? [`memory grew by more than ${GROWTH_MIB} MiB`] : []),
  ]
}

function told({ p50, p99, cores, mib }) {
  return [p50.toFixed(1), p99.toFixed(1), cores.toFixed(2), mib.toFixed(0)].map((text) => text.padStart(8)).join('')
}

/** What does not hold. */
async function tryOnce(forum, attack) {
  const peace = await look(forum)
  console.log(`${'in peace'.padEnd(34)}${told(peace)}`)
  const end = await begin(attack, forum.node.address, forum.chain)
  await sleep(WARM_UP_MS)
  const under = await look(forum)
  const count = await end()
  console.log(`${attack.name.padEnd(34)}${told(under)}  ${(under.p50 / peace.p50).toFixed(2)} times; ${count}`)
  const faults = faultsOf(peace, under)
  for (const fault of faults) console.log(`  ${fault}`)
  return faults
}

const attackers = []
process.on('exit', () => attackers.forEach((child) => child.kill('SIGKILL')))
const root = await mkdtemp(join(tmpdir(), 'edge-'))
let failed = 0
try {
  const node = await MeasuredNode.start(root, 'node', [], [], {
    discovery: { dht: true, mdns: false, remembered: false },
  })
  const { pub, pvt } = await node.client.call('keys.pubpvt', { passphrase: 'the owner of the square' })
  const chain = `@${pub}`
  await node.client.call('chains.join', { name: chain })
  const honest = { peers: [node.address] }
  const left = await MeasuredNode.start(root, 'left', [{ name: chain }], [], honest)
  const right = await MeasuredNode.start(root, 'right', [{ name: chain }], [], honest)
  const forum = { node, left, right, chain, pvt }
  // Meshes form, and code is compiled.
  await latencies(forum)
  console.log(
    `${posts} posts each, one in ${POST_EVERY_MS} ms; latency in ms, CPU of the node in cores, its most memory in MiB`,
  )
  console.log(`${''.padEnd(34)}${['p50', 'p99', 'cores', 'MiB'].map((text) => text.padStart(8)).join('')}`)
  for (const attack of ATTACKS.filter(({ name }) => name.includes(values.attack))) {
    let faults = await tryOnce(forum, attack)
    for (let tries = 1; tries < TRIES && faults.length > 0; tries += 1) faults = await tryOnce(forum, attack)
    if (faults.length > 0) failed += 1
  }
  for (const one of [left, right, node]) await one.stop()
} finally {
  killAll()
  await rm(root, { recursive: true, force: true })
}
console.log(failed === 0 ? 'all held' : `${failed} did not hold`)
process.exit(failed === 0 ? 0 : 1)
