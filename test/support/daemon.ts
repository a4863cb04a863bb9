/** Real daemons in their own processes, over real TCP on loopback: started from a config file, driven by the control port. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { author } from './blocks.ts'
import { connect } from '../../src/node/control/client/connection.ts'
import type { ControlClient } from '../../src/node/control/client/rpc-client.ts'

const MAIN = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url))

/** A daemon on a busy machine is up within this. */
const START_MS = 50_000

/** What a test says of the config file; the rest is what keeps a test on loopback and deterministic. */
export interface DaemonConfig {
  readonly dir: string
  readonly peers?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly chains?: readonly { name: string; key?: string; pioneers?: readonly string[]; founder?: string }[]
  readonly discovery?: { dht?: boolean; mdns?: boolean; remembered?: boolean }
  /** A port that was in use before, so that others find the daemon again. */
  readonly listen?: string
  /** The same for the control port, as `host:port`. */
  readonly control?: string
  /** Where its page is, as `host:port`. */
  readonly web?: string
  readonly testClock?: boolean
  readonly hidden?: { keepDays?: number }
  /** What it tells others of its addresses, instead of where it listens. */
  readonly announce?: readonly string[]
}

export interface Daemon {
  readonly client: ControlClient
  readonly peerId: string
  /** Multiaddrs with the peer id. */
  readonly addresses: readonly string[]
  readonly controlPort: number
  readonly dir: string
  /** What it logged so far, a JSON text on each line. */
  log(): string
  /** SIGKILL, and wait. */
  kill(): Promise<void>
  /** SIGTERM, and wait; gives the exit code. */
  stop(): Promise<number | null>
}

/** A forum follows author 1 where there are peers to take it from, unless the test says whom, or `none`. */
function withFounder(entry: NonNullable<DaemonConfig['chains']>[number], hasPeers: boolean): object {
  const { founder = hasPeers ? author(1).author : 'none', ...rest } = entry
  const isOpen = entry.name.startsWith('#') && entry.pioneers === undefined && founder !== 'none'
  return isOpen ? { ...rest, founder } : rest
}

/** A folder for one test's daemons, with their control sockets; `close` ends whatever still runs and removes it. */
export class Playground {
  readonly root: string
  readonly #running = new Set<ChildProcess>()

  private constructor(root: string) {
    this.root = root
  }

  static async open(): Promise<Playground> {
    return new Playground(await mkdtemp(join(tmpdir(), 'fc-')))
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, XDG_STATE_HOME: join(this.root, 'state'), HOME: this.root }
  }

  async start(name: string, config: Omit<DaemonConfig, 'dir'> = {}): Promise<Daemon> {
    const dir = join(this.root, name)
    const file = join(this.root, `${name}.yaml`)
    const { listen = '/ip4/127.0.0.1/tcp/0', testClock = false, discovery = {}, chains = [], ...rest } = config
    const hasPeers = [...(config.peers ?? []), ...(config.bootstrap ?? [])].length > 0
    const off = { dht: false, mdns: false, remembered: false }
    const limits = { inboundConnectionsPerSecond: 100 }
    const yaml = {
      dataDir: dir,
      listen: [listen],
      control: '127.0.0.1:0',
      discovery: { ...off, ...discovery },
      limits,
      chains: chains.map((entry) => withFounder(entry, hasPeers)),
      ...rest,
    }
    await writeFile(file, JSON.stringify(yaml), { mode: 0o600 })
    const child = spawn(process.execPath, [MAIN, 'start', '--config', file, ...(testClock ? ['--test-clock'] : [])], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => {
        this.#running.delete(child)
        resolve(code)
      })
    })
    const errors: string[] = []
    const welcome = await this.#welcome(child, exited, errors)
    const client = await connect({
      host: '127.0.0.1',
      port: welcome.controlPort,
      stateDir: join(this.root, 'state', 'freechains'),
    })
    return {
      ...welcome,
      client,
      dir,
      log: () => errors.join('\n'),
      kill: async () => {
        client.close()
        child.kill('SIGKILL')
        await exited
      },
      stop: async () => {
        client.close()
        child.kill('SIGTERM')
        return exited
      },
    }
  }

  async close(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL')
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 })
  }

  async #welcome(
    child: ChildProcess,
    exited: Promise<number | null>,
    errors: string[],
  ): Promise<Pick<Daemon, 'peerId' | 'addresses' | 'controlPort'>> {
    const { stdout, stderr } = child
    if (stdout === null || stderr === null) throw new Error('the daemon has pipes')
    createInterface({ input: stderr }).on('line', (line) => errors.push(line))
    const lines = createInterface({ input: stdout })
    const found = { peerId: '', addresses: [] as string[], controlPort: 0 }
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        found.peerId ||= /^freechains node (\S+)$/.exec(line)?.[1] ?? ''
        const address = /^address: +(\S+)$/.exec(line)?.[1]
        if (address !== undefined) found.addresses.push(address)
        found.controlPort ||= Number(/^control port: \S+:(\d+)$/.exec(line)?.[1] ?? 0)
        if (line === 'try:') resolve()
      })
    })
    const late = AbortSignal.timeout(START_MS)
    const gaveUp = new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () => {
        reject(new Error(`the daemon did not start:\n${errors.join('\n')}`))
      })
    })
    const died = exited.then((code): never => {
      throw new Error(`the daemon ended with ${String(code)}:\n${errors.join('\n')}`)
    })
    await Promise.race([ready, died, gaveUp])
    died.catch(() => undefined)
    gaveUp.catch(() => undefined)
    return found
  }
}

/** Between two questions: the longer it was waited for, the less often, for each question takes time of who is waited for. */
const ASK_AGAIN_MS = { least: 10, most: 100, perWaitedMs: 0.25 }

/** No passing test comes near, but on a busy machine. */
const EVENTUALLY_MS = 40_000

/** Asks again until it holds; a test's deadline, not a sleep, ends it. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  deadlineMs = EVENTUALLY_MS,
): Promise<T> {
  const start = performance.now()
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    const waitedMs = performance.now() - start
    if (waitedMs > deadlineMs)
      throw new Error(`still not so after ${String(deadlineMs)} ms: ${JSON.stringify(value).slice(0, 500)}`)
    const { least, most, perWaitedMs } = ASK_AGAIN_MS
    await new Promise((resolve) => setTimeout(resolve, Math.min(most, least + waitedMs * perWaitedMs)))
  }
}
