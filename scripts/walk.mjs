// The walks in README.md: types their commands on real daemons, on free ports of loopback, and writes what it saw between
// the markers there. `--check` writes nothing, and ends with 1 if README.md tells something else. What no two runs have in
// common (random keys; ids of blocks, which hold the time; times; counts that race with gossip) is compared by its shape.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const MAIN = fileURLToPath(new URL('../dist/node/main.js', import.meta.url))
const README = new URL('../README.md', import.meta.url)
const COLUMNS = 120
const DEADLINE_MS = 30_000

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

const root = await mkdtemp(join(tmpdir(), 'freechains-walk-'))
const env = { ...process.env, HOME: root, XDG_STATE_HOME: join(root, 'state'), XDG_CONFIG_HOME: join(root, 'config') }

/** By the control port that README.md shows: what it really is, and that of libp2p, shown and real. */
const nodes = new Map()
const daemons = []

/** What was typed and printed since the last walk was taken. */
let lines = []

/** Keys, ids and peer ids are cut; a prefix of an id is enough to type, and nobody reads the rest. */
function shorten(text) {
  return text
    .replaceAll(/\b(\d+_)?([0-9A-F]{6})[0-9A-F]{58}(?:[0-9A-F]{64})?\b/g, '$1$2…')
    .replaceAll(/12D3KooW\w+/g, '12D3KooW…')
    .replaceAll(/(freechains:1:\w{6})\w+/g, '$1…')
    .replaceAll(/js-libp2p\/.*/g, 'js-libp2p/…')
}

function fold(line) {
  const words = line.split(' ')
  const folded = [words.shift()]
  // What is laid out in columns stays as it is.
  if (line.includes('  ')) return [line]
  for (const word of words) {
    if (`${folded.at(-1)} ${word}`.length <= COLUMNS) folded.push(`${folded.pop()} ${word}`)
    else folded.push(word)
  }
  return folded
}

/** Shown as a shell takes it: quotes around what it would not leave alone. */
function show(words) {
  const quoted = words.map((word) => (/[#$!\s]/.test(word) ? word.replace(/^(--\w+=)?(.*)$/, '$1"$2"') : word))
  return `$ freechains ${quoted.join(' ')}`
}

/** The words with the ports of this run. */
function real(words) {
  const [port, ...rest] = words[0].startsWith('--port=') ? words : ['--port=8330', ...words]
  const addresses = [...nodes.values()].map(({ shown, libp2p }) => [`127.0.0.1:${shown}`, `127.0.0.1:${libp2p}`])
  const put = (word) => addresses.find(([shown]) => shown === word)?.[1] ?? word
  return [`--port=${nodes.get(port.slice('--port='.length)).control}`, ...rest.map(put)]
}

/** And back again in what is printed. */
function asShown(text) {
  return [...nodes.values()].reduce(
    (all, { shown, libp2p }) => all.replaceAll(new RegExp(`/tcp/${libp2p}(?!\\d)`, 'g'), `/tcp/${shown}`),
    text,
  )
}

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) child[name].on('data', (part) => (out[name] += part))
    child.once('error', reject)
    child.once('close', (status) => resolve({ ...out, status }))
  })
}

/** Types a command, and gives what it printed on stdout; again and again until that is as it shall be. */
async function type(words, isRight = () => true) {
  const until = performance.now() + DEADLINE_MS
  for (;;) {
    const { stdout, stderr, status } = await run(real(words))
    if (status !== 0) throw new Error(`${show(words)} ended with ${status}: ${stderr}`)
    if (isRight(stdout)) {
      const printed = `${stdout.trimEnd()}\n${stderr.trimEnd()}`.split('\n').filter((line) => line !== '')
      lines.push(shorten(show(words)), ...printed.flatMap((line) => fold(shorten(asShown(line)))))
      return stdout.trim()
    }
    if (performance.now() > until) throw new Error(`${show(words)} still prints: ${stdout}`)
    await pause(50)
  }
}

