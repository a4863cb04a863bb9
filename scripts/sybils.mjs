// One node among sybils on one address and honest peers on addresses of their own, in a closed lab: `scripts/in-namespace
// sybils.mjs`. Posts are made at honest peers all the time; each has to be at the node within a minute, at the end all have the
// same, and the node's memory does not grow. `--minutes N` (10), `--sybils N` (60), `--honest N` (20),
// `--family 6` over IPv6 (4).
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startDaemon } from './daemon.mjs'
import { LabNet } from './lab-net.mjs'

const WITHIN_MS = 60_000
const POST_EVERY_MS = 3_000
const PORT = 8331
const NODE = 10

/** The node may grow by this between the second minute and the last: caches fill, and the heap breathes. */
const GROWTH_MIB = 64

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    sybils: { type: 'string' },
    honest: { type: 'string' },
    family: { type: 'string' },
  },
})
const family = Number(values.family ?? 4)
const minutes = Number(values.minutes ?? 10)
const [sybils, honest] = [Number(values.sybils ?? 60), Number(values.honest ?? 20)]

const lab = new LabNet()
lab.addPublic('node', NODE)
lab.addPublic('eve', 66)
for (let n = 0; n < honest; n += 1) lab.addPublic(`h${n}`, 100 + n)
lab.check()

const root = await mkdtemp(join(tmpdir(), 'sybils-'))
const children = []
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))
const start = (name, control, config) =>
  startDaemon({
    root,
    name,
    prefix: LabNet.prefix(name),
    config: { listen: [LabNet.listen(family, PORT)], control: `127.0.0.1:${control}`, ...config },
    onSpawn: (child) => children.push(child),
  })

const node = await start('node', 8340, {})
const { pub, pvt } = await node.client.call('keys.pubpvt', { passphrase: 'the owner of the square' })
const chain = `@${pub}`
const joining = { chains: [{ name: chain }] }
await node.client.call('chains.join', { name: chain })
const address = `${LabNet.multiaddr(NODE, family, PORT)}/p2p/${node.addresses[0].split('/').at(-1)}`

const script = fileURLToPath(new URL('sybil-hosts.mjs', import.meta.url))
const [command, ...args] = [...LabNet.prefix('eve'), process.execPath, script, address, chain, `${sybils}`]
children.push(spawn(command, args, { stdio: 'inherit' }))
await sleep(10_000)
const peers = []
for (let n = 0; n < honest; n += 1) peers.push(await start(`h${n}`, 8350 + n, { ...joining, peers: [address] }))
console.log(`${sybils} sybils on one address, ${honest} honest peers, ${minutes} min`)

async function memoryMiB() {
  const status = await readFile(`/proc/${node.child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

async function has(id) {
  try {
    await node.client.call('chain.get', { chain, id, part: 'block' })
    return true
  } catch {
    return false
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const waits = []
const late = []
const memory = []
const begunMs = performance.now()
const elapsed = () => performance.now() - begunMs
for (let n = 0; elapsed() < minutes * 60_000; n += 1) {
  const { id } = await peers[n % peers.length].client.call('chain.post', { chain, text: `${n}`, sign: pvt })
  const postedMs = performance.now()
  while (!(await has(id)) && performance.now() - postedMs < WITHIN_MS) await sleep(100)
  const waitMs = performance.now() - postedMs
  if (waitMs < WITHIN_MS) waits.push(waitMs)
  else late.push(id)
  memory.push({ ms: elapsed(), mib: await memoryMiB() })
  await sleep(POST_EVERY_MS)
}
const inPart = (from, to) => memory.filter(({ ms }) => ms >= from && ms < to).map(({ mib }) => mib)
const whole = elapsed()
const early = median(inPart(Math.min(60_000, whole / 4), Math.min(120_000, whole / 2)))
const last = median(inPart(whole - Math.min(60_000, whole / 4), whole))
const slowest = Math.max(0, ...waits)
console.log(
  `${waits.length} posts came, median ${Math.round(median(waits) ?? 0)} ms, slowest ${Math.round(slowest)} ms; ${late.length} did not within a minute`,
)
console.log(`memory of the node: ${Math.round(early)} MiB early, ${Math.round(last)} MiB at the end`)
const connected = (await node.client.call('peer.list', {})).filter((peer) => peer.connected).length
const heads = (at) => at.client.call('chain.heads', { chain }).then((ids) => ids.join(' '))
let apart = peers
for (let n = 0; n < 60 && apart.length > 0; n += 1) {
  const ours = await heads(node)
  const theirs = await Promise.all(peers.map(heads))
  apart = peers.filter((_, at) => theirs[at] !== ours)
  if (apart.length > 0) await sleep(2_000)
}
console.log(`${connected} connections; honest peers with other heads at the end: ${apart.length}`)
await rm(root, { recursive: true, force: true })
process.exit(late.length === 0 && apart.length === 0 && last - early <= GROWTH_MIB ? 0 : 1)
