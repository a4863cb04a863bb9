/**
 * §10 The daemon never has a private key: posts that the command and the client sign leave nothing of it in the daemon's memory
 * (`/proc/PID/mem`, as bytes, in hex and in base64) nor in its log.
 */
import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { connect, signerOf } from '../../src/node/control/client/index.ts'
import { Playground } from '../support/daemon.ts'

const MAIN = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url))
const CHUNK = 4 * 2 ** 20

/** Each needle, in all the forms in which a program would hold it. */
function formsOf(bytes: Buffer): Buffer[] {
  const hex = bytes.toString('hex')
  // Base64 of what begins one or two bytes earlier has other letters; the first and the last depend on what is beside.
  const inner = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(4, 40),
  )
  const texts = [hex, hex.toUpperCase(), ...inner]
  return [bytes, ...texts.flatMap((text) => [Buffer.from(text), Buffer.from(text, 'utf16le')])]
}

/** Which of the needles are in the memory of a process. */
function inMemory(pid: number, needles: ReadonlyMap<string, readonly Buffer[]>): Set<string> {
  const found = new Set<string>()
  const mem = openSync(`/proc/${String(pid)}/mem`, 'r')
  const longest = Math.max(...[...needles.values()].flat().map((one) => one.byteLength))
  try {
    for (const line of readFileSync(`/proc/${String(pid)}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = '', path = ''] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)$/.exec(line) ?? []
      if (from === '' || path.startsWith('[v')) continue
      const end = Number(`0x${to}`)
      for (let at = Number(`0x${from}`); at < end; at += CHUNK) {
        const part = Buffer.alloc(Math.min(CHUNK + longest, end - at))
        let bytes: number
        try {
          bytes = readSync(mem, part, 0, part.byteLength, at)
        } catch {
          break // The map has no pages there.
        }
        const read = part.subarray(0, bytes)
        for (const [name, forms] of needles) if (forms.some((form) => read.includes(form))) found.add(name)
      }
    }
  } finally {
    closeSync(mem)
  }
  return found
}

/** A daemon of this test's own, whose pid and output it knows. */
async function startDaemon(env: NodeJS.ProcessEnv, dir: string) {
  const child = spawn(process.execPath, [MAIN, 'start', dir, '--port=0', '--listen', '/ip4/127.0.0.1/tcp/0'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  child.stderr.on('data', (part: Buffer) => (log += part.toString()))
  for await (const line of createInterface({ input: child.stdout })) {
    log += `${line}\n`
    const port = /^control port: \S+:(\d+)$/.exec(line)?.[1]
    if (port !== undefined) return { pid: child.pid ?? 0, port: Number(port), log: () => log }
  }
  throw new Error(`the daemon did not start: ${log}`)
}

test('posts, likes and sealed posts are signed without the daemon', async ({ skip }) => {
  skip(process.platform !== 'linux', 'the memory of another process can be read like a file on Linux alone')
  const playground = await Playground.open()
  onTestFinished(() => playground.close())
  const env: NodeJS.ProcessEnv = { ...playground.env, XDG_CONFIG_HOME: join(playground.root, 'config') }
  const daemon = await startDaemon(env, join(playground.root, 'node'))
  const run = async (...words: string[]): Promise<string> => {
    const argv = [MAIN, `--port=${String(daemon.port)}`, ...words]
    return (await promisify(execFile)(process.execPath, argv, { env })).stdout.trim()
  }
  const pub = await run('keys', 'new', 'ana')
  const planted = `planted ${randomBytes(24).toString('hex')}`
  for (const chain of ['#forum', `@${pub}`]) await run('chains', 'join', chain)
  await run('chains', 'join', '$group', '--new-key')
  for (const chain of ['#forum', '$group', `@${pub}`])
    await run('chain', chain, 'post', 'inline', planted, '--as', 'ana')
  await run('chain', `@${pub}`, 'post', 'inline', 'sealed', '--encrypt')
  const held = await run('chain', '#forum', 'post', 'inline', 'a guest, unsigned', '--unsigned')
  await run('chain', '#forum', 'like', held, '--why', 'come in')

  const file = readFileSync(join(playground.root, 'config/freechains/keys/ana.key'), 'utf8')
  const pvt = /^[0-9A-F]{128}$/m.exec(file)?.[0] ?? expect.unreachable('a key file has the private key')
  const client = await connect({ port: daemon.port, stateDir: join(playground.root, 'state/freechains') })
  onTestFinished(() => client.close())
  const posts = Array.from({ length: 20 }, (_, n) =>
    client.post({ chain: '#forum', text: `more ${String(n)}`, sign: signerOf(pvt) }),
  )
  expect(new Set((await Promise.all(posts)).map(({ state }) => state))).toEqual(new Set(['accepted']))
  expect((await client.call('chain.heads', { chain: '#forum' })).length).toBe(1)

  const seed = Buffer.from(pvt.slice(0, 64), 'hex')
  const scalar = createHash('sha512').update(seed).digest()
  const needles = new Map([
    ['payload', formsOf(Buffer.from(planted))],
    ['public key', formsOf(Buffer.from(pub, 'hex'))],
    ['seed', formsOf(seed)],
    ['expanded private key', formsOf(scalar.subarray(0, 32))],
    ['prefix of nonces', formsOf(scalar.subarray(32))],
  ])
  // The search finds what is there: the daemon made blocks of the payload, for the public key.
  expect(inMemory(daemon.pid, needles)).toEqual(new Set(['payload', 'public key']))
  const log = Buffer.from(daemon.log())
  const secret = [...formsOf(seed), ...formsOf(scalar.subarray(0, 32))]
  expect(secret.filter((form) => log.includes(form))).toEqual([])

  // And it finds a private key that a call brought.
  await client.call('chain.post', { chain: '#forum', text: 'signed by the daemon', sign: pvt })
  expect(inMemory(daemon.pid, needles).has('seed')).toBe(true)
})