/** Starts a daemon; shown with the ports that a user would give it. */
async function start(name, control, libp2p) {
  const shown = ['start', name, ...(control === '8330' ? [] : [`--port=${control}`])]
  lines.push(`${show([...shown, '--listen', `/ip4/127.0.0.1/tcp/${libp2p}`])} &`)
  const args = ['start', name, '--port=0', '--listen', '/ip4/127.0.0.1/tcp/0']
  const child = spawn(process.execPath, [MAIN, ...args], { env, cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
  daemons.push(child)
  let out = ''
  for await (const part of child.stdout) {
    out += part
    if (/^try:$/m.test(out)) break
  }
  const [, port] = /^control port: \S+:(\d+)$/m.exec(out) ?? []
  const [, libp2pPort] = /^address: .*\/tcp\/(\d+)\//m.exec(out) ?? []
  if (port === undefined || libp2pPort === undefined) throw new Error(`the daemon did not start: ${out}`)
  nodes.set(control, { control: port, shown: libp2p, libp2p: libp2pPort })
}

function taken() {
  const walk = lines
  lines = []
  return walk
}

const BOB = '--port=8340'
const CAROL = '--port=8334'
const CHAT = ['chain', '#bom-dia']
const AT_BOB = ['peer', '127.0.0.1:8341']

/** §3.1 of the paper. */
async function firstExample() {
  await start('alice', '8330', '8331')
  await start('bob', '8340', '8341')
  const pub = await type(['keys', 'new', 'alice'])
  const genesis = await type(['chains', 'join', '#bom-dia'])
  await type([BOB, 'chains', 'join', '#bom-dia', `--founder=${pub}`])
  const first = await type([...CHAT, 'post', 'inline', 'Bom Dia!', '--as=alice'])
  await type([...AT_BOB, 'send', '#bom-dia'])
  await type([...AT_BOB, 'recv', '#bom-dia'])
  await type([BOB, ...CHAT, 'genesis'])
  await type([BOB, ...CHAT, 'traverse', 'all', genesis])
  await type([BOB, ...CHAT, 'get', 'payload', first])
  await type([BOB, ...CHAT, 'status'], (out) => out.includes('state:    synced') && !out.includes('syncing'))
}

/** §3.3: somebody new is held, and let in. */
async function forum() {
  await type(['keys', 'new', 'bob'])
  const asked = await type([BOB, ...CHAT, 'post', 'inline', 'May I come in?', '--as=bob'])
  await type([...CHAT, 'heads', 'blocked'], (out) => out.includes(asked))
  const like = await type([...CHAT, 'welcome', '--as=alice'])
  await type([BOB, ...CHAT, 'consensus'], (out) => out.includes(like))
  await type([...CHAT, 'reps'])
}

/** Somebody who knows nothing of the others joins by one string. */
async function sharing() {
  await start('carol', '8334', '8335')
  const invite = await type(['chains', 'invite', '#bom-dia'])
  await type([CAROL, 'chains', 'join', invite])
  await type([CAROL, 'peer', '127.0.0.1:8331', 'check', '#bom-dia'])
}

async function runWalks() {
  await firstExample()
  const first = taken()
  await forum()
  const second = taken()
  await sharing()
  return { first, forum: second, sharing: taken() }
}

/** A text in which everything that no two runs have in common has given way to its shape. */
function shape(text) {
  const ids = new Map()
  return text
    .replaceAll(/\b[1-9]\d*_[0-9A-F]{6}…/g, (id) => {
      if (!ids.has(id)) ids.set(id, `${id.split('_')[0]}_block-${ids.size}`)
      return ids.get(id)
    })
    .replaceAll(/(?<![_0-9A-F])[0-9A-F]{6}…/g, (key) => {
      if (!ids.has(key)) ids.set(key, `key-${ids.size}`)
      return ids.get(key)
    })
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)/g, 'TIME')
    .replaceAll(/^[01] \/ 0$/gm, 'N / 0')
    .replaceAll(/ +\d+ ms /g, ' N ms ')
}

function withWalks(readme, walks) {
  let text = readme
  for (const [name, walk] of Object.entries(walks)) {
    const place = new RegExp(`(<!-- walk: ${name} -->\n)[^]*?(\n<!-- end of walk -->)`)
    if (!place.test(text)) throw new Error(`README.md has no place for the walk ${name}`)
    text = text.replace(place, (_all, before, after) => `${before}\n\`\`\`\n${walk.join('\n')}\n\`\`\`\n${after}`)
  }
  return text
}

async function cleanUp() {
  for (const child of daemons) child.kill('SIGKILL')
  await Promise.all(
    daemons.map((child) => child.exitCode ?? child.signalCode ?? new Promise((end) => child.once('exit', end))),
  )
  await rm(root, { recursive: true, force: true, maxRetries: 5 })
}

try {
  const readme = await readFile(README, 'utf8')
  const fresh = withWalks(readme, await runWalks())
  const isTrue = shape(fresh) === shape(readme)
  if (!isTrue && values.check) {
    const [before, after] = [readme, fresh].map((text) => shape(text).split('\n'))
    console.error('README.md is not what its walks print: run ./scripts/walk. It says, and it should say:')
    for (const line of before.filter((one) => !after.includes(one))) console.error(`- ${line}`)
    for (const line of after.filter((one) => !before.includes(one))) console.error(`+ ${line}`)
    process.exitCode = 1
  } else if (!isTrue) await writeFile(README, fresh)
  if (process.exitCode !== 1) console.log(isTrue ? 'README.md is true' : 'README.md is written anew')
} finally {
  await cleanUp()
}
