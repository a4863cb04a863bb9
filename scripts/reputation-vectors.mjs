#!/usr/bin/env node
/**
 * Writes test/vectors/reputation.json: `node scripts/reputation-vectors.mjs`. It shares no code with `src`: bytes and CIDs
 * come from @ipld/dag-cbor and multiformats, keys and signatures from libsodium, and what is expected from the literal
 * definitions in test/support/reputation-twin.ts. The file, once there, is not written again: nodes have agreed on it.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as dagCbor from '@ipld/dag-cbor'
import sodium from 'libsodium-wrappers-sumo'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import ts from 'typescript'
import { FORUMS } from './reputation-forums.mjs'

await sodium.ready

const file = fileURLToPath(new URL('../test/vectors/reputation.json', import.meta.url))
if (existsSync(file)) {
  console.error(`${file} is there already: what nodes have agreed on is never written again`)
  process.exit(1)
}

/** The twin imports nothing, so that taking its types away makes it a module. */
async function loadTwin() {
  const source = readFileSync(new URL('../test/support/reputation-twin.ts', import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target: 'es2022', module: 'esnext' } })
  return import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)
}
const { headsOf, inOrder, ReputationTwin } = await loadTwin()

const ascii = (text) => new TextEncoder().encode(text)
const hex = (bytes) => Buffer.from(bytes).toString('hex').toUpperCase()
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const sha256 = (...parts) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())
const link = (codec, digest) => CID.createV1(codec, Digest.create(0x12, digest))
const blockLink = (id) => link(0x71, unhex(id))

const MINUTE = 60_000
const DAY = 86_400_000
const FIRST_DAY = 1_699_920_000_000

const authors = {}
/** The author with this letter; the seed is made of the letter. */
function author(letter) {
  authors[letter] ??= { letter, seed: sha256(ascii(`reputation vectors: ${letter}`)) }
  const { seed } = authors[letter]
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  return { seed, publicKey, privateKey, pub: hex(publicKey) }
}

const LINE =
  /^\s*(!)?\s*(.+?)\s+< (([a-z]+)\d+)\s+@(\d+) (\d\d):(\d\d)(?::(\d\d)\.(\d{3}))?(?:\s+(likes|dislikes) (\S+))?$/

/** What the chain is joined with, its id, and who is more than others there. */
function chainOf({ name, pioneers = '', owner, blocks }) {
  const shown = name ?? `@${author(owner).pub}`
  const keys = [...pioneers].map((letter) => author(letter).pub).sort()
  const id = hex(sha256(dagCbor.encode({ freechains: 1, name: shown, pioneers: keys.map(unhex) })))
  const rest = { name: shown, pioneers: keys, id }
  if (owner !== undefined) return { ...rest, owner: author(owner).pub }
  return keys.length > 0 ? rest : { ...rest, pioneer: author(lettersIn(blocks)[0]).pub }
}

/** Of the authors, as they first occur. */
function lettersIn(blocks) {
  return [...new Set([...blocks.matchAll(/< ([a-z]+)\d/g)].map(([, letters]) => letters))].filter(
    (letters) => letters !== 'anon',
  )
}

/** One line as a block of the twin and as what goes over the wire. */
function read(line, chain, known) {
  const [, unsound, left, name, letters, day, hours, minutes, seconds = '0', ms = '0', verb, target] = LINE.exec(line)
  const backs = left === 'genesis' ? [] : left.split(' ').map((back) => known.get(back))
  const by = letters === 'anon' ? undefined : author(letters)
  const minutesOfDay = Number(hours) * 60 + Number(minutes)
  const time = FIRST_DAY + Number(day) * DAY + minutesOfDay * MINUTE + Number(seconds) * 1000 + Number(ms)
  const like = target === undefined ? undefined : { n: verb === 'likes' ? 1 : -1, target: known.get(target) }
  const payload = ascii(name)
  const height = 1 + Math.max(0, ...backs.map(({ twin }) => twin.height))
  const header = dagCbor.encode({
    v: 1,
    height,
    time,
    backs: (backs.length === 0 ? [chain.id] : backs.map(({ twin }) => twin.id)).sort().map(blockLink),
    ...(by === undefined ? {} : { author: by.publicKey }),
    pay: { cid: link(0x55, sha256(payload)), size: payload.length, seal: 'none' },
    ...(like === undefined ? {} : { like: { n: like.n, target: blockLink(like.target.twin.id) } }),
  })
  const digest = sha256(header)
  const twin = {
    id: hex(digest),
    height,
    time,
    backs: backs.length === 0 ? 'genesis' : backs.map((back) => back.twin),
    ...(by === undefined ? {} : { author: by.pub }),
    ...(like === undefined ? {} : { like: { n: like.n, target: like.target.twin } }),
  }
  const signature =
    by && sodium.crypto_sign_detached(Buffer.concat([ascii('freechains/block/1'), digest]), by.privateKey)
  const shown = {
    name,
    id: `${twin.height}_${twin.id}`,
    time: twin.time,
    backs: left.split(' '),
    ...(by === undefined ? {} : { author: letters }),
    ...(like === undefined ? {} : { like: { n: like.n, target } }),
    payload: name,
    header: hex(header),
    ...(by === undefined ? {} : { signature: hex(signature) }),
  }
  return { name, twin, shown, isSound: unsound === undefined }
}

