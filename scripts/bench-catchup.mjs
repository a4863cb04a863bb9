// The measurements behind scripts/bench-catchup (docs/performance.md). What is sent is built once under .bench, which git
// ignores. Run by vite-node, for the generator of legal histories is TypeScript; what is measured is the build in dist.
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import '../dist/node/base/polyfill.js'
import { chainOf } from '../dist/dag/chain.js'
import { publicKeyOf } from '../dist/dag/crypto.js'
import { idBytes } from '../dist/dag/ids.js'
import { systemClock } from '../dist/node/base/clock.js'
import { openDatabase } from '../dist/node/storage/database.js'
import { silentLogger } from '../dist/node/base/log.js'
import { post } from '../dist/node/chain/posting.js'
import { Replica } from '../dist/node/chain/replica.js'
import { blocksForPosts, forum, ForumChain } from './forum-chain.mjs'
import { curve, killAll, measured, MeasuredNode } from './measured-node.mjs'

const MIB = 1024 * 1024
const PAYLOAD_BYTES = 64 * MIB
const FRAME_BYTES = 256 * 1024
const VERIFIED = 20_000

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    posts: { type: 'string', default: '20000' },
    payload: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})

function report(what, text) {
  console.log(`${what.padEnd(44)} ${text}`)
}

const perSecond = (n, ms) => `${Math.round((n / ms) * 1000).toLocaleString('en')}/s`

/** Opens the cached forum, built anew if it is of another format, and makes sure that it has so many blocks. */
async function withForum(dir, blocks, job) {
  let chain
  try {
    chain = await ForumChain.open(dir)
  } catch {
    await rm(dir, { recursive: true, force: true })
    chain = await ForumChain.open(dir)
  }
  if (chain.replica.blocks < blocks) console.error(`building a forum of ${blocks} blocks in ${dir} …`)
  await chain.growTo(blocks)
  const result = await job(chain.replica)
  await chain.close()
  return result
}

/** Ready to be verified: the rate of this is what the machine can do at best on one thread. */
async function signedOf(replica, count) {
  const keys = new Map()
  const signed = []
  for (let index = 1; index <= count; index += 1) {
    const { id, header, signature } = await replica.block(index)
    const { author } = header
    if (!keys.has(author)) {
      const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), idBytes(author)])
      keys.set(author, createPublicKey({ key: der, format: 'der', type: 'spki' }))
    }
    signed.push({
      bytes: Buffer.concat([Buffer.from('freechains/block/1'), idBytes(id)]),
      key: keys.get(author),
      signature,
    })
  }
  return signed
}

/** Signatures a millisecond, and µs of CPU for each: the second hardly changes when others use the machine too. */
function verifyRate(signed) {
  const cpu = process.cpuUsage()
  const from = performance.now()
  for (const { bytes, key, signature } of signed)
    if (!verify(null, bytes, key, signature)) throw new Error('not signed')
  const rate = signed.length / (performance.now() - from)
  const { user, system } = process.cpuUsage(cpu)
  return { rate, cpuUs: (user + system) / signed.length }
}

function reportNodes(nodes, divide, unit) {
  for (const [n, name] of ['sender', 'receiver'].entries()) {
    const { cpuMs, memory } = nodes[n]
    report(`  ${name}`, `${((cpuMs * 1000) / divide).toFixed(0)} µs of CPU per ${unit}, memory ${curve(memory)}`)
  }
}

