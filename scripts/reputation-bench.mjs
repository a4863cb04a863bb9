// The measurements behind scripts/bench-reputation: what a block and a question cost as a forum grows (docs/performance.md).
// Each size on disk is built under .bench, which git ignores; --full builds the longest too. Run by vite-node, for the generator of legal histories is TypeScript; what is measured is the build in dist.
import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { chainOf } from '../dist/dag/chain.js'
import { authorKey, blockId } from '../dist/dag/ids.js'
import { ChainState } from '../dist/reputation/chain-state.js'
import { legalHistory } from '../test/support/economy.ts'
import { ForumChain } from './forum-chain.mjs'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, full: { type: 'boolean', default: false } },
})
const sizes = values.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000]
const last = sizes.at(-1)
const branchBlocks = values.quick ? 1_000 : 10_000

/** Blocks that one line is measured over; the best of some rounds counts, for others use the machine too. */
const ROUND = 400
const ROUNDS = 5
const DAY = 86_400_000
const NOW = 1_790_000_000_000
const forum = chainOf('#bench', []).value

/** Open heads that the newest block is measured beside. */
const OPEN_HEADS = [10, 5_000]

function digest(text) {
  return createHash('sha256').update(text).digest()
}

const keys = Array.from({ length: 64 }, (_, n) => authorKey(digest(`author ${n}`)))

function report(what, size, text) {
  console.log(`${what.padEnd(52)} ${String(size).padStart(8)}   ${text}`)
}

/** A forum as a node has it, without its disk and signatures. `at` gives the local index of a block of the history. */
class Forum {
  reputation
  at = []
  #made = 0

  constructor(chain = forum) {
    this.reputation = new ChainState(chain, 7)
  }

  /** Judges a block and goes by it; gives its index. `backs`: local indexes. */
  add({ author, time, backs, like }) {
    const { reputation } = this
    const { graph } = reputation
    const height = 1 + backs.reduce((most, back) => Math.max(most, graph.height(back)), 0)
    this.#made += 1
    const block = { id: blockId(digest(`block ${this.#made}`)), height, time, backs, author: keys[author] }
    const candidate = like === undefined ? block : { ...block, like }
    if (!reputation.stands(backs, like).ok) throw new Error(`block ${this.#made} is not sound`)
    const index = reputation.append(candidate, reputation.kOf(candidate))
    reputation.enter(index)
    return index
  }

  play({ author, time, backs, like }) {
    const indexes = backs.length === 0 ? [0] : backs.map((back) => this.at[back])
    const vote = like === undefined ? {} : { like: { n: like.n, target: this.at[like.target] } }
    this.at.push(this.add({ author, time, backs: indexes, ...vote }))
  }
}

/** µs of CPU each, the best round. */
function best(rounds, each, job) {
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    const from = cpuMs()
    for (let n = 0; n < each; n++) job()
    least = Math.min(least, (cpuMs(from) * 1000) / each)
  }
  return `${least.toFixed(2)} µs each`
}

/** ms of CPU of this process, which another one beside it does not take. */
function cpuMs(since = 0) {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 - since
}

/** The same history, told at each size what the next block and a question cost. */
function growing() {
  const played = new Forum()
  const history = legalHistory({ posts: last + ROUND * ROUNDS, now: NOW })
  let size = 0
  let time = 0
  const next = () => {
    const { value } = history.next()
    time = value.time
    size += 1
    played.play(value)
  }
  for (const wanted of sizes) {
    while (size < wanted - ROUND * ROUNDS) next()
    report(
      'newest block judged and accepted',
      wanted,
      best(ROUNDS, Math.min(ROUND, Math.floor((wanted - size) / ROUNDS)), next),
    )
    const { reputation } = played
    let author = 0
    const ask = () => reputation.repsOf(keys[author++ % 20], time)
    report('reps of an author', wanted, best(ROUNDS, 20_000, ask))
    report(
      'reps of a post',
      wanted,
      best(ROUNDS, 20_000, () => reputation.repsOfPost((author++ % reputation.graph.size) + 0)),
    )
  }
  return played
}

/**
 * Forty rich authors; then twenty go on here and the others where nobody sees it. Each posts 25 times a day, which 30
 * reps pay for. The branch comes late, block by block.
 */
function branched(mainBlocks) {
  const on = new Forum()
  let heads = [0]
  let time = NOW - 4_000 * DAY
  const put = (author, more = {}) => (heads = [on.add({ author, time, backs: heads, ...more })])
  const welcome = (guest, by) => {
    const post = on.add({ author: guest, time, backs: heads })
    put(by, { backs: [...heads, post], like: { n: 1, target: post } })
  }
  put(0)
  for (let day = 0; day < 45; day++, time += DAY) {
    if (day === 0) for (let guest = 1; guest <= 25; guest++) welcome(guest, 0)
    else for (let author = 0; author <= (day > 3 ? 39 : 25); author++) put(author)
    if (day === 3) for (let guest = 26; guest < 40; guest++) welcome(guest, guest - 25)
  }
  const fork = { heads, time }
  const grow = (from, blocks, first) => {
    let backs = from.heads
    const accepted = []
    for (let n = 0; n < blocks; n++) {
      const at = from.time + Math.floor(n / 500) * DAY + (n % 500) * 1000
      const author = first + (n % 20)
      const begun = performance.now()
      backs = [on.add({ author, time: at, backs })]
      accepted.push((performance.now() - begun) * 1000)
      if (!on.reputation.graph.isAccepted(backs[0])) throw new Error(`block ${n} by ${author} is not accepted`)
    }
    return accepted
  }
  grow(fork, mainBlocks, 0)
  return grow(fork, branchBlocks, 20)
}

