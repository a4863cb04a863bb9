// The demonstration behind scripts/demo: three real daemons, each with its own data directory and config file, connected
// in a line. `--posts N` ends it after N posts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startDaemon } from './daemon.mjs'

const NAMES = ['node-1', 'node-2', 'node-3']
const PAUSE_MS = 1500
/** A forum's pioneer has 30 reps, and each post takes one for 24 hours: after these the other chains go on without it. */
const FORUM_POSTS = 30

const { values } = parseArgs({ options: { posts: { type: 'string', default: 'Infinity' } } })
const posts = Number(values.posts)

const root = await mkdtemp(join(tmpdir(), 'freechains-demo-'))
/** @type {import('node:child_process').ChildProcess[]} */
const children = []

async function cleanUp() {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))))
  await rm(root, { recursive: true, force: true })
}

process.once('SIGINT', () => {
  console.log('\nstopping the three nodes')
  void cleanUp().then(() => process.exit(0))
})

const startNode = (name, peers) =>
  startDaemon({ root, name, config: { peers }, onSpawn: (child) => children.push(child) })

const started = performance.now()
const seconds = () => ((performance.now() - started) / 1000).toFixed(3).padStart(8)
const nodes = []
for (const name of NAMES) {
  const previous = nodes.at(-1)
  nodes.push(await startNode(name, previous?.addresses ?? []))
  console.log(`${seconds()} s  ${name} runs${previous === undefined ? '' : `, and knows only ${previous.name}`}`)
}

const [first] = nodes
const alice = await first.client.call('keys.pubpvt', { passphrase: 'demo: alice' })
const { key } = await first.client.call('keys.shared', { passphrase: 'demo: friends' })
const chains = [
  { name: '#demo', founder: alice.pub, says: 'to everybody' },
  { name: '$friends', keys: [key], says: 'to friends only' },
  { name: `@${alice.pub}`, says: 'to my followers' },
]
for (const { client } of nodes) for (const { says: _, ...chain } of chains) await client.call('chains.join', chain)
console.log(
  `${seconds()} s  all three follow the forum ${chains[0].name}, the group ${chains[1].name} and the identity @${alice.pub.slice(0, 8)}…`,
)

/** When each post was made, by id. */
const madeAt = new Map()
const arrivals = new Map()

async function watch({ name, client }) {
  for await (const { chain, id } of client.subscribe('chains.listen', {})) {
    const payload = await client.call('chain.get', { chain, id, part: 'payload' })
    const text = Buffer.from(String(payload), 'base64').toString()
    const made = madeAt.get(text)
    const after = made === undefined ? '' : `  +${(performance.now() - made).toFixed(0)} ms`
    const short = chain.length > 12 ? `${chain.slice(0, 9)}…` : chain
    console.log(`${seconds()} s  ${name}  ${short.padEnd(10)}  ${id.slice(0, 12)}…  “${text}”${after}`)
    arrivals.set(text, (arrivals.get(text) ?? 0) + 1)
  }
}
for (const node of nodes) void watch(node).catch(() => undefined)

/** Posts before the nodes know of each other would arrive all the same, only later. */
for (const { client } of nodes) {
  for (const { name } of chains) {
    while ((await client.call('chain.status', { chain: name })).state !== 'synced') await pause(50)
  }
}

const [forum, ...unlimited] = chains
let forumPosts = 0
for (let n = 1; n <= posts; n++) {
  const round = forumPosts < FORUM_POSTS ? chains : unlimited
  const chain = round[(n - 1) % round.length]
  if (chain === forum) forumPosts += 1
  const text = `post ${n} ${chain.says}`
  madeAt.set(text, performance.now())
  await first.client.call('chain.post', { chain: chain.name, text, sign: alice.pvt })
  await pause(PAUSE_MS)
}

const complete = [...arrivals.values()].filter((count) => count === nodes.length).length
console.log(`${complete} of ${posts} posts reached all ${nodes.length} nodes`)
for (const { client } of nodes) client.close()
await cleanUp()
process.exit(complete === posts ? 0 : 1)