const profiler = (name) =>
  values.profile === undefined
    ? []
    : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`, `--cpu-prof-name=${name}.cpuprofile`]

async function catchUp(root, posts) {
  const blocks = blocksForPosts(posts)
  const dir = join('.bench', `catchup-${posts}`)
  const { founder, signed } = await withForum(dir, blocks, async (replica) => ({
    founder: replica.pioneer,
    signed: await signedOf(replica, Math.min(blocks, VERIFIED)),
  }))
  await cp(dir, join(root, 'sender'), { recursive: true })
  const chains = [{ name: '#bench', founder }]
  const sender = await MeasuredNode.start(root, 'sender', chains, profiler('sender'))
  const receiver = await MeasuredNode.start(root, 'receiver', chains, profiler('receiver'))
  const before = verifyRate(signed)
  const { ms, nodes, result } = await measured([sender, receiver], () =>
    receiver.client.call('peer.recv', { addr: sender.address, chain: '#bench' }),
  )
  const after = verifyRate(signed)
  const { blocks: here } = await receiver.client.call('chain.status', { chain: '#bench' })
  if (here !== blocks) throw new Error(`${here} blocks came: ${JSON.stringify(result)}`)
  for (const node of [receiver, sender]) await node.stop()
  const best = (before.rate + after.rate) / 2
  const cpuUs = ((before.cpuUs + after.cpuUs) / 2).toFixed(0)
  report(
    'signatures verified, node:crypto, one thread',
    `${perSecond(best, 1)} (before ${perSecond(before.rate, 1)}, after ${perSecond(after.rate, 1)}), ${cpuUs} µs of CPU each`,
  )
  report(
    `${posts} posts, ${blocks} blocks caught up`,
    `${perSecond(blocks, ms)}, ${((100 * blocks) / ms / best).toFixed(0)}% of that, in ${ms.toFixed(0)} ms`,
  )
  reportNodes(nodes, blocks, 'block')
}

/** A chain with one post of 64 MiB, in a data directory for a sender. */
async function buildPayload(dir) {
  const seed = randomBytes(32)
  const pvt = { seed, author: publicKeyOf(seed) }
  const chain = chainOf(`@!${pvt.author}`, []).value
  const disk = (await openDatabase(dir)).value
  const replica = await Replica.open(
    { chain, seed: 1 },
    { store: disk.chain(chain.id), clock: systemClock, log: silentLogger },
  )
  const made = await post(replica, { payload: randomBytes(PAYLOAD_BYTES), pvt }, systemClock)
  await replica.close()
  await disk.close()
  return { chain, id: made.value.id }
}

async function framesHere(dir, { chain, id }) {
  const disk = (await openDatabase(dir)).value
  const count = await disk.chain(chain.id).frames(id)
  await disk.close()
  return count
}

async function payload(root) {
  const made = await buildPayload(join(root, 'sender'))
  const { name } = made.chain.params
  const chains = [{ name }]
  const sender = await MeasuredNode.start(root, 'sender', chains)
  const recv = (receiver) => receiver.client.call('peer.recv', { addr: sender.address, chain: name })

  const whole = await MeasuredNode.start(root, 'whole', [])
  for (const time of ['a', 'a second', 'a third']) {
    await whole.client.call('chains.join', { name })
    const { ms, nodes } = await measured([sender, whole], () => recv(whole))
    await whole.client.call('chains.leave', { name })
    report(`${time} payload of 64 MiB`, `${((64 * 1000) / ms).toFixed(0)} MiB/s, in ${ms.toFixed(0)} ms`)
    reportNodes(nodes, PAYLOAD_BYTES / FRAME_BYTES, 'frame')
  }
  await whole.stop()

  const cut = await MeasuredNode.start(root, 'cut', chains)
  const from = await sender.writtenBytes()
  const broken = recv(cut).catch(() => undefined)
  while ((await sender.writtenBytes()) - from < PAYLOAD_BYTES / 2) await pause(2)
  await cut.stop('SIGKILL')
  await broken
  const here = await framesHere(join(root, 'cut'), made)
  const again = await MeasuredNode.start(root, 'cut', chains)
  const resumedAt = await sender.writtenBytes()
  await recv(again)
  const sent = (await sender.writtenBytes()) - resumedAt
  await again.stop()
  await sender.stop()
  const all = PAYLOAD_BYTES / FRAME_BYTES
  report(
    '  killed halfway, started again',
    `${here} of ${all} frames were here, then ${(sent / FRAME_BYTES).toFixed(1)} frames' bytes were sent`,
  )
}

const root = await mkdtemp(join(tmpdir(), 'fc-catchup-'))
try {
  if (values.payload) await payload(root)
  else await catchUp(root, Number(values.posts))
} finally {
  killAll()
  await rm(root, { recursive: true, force: true })
}
