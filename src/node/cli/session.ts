/**
 * One run of the command line (spec §11): which daemon, which form of answer, and the chain or peer it is about. Commands
 * get it instead of the process; each asks the daemon at most for what it needs.
 */
import type { ControlCaller } from '../control/client.ts'
import type { ControlEvent } from '../control/schema.ts'
import { UsageError, write, type CliModules, type Io } from './io.ts'

/** Where `start` has its control port unless told. */
export const DEFAULT_CONTROL_PORT = 8330

export interface GlobalOptions {
  readonly host?: string
  readonly port?: string
  readonly json?: true
}

export class Session {
  readonly io: Io
  readonly modules: CliModules
  readonly #subject: string | undefined
  #globals: GlobalOptions = {}
  #client: ControlCaller | undefined

  constructor(subject: string | undefined, io: Io, modules: CliModules) {
    this.#subject = subject
    this.io = io
    this.modules = modules
  }

  /** Known once the command line is parsed. */
  set globals(globals: GlobalOptions) {
    this.#globals = globals
  }

  /** The chain or the peer that the command is about. @throws {UsageError} */
  subject(what: 'chain' | 'peer'): string {
    if (this.#subject === undefined || this.#subject === '') throw new UsageError(`which ${what}?`)
    return this.#subject
  }

  /** `--port`, if given. */
  get port(): number | undefined {
    return this.#globals.port === undefined ? undefined : parsePort(this.#globals.port)
  }

  /** `--json`: answers are for programs. */
  get isJson(): boolean {
    return this.#globals.json === true
  }

  /** The daemon; connects at the first call. */
  async client(): Promise<ControlCaller> {
    const address = parseHost(this.#globals.host)
    const endpoint = { host: address.host, port: this.port ?? address.port }
    this.#client ??= await this.modules.connect(endpoint, { signal: this.io.signal })
    return this.#client
  }

  close(): void {
    this.#client?.close()
  }

  /** Prints the answer: as one line of JSON, or in words. */
  async answer(value: unknown, words: string): Promise<void> {
    await write(this.io.stdout, `${this.isJson ? JSON.stringify(value) : words}\n`)
  }

  /** Prints a list: as JSON, or one line for each, which is no line at all for none. */
  async answerLines(value: unknown, lines: readonly string[]): Promise<void> {
    if (this.isJson || lines.length > 0) await this.answer(value, lines.join('\n'))
  }

  /** Prints bytes as they are; on a terminal so that the prompt begins on a line of its own. */
  async answerBytes(base64: string): Promise<void> {
    if (this.isJson) {
      await this.answer(base64, '')
      return
    }
    const bytes = Buffer.from(base64, 'base64')
    await write(this.io.stdout, bytes)
    if (this.io.stdout.isTTY === true && bytes.at(-1) !== 0x0a) await write(this.io.stdout, '\n')
  }

  /** Says on stderr what is not the answer. */
  async note(text: string): Promise<void> {
    await write(this.io.stderr, `freechains: ${text}\n`)
  }

  /** Prints a line for each event until the subscription ends. */
  async follow(events: AsyncIterable<ControlEvent>, show: (event: ControlEvent) => string): Promise<void> {
    for await (const event of events) await this.answer(event, show(event))
  }
}

/** An event in words: the id alone for a block that was accepted, else with what became of it behind (`1_A5… held`). */
export function eventWords({ id, kind }: ControlEvent): string {
  return kind === 'post' || kind === 'like' ? id : `${id} ${kind}`
}

/** A port as typed. @throws {UsageError} */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(port >= 0 && port <= 65_535)) throw new UsageError(`“${text}” is no port: expected a number up to 65535`)
  return port
}

/** `ADDR:PORT`, `ADDR`, `[::1]:PORT`. @throws {UsageError} */
function parseHost(text: string | undefined): { readonly host: string; readonly port: number } {
  if (text === undefined) return { host: '127.0.0.1', port: DEFAULT_CONTROL_PORT }
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw new UsageError(`“${text}” is no control address: expected ADDR:PORT`)
  return { host, port: match?.[3] === undefined ? DEFAULT_CONTROL_PORT : parsePort(match[3]) }
}
