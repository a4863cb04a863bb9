/**
 * One run of the command line (spec §11): which daemon, which form of answer, and the chain or peer it is about. Commands
 * get it instead of the process; each asks the daemon at most for what it needs.
 */
import { parseAuthorKey } from '../../dag/ids.ts'
import { ClientError } from '../control/client/client-error.ts'
import type { ControlCaller } from '../control/client/connection.ts'
import type { ControlEvent } from '../control/shapes.ts'
import { AddressBook } from './address-book.ts'
import { endpointOf, parsePort } from './argument-values.ts'
import { colorsOf, type Colors } from './colors.ts'
import { CommandError, Interrupted, UsageError, write, type PersistentClient, type CliModules, type Io } from './io.ts'
import { sanitize, sanitizeJson, sanitizeLine } from './sanitize.ts'
import { showSize, textOf } from './block-text.ts'
import { tableOf, type TableRows } from './table.ts'

export interface GlobalOptions {
  readonly host?: string
  readonly port?: string
  readonly json?: true
}

export class CommandContext {
  readonly io: Io
  readonly modules: CliModules
  readonly #subject: string | undefined
  /** Words that lead to the command that runs, once one does. */
  commandPath: string | undefined
  #globals: GlobalOptions = {}
  #client: ControlCaller | undefined
  readonly #clients: ControlCaller[] = []

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

  /** The chain to read: as {@link subject}, or `@name` by the user's own name for its owner. @throws {UsageError} */
  async chainToRead(): Promise<string> {
    const chain = this.subject('chain')
    const [, sign = '', name = ''] = /^(@!?)(.+)$/.exec(chain) ?? []
    if (name === '' || parseAuthorKey(name).ok) return chain
    const pub = (await AddressBook.open(this.io)).keyOf(name)
    return pub === undefined ? chain : sign + pub
  }

  /** `--host`, if given. */
  get host(): string | undefined {
    return this.#globals.host
  }

  /** `--port`, if given. */
  get port(): number | undefined {
    return this.#globals.port === undefined ? undefined : parsePort(this.#globals.port)
  }

  /** Whether machines read the answers. */
  get isJson(): boolean {
    return this.#globals.json === true
  }

  /** Whether a person reads the answers. */
  get isTerminal(): boolean {
    return this.io.stdout.isTTY === true
  }

  get colors(): Colors {
    return colorsOf(this.io)
  }

  /** The daemon; connects at the first call. */
  async client(): Promise<ControlCaller> {
    this.#client ??= await this.connectTo(this.#globals, this.io.signal)
    return this.#client
  }

  /**
   * Listens until Ctrl-C, over as many connections as it takes: a daemon that went is waited for, and said to be gone.
   * @param listen - goes on for as long as there is something to hear
   * @throws {Interrupted} @throws {CommandError} nothing more can come
   */
  async keepListening(listen: (client: PersistentClient) => Promise<void>): Promise<never> {
    const { signal } = this.io
    const client = await this.modules.connectPersistent(endpointOf(this.#globals.host, this.#globals.port), {
      signal,
      // Whoever reads stderr no more is told nothing, which is no reason to stop.
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

  /** To the daemon that these options name. @throws {UsageError} they name none */
  async connectTo({ host, port }: Pick<GlobalOptions, 'host' | 'port'>, signal: AbortSignal): Promise<ControlCaller> {
    const client = await this.modules.connect(endpointOf(host, port), { signal })
    this.#clients.push(client)
    return client
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  /** Prints the answer: as one line of JSON, or in words. A terminal gets nothing that it would obey. */
  async answer(value: unknown, words: string): Promise<void> {
    if (!this.isJson) await this.answerStyled(value, this.isTerminal ? sanitize(words) : words)
    else await this.#print(this.isTerminal ? sanitizeJson(JSON.stringify(value)) : JSON.stringify(value))
  }

  /** {@link answer} in words that may be coloured: whoever composed them made what others wrote harmless. */
  async answerStyled(value: unknown, words: string): Promise<void> {
    if (this.isJson) await this.answer(value, '')
    else await this.#print(words)
  }

  /** Prints a list: for people as a table, for pipes as lines, for machines as JSON. */
  async answerTable(value: unknown, table: TableRows, lines: readonly string[]): Promise<void> {
    if (this.isTerminal && !this.isJson && lines.length > 0) await this.answerStyled(value, tableOf(table, this.colors))
    else await this.answerLines(value, lines)
  }

  /** Prints a list: as JSON, or one line for each, which is no line at all for none. */
  async answerLines(value: unknown, lines: readonly string[]): Promise<void> {
    if (this.isJson || lines.length > 0) await this.answer(value, lines.join('\n'))
  }

  /** Prints bytes as they are; for people as text, that a prompt can follow. @throws {CommandError} they are no text */
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

  /** Says on stderr what is not the answer. */
  async note(text: string): Promise<void> {
    await write(this.io.stderr, `freechains: ${sanitizeLine(text)}\n`)
  }

  /** Prints a line for each event until the subscription ends. */
  async answerEvents(events: AsyncIterable<ControlEvent>, show: (event: ControlEvent) => string): Promise<void> {
    for await (const event of events) await this.answer(event, show(event))
  }

  async #print(line: string): Promise<void> {
    await write(this.io.stdout, `${line}\n`, this.io.signal)
  }
}

/** An event in words: the id alone for a block that was accepted, else with what became of it behind (`1_A5… held`). */
export function showEvent({ id, kind }: ControlEvent): string {
  return kind === 'post' || kind === 'like' ? id : `${id} ${kind}`
}
