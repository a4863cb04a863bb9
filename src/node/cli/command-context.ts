/**
 * One run of the command line (spec §11): the daemon to ask, the form of answers, and the chain or peer of the command.
 * Commands get it instead of the process.
 */
import { parseAuthorKey } from '../../dag/ids.ts'
import { withoutPrivateKeys } from '../base/without-keys.ts'
import { ClientError } from '../control/client/client-error.ts'
import type { ControlCaller } from '../control/client/rpc-client.ts'
import type { ControlEvent } from '../control/shapes.ts'
import { AddressBook } from './address-book.ts'
import { endpointOf, parsePort } from './argument-values.ts'
import { colorsOf, type Colors } from './colors.ts'
import {
  CommandError,
  Interrupted,
  UsageError,
  write,
  writeAside,
  type PersistentClient,
  type CliModules,
  type Io,
} from './io.ts'
import { Mutes } from './mutes.ts'
import { sanitize, sanitizeJson, sanitizeLine } from './sanitize.ts'
import { showSize, textOf, type Zone } from './block-text.ts'
import type { TableRows } from './table.ts'

export interface GlobalOptions {
  readonly host?: string
  readonly port?: string
  readonly json?: true
  readonly utc?: true
}

export class CommandContext {
  readonly io: Io
  readonly modules: CliModules
  readonly #subject: string | undefined
  /** Path of the running command (`chain post`), once there is one. */
  commandPath: string | undefined
  #globals: GlobalOptions = {}
  #client: ControlCaller | undefined
  readonly #clients: ControlCaller[] = []
  #later = ''

  constructor(subject: string | undefined, io: Io, modules: CliModules) {
    this.#subject = subject
    this.io = io
    this.modules = modules
  }

  /** Set once the command line is parsed. */
  set globals(globals: GlobalOptions) {
    const port = this.io.env['FREECHAINS_PORT'] ?? ''
    const isTold = globals.port !== undefined || globals.host !== undefined || port === ''
    this.#globals = isTold ? globals : { ...globals, port }
  }