function lateBranch() {
  for (const mainBlocks of sizes.filter((size) => size >= 10_000)) {
    const times = branched(mainBlocks)
    const total = times.reduce((sum, us) => sum + us, 0)
    const half = times.length / 2
    const mean = (part) => (part.reduce((sum, us) => sum + us, 0) / part.length).toFixed(1)
    report(
      `late branch of ${branchBlocks} blocks beside so many`,
      mainBlocks,
      `${(total / 1000).toFixed(0)} ms in all; ${mean(times.slice(0, half))} µs each in the first half, ${mean(times.slice(half))} in the second`,
    )
  }
}

/**
 * A forum, then rivals near its beginning that nothing stands on: votes of four authors. They are concurrent with all that
 * follows. Pasts with and without them alternate; what they turn is turned each time that a view goes from one to the other. All
 * sets of five of them are more pasts than views are kept: whoever asks by turns has a view moved each time. CPU.
 */
function earlyRivals() {
  for (const size of sizes) {
    const played = new Forum()
    for (const spec of legalHistory({ posts: size, now: NOW })) played.play(spec)
    const { reputation } = played
    const heads = [...reputation.graph.heads()]
    const low = played.at[Math.min(200, size >> 1)]
    const post = played.at.find((at) => reputation.isPost(at) && at <= low)
    const time = reputation.graph.time(low)
    const begun = cpuMs()
    const rivals = [1, 2, 3, 4].map((author) =>
      played.add({ author, time: time + author, backs: [low], like: { n: -1, target: post } }),
    )
    const ms = cpuMs(begun)
    const each = ((ms * 1000) / rivals.length / size).toFixed(2)
    report('four early rival votes come in', size, `${ms.toFixed(1)} ms in all, ${each} µs for each block beside each`)
    const latest = Math.max(...heads.map((head) => reputation.graph.time(head)))
    const pasts = [heads, ...rivals.map((rival) => [...heads, rival]), ...rivals.map((rival) => [rival])]
    const fifth = played.add({ author: 5, time: time + 5, backs: [low], like: { n: -1, target: post } })
    const subsets = Array.from({ length: 32 }, (_, set) => [
      ...heads,
      ...[...rivals, fifth].filter((_, n) => (set >> n) & 1),
    ])
    let turn = 0
    const ask = (count, pasts) => () => {
      const backs = pasts[turn++ % count]
      const least = Math.max(...backs.map((back) => reputation.graph.time(back)))
      reputation.kOf({ author: keys[turn % 20], backs, time: Math.max(least, backs.length > 1 ? latest : least) })
    }
    report('k, pasts with and without one of them by turns', size, best(ROUNDS, 100, ask(2, pasts)))
    report('k, nine pasts by turns, some of them early', size, best(ROUNDS, 45, ask(9, pasts)))
    ask(32, subsets)()
    reputation.takeWork()
    const moved = best(1, 64, ask(32, subsets))
    const steps = Math.round(reputation.takeWork() / 64)
    report('k, 32 pasts by turns, more than are kept', size, `${moved}, ${steps} steps`)
  }
}

/** The owner of an identity chain leaves heads open; then the owner writes on one of them, and a guest with reps on sixteen. */
function openHeads() {
  for (const count of OPEN_HEADS) {
    const owned = new Forum(chainOf(`@${keys[0]}`, []).value)
    let time = NOW
    const put = (author, backs, more = {}) => owned.add({ author, time: (time += 1000), backs, ...more })
    const first = put(0, [0])
    const guest = put(1, [first])
    let tip = put(0, [first, guest], { like: { n: 1, target: guest } })
    for (let n = 0; n < 29; n++) tip = put(0, [tip], { like: { n: 1, target: guest } })
    const open = Array.from({ length: count }, () => put(0, [tip]))
    let line = open[0]
    const owner = best(ROUNDS, ROUND, () => (line = put(0, [line])))
    report('newest block on one of so many open heads', count, owner)
    let joined = put(1, open.slice(-16))
    report(
      'the same by a guest, above sixteen of them',
      count,
      best(ROUNDS, 4, () => (joined = put(1, [joined]))),
    )
  }
}

/** Blocks measured one by one on disk. */
const SINGLES = 200

/** The same on a disk, signatures and all. The longest chain takes minutes to build: it is kept for the next time. */
async function onDisk(size) {
  const dir = `.bench/forum-${size}`
  const chain = await ForumChain.open(dir)
  let told = 0
  await chain.growTo(size, (blocks) => {
    if (blocks - told < 50_000) return
    told = blocks
    console.error(`building ${dir}: ${blocks} of ${size} blocks`)
  })
  await chain.close()
  const again = await ForumChain.open(dir)
  report('forum opened', size, `${again.openedMs.toFixed(0)} ms`)
  const times = []
  for (let n = 0; n < SINGLES; n++) {
    const made = again.make()
    const from = performance.now()
    await again.replica.ingest([made], 'pull')
    times.push(performance.now() - from)
  }
  times.sort((a, b) => a - b)
  report('block taken in alone, signature and disk', size, `p50 ${(times[SINGLES / 2] * 1000).toFixed(0)} µs`)
  report('memory of the process', size, `${Math.round(process.memoryUsage().rss / 1e6)} MB`)
  await again.close()
}

console.log(`node ${process.version}, ${new Date().toISOString().slice(0, 10)}`)
// Once for nothing, so that the first line does not pay for compiling the code.
const warm = new Forum()
for (const spec of legalHistory({ posts: 5_000, now: NOW })) warm.play(spec)
growing()
lateBranch()
earlyRivals()
openHeads()
for (const size of values.full ? [...sizes] : sizes.filter((each) => each <= 100_000)) await onDisk(size)
