// The control port's round trips, for scripts/bench: a daemon in a process of its own, its unix socket and TCP with a cookie.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, signerOf } from '../dist/node/control/client/index.js'

const MAIN = fileURLToPath(new URL('../dist/node/main.js', import.meta.url))

/** A connection takes 32 calls at a time and reads no further, so more in flight need more connections. */
const CALLS_EACH = 32

async function startDaemon(root) {
  const env = { ...process.env, XDG_STATE_HOME: join(root, 'state') }
  const args = [MAIN, 'start', join(root, 'control'), '--port=0', '--listen', '/ip4/127.0.0.1/tcp/0']
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^control port: \S+:(\d+)$/.exec(line)?.[1]
    if (port !== undefined) return { port: Number(port), stateDir: join(root, 'state', 'freechains'), child, exited }
  }
  throw new Error(`the daemon ended with ${await exited}`)
}

/** Keeps `inFlight` calls under way until `count` are answered. */
async function measure(clients, inFlight, count, call) {
  const times = []
  let left = count
  const lane = async (client) => {
    while (left > 0) {
      left -= 1
      const from = performance.now()
      await call(client)
      times.push(performance.now() - from)
    }
  }
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, (_, n) => lane(clients[n % clients.length])))
  return { times, ms: performance.now() - from }
}

export async function benchControl(root, { report, percentiles, perSecond, quick }) {
  const daemon = await startDaemon(root)
  const { port, stateDir } = daemon
  const open = (inFlight) =>
    Promise.all(Array.from({ length: Math.ceil(inFlight / CALLS_EACH) }, () => connect({ port, stateDir })))
  const ways = ['unix', 'tcp']
  try {
    for (const way of ways) {
      // Without its socket there, clients take TCP and the cookie.
      if (way === 'tcp') await rename(join(stateDir, `control-${port}.sock`), join(stateDir, 'away'))
      const chain = `$bench-${way}`
      const [first] = await open(1)
      await first.call('chains.join', { name: chain, keys: ['AB'.repeat(32)] })
      const { id } = await first.call('chain.post', {
        chain,
        text: 'a post of fifty bytes, as all the others here are..',
      })
      const get = (client) => client.call('chain.get', { chain, id, part: 'block' })
      const text = () => ({ chain, payload: randomBytes(50).toString('base64') })
      const post = (client) => client.call('chain.post', text())
      const { pvt: sign } = await first.call('keys.pubpvt', {})
      const signer = signerOf(sign)
      const direct = (client) => client.call('chain.post', { ...text(), sign })
      const drafted = (client) => client.post({ ...text(), sign: signer })
      for (const [what, call, count] of [
        ['chain.get', get, quick ? 2_000 : 10_000],
        ['chain.post', post, quick ? 500 : 2_000],
        ['chain.post signed by the daemon', direct, quick ? 500 : 2_000],
        ['draft, signed here, submit', drafted, quick ? 500 : 2_000],
      ]) {
        for (const inFlight of [1, 64]) {
          const clients = await open(inFlight)
          await measure(clients, inFlight, count / 10, call)
          const { times, ms } = await measure(clients, inFlight, count, call)
          report(`${what} over ${way}, ${inFlight} in flight`, count, `${percentiles(times)}, ${perSecond(count, ms)}`)
          for (const client of clients) client.close()
        }
      }
      first.close()
      if (way === 'tcp') await rename(join(stateDir, 'away'), join(stateDir, `control-${port}.sock`))
    }
  } finally {
    daemon.child.kill('SIGTERM')
    await daemon.exited
  }
}