/** What a peer that has just these blocks must say. */
function expectedAfter(rules, known, letters, time) {
  const nameOf = new Map([...known.values()].map(({ name, twin }) => [twin, name]))
  const all = new Set(nameOf.keys())
  const [paid, accepted] = [rules.paid(all), rules.accepted(all)]
  const names = (blocks) => inOrder(blocks).map((u) => nameOf.get(u))
  const targets = new Set([...all].flatMap((u) => (u.like === undefined ? [] : [u.like.target])))
  const ledger = rules.ledger(accepted)
  const shown = (reps) => (reps === Infinity ? 'unlimited' : reps)
  const repsAt = (t) => letters.map((letter) => [letter, shown(ledger.reps(author(letter).pub, t))])
  // Not before the latest head: the time that the next post would have.
  const first = Math.max(time, ...[...accepted].map((u) => u.time))
  const times = [0, DAY - 1, DAY, 90 * DAY - 1, 90 * DAY, 90 * DAY + 1].map((later) => first + later)
  return {
    heads: names(headsOf(accepted)),
    paid: names(paid),
    accepted: names([...accepted].filter((u) => !paid.has(u))),
    held: names([...all].filter((u) => !accepted.has(u))),
    counts: names([...accepted].filter((u) => ledger.counts(u))),
    minting: names([...accepted].filter((u) => ledger.isMinting(u))),
    hidden: names([...targets].filter((u) => rules.hidden(u, all))),
    takenBack: names([...targets].filter((u) => rules.isTakenBack(u, all))),
    posts: Object.fromEntries(inOrder(targets).map((u) => [nameOf.get(u), rules.repsOfPost(u, all)])),
    reps: Object.fromEntries(times.map((t) => [t, Object.fromEntries(repsAt(t))])),
  }
}

function play(forum) {
  const chain = chainOf(forum)
  const lines = forum.blocks.trim().split('\n')
  const letters = lettersIn(forum.blocks).sort()
  const rules = new ReputationTwin({ kind: forum.owner === undefined ? 'forum' : 'identity', ...chain })
  const known = new Map()
  const blocks = lines.map((line) => {
    const block = read(line, chain, known)
    const { name, twin, shown, isSound } = block
    if (rules.isSound(twin) !== isSound) throw new TypeError(`${line}: it is${isSound ? ' not' : ''} sound`)
    if (!isSound) return { ...shown, sound: false }
    known.set(name, block)
    const k = rules.k(twin)
    const after = expectedAfter(rules, known, letters, twin.time)
    return { ...shown, sound: true, k: k === Infinity ? 'unlimited' : k, after }
  })
  return { title: forum.title, chain, blocks }
}

const NOTE = [
  'ChainState and acceptance (docs/spec.md §4, §5) on real blocks: another implementation can be held to this file.',
  'authors: a letter, the Ed25519 seed and the public key. chain: name and pioneers that it is joined with, and its id (digest of the genesis);',
  'pioneer: author of the first post, in a forum joined without pioneers; owner: of an identity chain.',
  'blocks, in the order of arrival: header is the canonical dag-cbor in hex, id its height and sha2-256, signature the 64 bytes beside it.',
  'name, time, backs, author, like and payload (its text) say again, in names of blocks and letters of authors, what the header says.',
  'sound: false is a block that a peer refuses for what it and its past say (§2, §3, §5): nothing follows from it.',
  'k: k(u) of the block (0 if unsigned). after: what a peer says that has all sound blocks up to this one, none set aside, delayed or dropped.',
  'heads, paid, accepted (not paid, and in the past of a paid one), held (sound, and neither), hidden and, of these, takenBack (3.b): names, each list in order (§1).',
  'counts, minting: of what is accepted, the votes that count, and the posts that are minting (§4).',
  'posts: reps of the posts that any like or dislike speaks of. reps: by time (ms since the epoch) and author, reps(author, accepted, time).',
  'Asked at the time of the block or of the latest head, whichever is later, and 24 h (less 1 ms) and 90 days (give or take 1 ms) after that.',
  'Whatever the order of arrival, pasts first, the answers after the last block are the same.',
]

const LINE_CHARS = 140

/** JSON, of which everything that fits on one line is on one line. */
function layOut(value, indent = '') {
  const flat = JSON.stringify(value)
  if (typeof value !== 'object' || flat.length <= LINE_CHARS) return flat
  const inner = `${indent}  `
  const isList = Array.isArray(value)
  const parts = Object.entries(value).map(([key, part]) => {
    return `${inner}${isList ? '' : `${JSON.stringify(key)}: `}${layOut(part, inner)}`
  })
  const [open, close] = isList ? '[]' : '{}'
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`
}

const forums = FORUMS.map(play)
const shownAuthors = Object.values(authors)
  .map(({ letter, seed }) => [letter, { seed: hex(seed), pub: author(letter).pub }])
  .sort(([a], [b]) => (a < b ? -1 : 1))
const content = { note: NOTE, authors: Object.fromEntries(shownAuthors), forums }
writeFileSync(file, `${layOut(content)}\n`)
console.log(`${file}: ${forums.flatMap(({ blocks }) => blocks).length} blocks`)
