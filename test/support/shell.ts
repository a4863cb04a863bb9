/** The `freechains` command as users have it: child processes of the built program, with folders of their own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from './daemon.ts'

/** The built program. */
export const MAIN = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url))

/** What is said of a secret on the command line. */
/** The paper's passphrases are short words. What is told of them is tested where it is made. */
const PASSPHRASE_WARNING = /^freechains: warning: a passphrase on the command line .*\n/gm
const WEAK_WARNING = /^freechains: warning: the passphrase is weak: .*\n/m

const KEY_WARNING =
  /^freechains: warning: (?:a private key|a group's shared key|an invite with a key) on the command line .*\n/m

/** A command that has ended. */
export interface Finished {
  /** `null`: ended by a signal. */
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

/** A daemon that `start` runs. */
export interface StartedDaemon {
  readonly command: Command
  readonly peerId: string
  /** Its one TCP address, as `host:port` and as a multiaddr with the peer id. */
  readonly address: string
  readonly multiaddr: string
  readonly port: string
}

/** A command that may still run. */
export class Command {
  readonly #child: ChildProcess
  readonly #out: Buffer[] = []
  readonly #err: Buffer[] = []
  /** Resolves when it has ended and everything it wrote is here. */
  readonly ended: Promise<Finished>

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout?.on('data', (part: Buffer) => this.#out.push(part))
    child.stderr?.on('data', (part: Buffer) => this.#err.push(part))
    this.ended = new Promise((resolve) => {
      child.once('close', (status) => resolve({ status, out: this.out, err: this.err }))
    })
  }

  get out(): string {
    return Buffer.concat(this.#out).toString()
  }

  get err(): string {
    return Buffer.concat(this.#err).toString()
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Gives it some input, and more may come. Resolves when all but what a pipe holds has been read. */
  say(stdin: string): Promise<void> {
    return new Promise((resolve) => this.#child.stdin?.write(stdin, () => resolve()))
  }

  /** Gives it its whole input. */
  feed(stdin: string | Uint8Array): void {
    // A command that needs no input may be gone before it is written.
    this.#child.stdin?.on('error', () => undefined)
    this.#child.stdin?.end(stdin)
  }

  /** Stops reading what it prints, as `head` does. */
  stopReading(): void {
    this.#child.stdout?.destroy()
  }

  async end(signal: NodeJS.Signals): Promise<Finished> {
    this.#child.kill(signal)
    return this.ended
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** A home folder, and the commands that run in it; `close` ends whatever still runs and removes it. */
export class Shell {
  readonly root: string
  readonly #commands = new Set<Command>()

  private constructor(root: string) {
    this.root = root
  }

  static async open(): Promise<Shell> {
    return new Shell(await mkdtemp(join(tmpdir(), 'fc-')))
  }

  /** In a home folder that is there; its commands find the daemons that were started in it. */
  static in(root: string): Shell {
    return new Shell(root)
  }

  get stateDir(): string {
    return join(this.root, 'state', 'freechains')
  }

  path(name: string): string {
    return join(this.root, name)
  }

  /** A file in the home folder; returns its path. */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(this.path(name), content, { mode: 0o600 })
    return this.path(name)
  }

  launch(args: readonly string[], { env = {} }: Pick<RunOptions, 'env'> = {}): Command {
    const home = {
      HOME: this.root,
      XDG_STATE_HOME: this.path('state'),
      XDG_DATA_HOME: this.path('data'),
      XDG_CONFIG_HOME: this.path('config'),
    }
    const command = new Command(
      spawn(process.execPath, [MAIN, ...args], { cwd: this.root, env: { ...process.env, ...home, ...env } }),
    )
    this.#commands.add(command)
    void command.ended.then(() => this.#commands.delete(command))
    return command
  }

  /** Runs a command to its end. That a key stands on the command line, as in the paper, is not held against it. */
  async run(args: readonly string[], { stdin = '', ...options }: RunOptions = {}): Promise<Finished> {
    const command = this.launch(args, options)
    command.feed(stdin)
    const finished = await command.ended
    return { ...finished, err: withoutWarnings(finished.err) }
  }

  /** `start` with these arguments, until the node is ready. */
  async start(...args: readonly string[]): Promise<StartedDaemon> {
    const command = this.launch(['start', ...args])
    await eventually(
      () => Promise.resolve(command),
      ({ out, isRunning }) => !isRunning || /^try:$/m.test(out),
    )
    if (!command.isRunning) throw new Error(`the daemon ended:\n${command.err}`)
    const said = (pattern: RegExp): string => pattern.exec(command.out)?.[1] ?? ''
    const multiaddr = said(/^address: +(\S+)$/m)
    return {
      command,
      multiaddr,
      address: `127.0.0.1:${/\/tcp\/(\d+)\//.exec(multiaddr)?.[1] ?? ''}`,
      peerId: said(/^freechains node (\S+)$/m),
      port: said(/^control port: \S+:(\d+)$/m),
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#commands].map((command) => command.end('SIGKILL')))
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What a command says on stderr, but for warnings of keys and weak passphrases on the command line, which the paper has. */
export function withoutWarnings(err: string): string {
  return err.replace(KEY_WARNING, '').replace(PASSPHRASE_WARNING, '').replace(WEAK_WARNING, '')
}
