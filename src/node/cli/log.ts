/** `chain <chain> log`: the conversation, newest last, and as it goes on (spec §11). */
import type { Command } from 'commander'
import { ClientError } from '../control/client-error.ts'
import type { ControlCaller } from '../control/client.ts'
import type { ControlEvent, ListedBlock } from '../control/shapes.ts'
import { AddressBook } from './address-book.ts'
import { stylesOfAuthors } from './ink.ts'
import { lastBlocks } from './last-blocks.ts'
import { parseLast } from './last.ts'
import { logJson, logLines, type LogStyle } from './log-lines.ts'
import { rowsOf, SHOWN_HELD } from './log-rows.ts'
import type { Session } from './session.ts'
import { shortId } from './speech.ts'

const DEFAULT_LAST = 20

/** The longest text that is fetched: any that a forum allows. */
const TEXT_BYTES = 128 * 1024

export function addLogCommand(chain: Command, session: Session): void {
  chain
    .command('log')
    .description('the conversation, newest last: time, author, reps, id, text, and how a post stands if not accepted')
    .option('--last <n>', 'how many blocks, besides a few held posts', parseLast, DEFAULT_LAST)
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .action(async (options: { readonly last: number; readonly follow?: true }) => {
      const log = new Log(session, await session.chainToRead(), await AddressBook.open(session.io))
      if (options.follow === true) await session.untilLost(() => log.follow(options.last))
      else await log.last(options.last)
    })
}

class Log {
  readonly #session: Session
  readonly #chain: string
  readonly #style: LogStyle

  constructor(session: Session, chain: string, names: AddressBook) {
    this.#session = session
    this.#chain = chain
    this.#style = { names, ink: session.ink, styleOf: stylesOfAuthors() }
  }

  /** Prints the last ones. @returns those, and the held posts that were left out */
  async last(count: number): Promise<ListedBlock[]> {
    const client = await this.#session.client()
    const listed = await lastBlocks(client, { chain: this.#chain, count, payloadBytes: TEXT_BYTES })
    const { rows, leftOut } = rowsOf(listed, count > DEFAULT_LAST ? count : SHOWN_HELD)
    await this.#print(rows)
    if (leftOut > 0)
      await this.#session.note(
        `${String(leftOut)} more held posts: a --last above ${String(DEFAULT_LAST)} shows more of them`,
      )
    return [...rows, ...listed.filter((block) => block.state === 'held' && !rows.includes(block))]
  }

  async #print(blocks: readonly ListedBlock[]): Promise<void> {
    for (const block of blocks) {
      const words = this.#session.isJson ? '' : logLines(block, this.#style)
      await this.#session.answerStyled(logJson(block, this.#style), words)
    }
  }

  /** Listens before it looks, so that nothing falls between; what was seen both ways is printed once. */
  async follow(count: number): Promise<void> {
    const from = await (await this.#session.client()).call('chain.heads', { chain: this.#chain, state: 'linked' })
    const listener = await this.#session.connect()
    const events = listener.subscribe('chain.listen', { chain: this.#chain, from })[Symbol.asyncIterator]()
    let next = events.next()
    await answered(listener, this.#chain)
    const blocks = await this.last(count)
    const seen = new Map(blocks.map(({ id, state }) => [id, state]))
    for (let step = await next; step.done !== true; step = await next) {
      await this.#tell(step.value, seen)
      next = events.next()
    }
  }

  async #tell(event: ControlEvent, seen: Map<string, ListedBlock['state']>): Promise<void> {
    const { id, kind } = event
    if (kind === 'hidden' || kind === 'withdrawn') {
      seen.delete(id)
      await this.#session.answerStyled(event, this.#style.ink('yellow', `${shortId(id)} is ${kind} now`))
      return
    }
    const before = seen.get(id)
    if (before !== undefined && (before === 'held') === (kind === 'held')) return
    await this.#print(await this.#blocks(id))
  }

  /** None if the block is gone again. */
  async #blocks(id: string): Promise<ListedBlock[]> {
    const client = await this.#session.client()
    try {
      return await client.call('chain.blocks', { chain: this.#chain, ids: [id], payloads: TEXT_BYTES })
    } catch (error) {
      if (error instanceof ClientError && error.code === 'block-not-found') return []
      throw error
    }
  }
}

/** The daemon takes the calls of a connection in their order: once this one is answered, it listens. */
async function answered(listener: ControlCaller, chain: string): Promise<void> {
  await listener.call('chain.genesis', { chain })
}