  /** The chain or the peer of the command. @throws {UsageError} there is none */
  subject(what: 'chain' | 'peer'): string {
    if (this.#subject === undefined || this.#subject === '') throw new UsageError(`which ${what}?`)
    return this.#subject
  }

  /** The peer of the command: its address or id, or the user's name for its id. @throws {UsageError} there is none */
  async peer(): Promise<string> {
    const typed = this.subject('peer')
    return (await AddressBook.open(this.io)).peerOf(typed) ?? typed
  }

  /** The chain: like {@link subject}, but `@name` may be the user's name for the owner. @throws {UsageError} */
  async chain(): Promise<string> {
    return await this.chainNamed(this.subject('chain'))
  }

  /** `@name` as the chain of the key that the user calls so; anything else as it is. */
  async chainNamed(chain: string): Promise<string> {
    const [, sign = '', name = ''] = /^(@!?)(.+)$/.exec(chain) ?? []
    if (name === '' || parseAuthorKey(name).ok) return chain
    const pub = (await AddressBook.open(this.io)).keyOf(name)
    return pub === undefined ? chain : sign + pub
  }

  get host(): string | undefined {
    return this.#globals.host
  }

  get port(): number | undefined {
    return this.#globals.port === undefined ? undefined : parsePort(this.#globals.port)
  }

  /** Port of the daemon that is asked. @throws {UsageError} */
  get controlPort(): number {
    return endpointOf(this.#globals.host, this.#globals.port).port
  }

  /** Whether answers are JSON (`--json`). */
  get isJson(): boolean {
    return this.#globals.json === true
  }

  /** In which zone times are shown (`--utc`). */
  get zone(): Zone {
    return this.#globals.utc === true ? 'utc' : 'local'
  }

  /** Whether stdout is a terminal. */
  get isTerminal(): boolean {
    return this.io.stdout.isTTY === true
  }

  /** Whether a person is there to answer a question. */
  get canAsk(): boolean {
    return !this.isJson && this.io.stdin.isTTY === true && this.io.stderr.isTTY === true
  }

  get colors(): Colors {
    return colorsOf(this.io)
  }

  /** The connection to the daemon, made at the first call. */
  async client(): Promise<ControlCaller> {
    this.#client ??= await this.connectTo(this.#globals, this.io.signal)
    return this.#client
  }

  /**
   * Listens until Ctrl-C over any number of connections. While the daemon is away it waits, and says so on stderr.
   *
   * @param listen - runs as long as there are events
   * @throws {Interrupted}
   * @throws {CommandError} no more events can come
   */
  async keepListening(listen: (client: PersistentClient) => Promise<void>): Promise<never> {
    const { signal } = this.io
    const client = await this.modules.connectPersistent(endpointOf(this.#globals.host, this.#globals.port), {
      signal,
      // Interrupted: `listen` ends by itself then.
      onAway: () => void this.note('connection lost, trying again …').catch(() => undefined),
      onBack: () => void this.note('connected again').catch(() => undefined),
    })
    this.#clients.push(client)
    try {
      await listen(client)
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'block-not-found') throw error
      const why = 'the chain was left and joined again, or its data is older than before'
      throw new CommandError(`what came while the daemon was away cannot be told: ${why}; ask again`)
    }
    if (signal.aborted) throw new Interrupted('Ctrl-C')
    throw new CommandError('the chain was left: nothing more comes of it')
  }

  /** Connects to the daemon of these options. @throws {UsageError} they are invalid */
  async connectTo({ host, port }: Pick<GlobalOptions, 'host' | 'port'>, signal: AbortSignal): Promise<ControlCaller> {
    const client = await this.modules.connect(endpointOf(host, port), { signal })
    this.#clients.push(client)
    return client
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  /** Prints the answer: with `--json` as one line of JSON, else `words`. On a terminal the output is sanitized. */
  async answer(value: unknown, words: string): Promise<void> {
    if (!this.isJson) await this.answerStyled(value, this.isTerminal ? sanitize(words) : words)
    else await this.#print(this.isTerminal ? sanitizeJson(JSON.stringify(value)) : JSON.stringify(value))
  }

  /** Like {@link answer}, for words with colors: the caller sanitized the parts that come from others. */
  async answerStyled(value: unknown, words: string): Promise<void> {
    if (this.isJson) await this.answer(value, '')
    else await this.#print(words)
  }

  /** Prints a list: as a table on a terminal, as lines in a pipe, or as JSON. */
  async answerTable(value: unknown, table: TableRows, lines: readonly string[]): Promise<void> {
    if (!this.isTerminal || this.isJson || lines.length === 0) {
      await this.answerLines(value, lines)
      return
    }
    const { tableOf } = await import('./table.ts')
    await this.answerStyled(value, tableOf(table, this.colors))
  }

  /** Prints a list: as JSON, or one line per item and nothing at all for an empty list. */
  async answerLines(value: unknown, lines: readonly string[]): Promise<void> {
    if (this.isJson || lines.length > 0) await this.answer(value, lines.join('\n'))
  }

  /**
   * Prints raw bytes in a pipe; on a terminal as sanitized text with a final newline. @throws {CommandError} on a
   * terminal, if they are no text
   */
  async answerBytes(base64: string): Promise<void> {
    if (this.isJson) {
      await this.answer(base64, '')
      return
    }
    const bytes = Buffer.from(base64, 'base64')
    if (!this.isTerminal) {
      await write(this.io.stdout, bytes, this.io.signal)
      return
    }
    const text = textOf(bytes)
    if (text === undefined) {
      const what = `the payload is no text (${showSize(bytes.length)})`
      throw new CommandError(`${what}: write it to a file (file <path>), or into a pipe`)
    }
    if (text !== '') await this.#print(sanitize(text).replace(/\n$/, ''))
  }

  /** Prints a note on stderr: what is not the answer. */
  async note(text: string): Promise<void> {
    await writeAside(this.io, sanitizeLine(withoutPrivateKeys(text)))
  }

  /** Commander's help and version, which it prints without waiting. */
  printLater(text: string): void {
    this.#later += text
  }

  async printNow(): Promise<void> {
    if (this.#later !== '') await write(this.io.stdout, this.#later, this.io.signal)
    this.#later = ''
  }

  /** Prints one line per event until the subscription ends. */
  async answerEvents(events: AsyncIterable<ControlEvent>, show: (event: ControlEvent) => string): Promise<void> {
    const mutes = await Mutes.open(this.io)
    for await (const event of events) {
      await this.answer(mutes.has(event.author) ? { ...event, muted: true } : event, show(event))
    }
  }

  async #print(line: string): Promise<void> {
    await write(this.io.stdout, `${line}\n`, this.io.signal)
  }
}

/** One line for an event: the id of an accepted block, else the id and what became of it (`1_A5… held`), and at which peer. */
export function showEvent({ id, kind, heldBy = [] }: ControlEvent): string {
  return kind === 'post' || kind === 'like' ? id : [id, kind, ...heldBy].join(' ')
}
