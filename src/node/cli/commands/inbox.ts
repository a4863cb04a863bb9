/** `inbox`: what came into all chains since the user looked last, and what comes (spec §11). */
import type { Command } from 'commander'
import { ClientError } from '../../control/client/client-error.ts'
import type { ControlCaller } from '../../control/client/rpc-client.ts'
import { cursorParams, Cursors } from '../../control/client/cursor.ts'
import type { ControlEvent, ListedBlock } from '../../control/shapes.ts'
import { AddressBook } from '../address-book.ts'
import { blockText } from '../block-text.ts'
import { stylesOfAuthors } from '../colors.ts'
import type { CommandContext } from '../command-context.ts'
import { runHook } from '../hook.ts'
import { moveMarks, openMarks } from '../inbox-marks.ts'
import { UsageError } from '../io.ts'
import { parseLast } from '../last-blocks.ts'
import { contextOf } from '../log-context.ts'
import { logJson, logLines } from '../log-lines.ts'
import { Mutes } from '../mutes.ts'
import { sanitizeLine } from '../sanitize.ts'

const DEFAULT_LAST = 50

/** What `chains.news` lists of a chain. */
const MAX_LAST = 1_000

const TEXT_BYTES = 128 * 1024

interface InboxOptions {
  readonly last: number
  readonly peek?: true
  readonly follow?: true
  readonly exec?: string
}

type Caller = Pick<ControlCaller, 'call'>

export function addInboxCommand(program: Command, context: CommandContext): void {
  program
    .command('inbox')
    .description('posts of others that came into all chains since you looked last, which moves your mark')
    .option('--last <n>', 'at most so many of each chain', parseLast, DEFAULT_LAST)
    .option('--peek', 'look, and leave the mark where it is')
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .option(
      '--exec <command>',
      'with --follow: run this for each post; it finds FREECHAINS_CHAIN, …_AUTHOR, …_TEXT in its environment',
    )
    .action(async (options: InboxOptions) => {
      if (options.exec !== undefined && options.follow !== true) throw new UsageError('--exec is for --follow')
      const [names, mutes] = await Promise.all([AddressBook.open(context.io), Mutes.open(context.io)])
      const inbox = new Inbox(context, names, mutes, options)
      if (options.follow !== true) {
        await inbox.show(await context.client())
        return
      }
      await context.keepListening(async (client) => {
        const from = await inbox.show(client)
        await inbox.follow(client, client.listenAll({ from }), from)
      })
    })
}

class Inbox {
  readonly #context: CommandContext
  readonly #names: AddressBook
  readonly #mutes: Mutes
  readonly #options: InboxOptions
  readonly #styleOf = stylesOfAuthors()

  constructor(context: CommandContext, names: AddressBook, mutes: Mutes, options: InboxOptions) {
    this.#context = context
    this.#names = names
    this.#mutes = mutes
    this.#options = options
  }

  /** Prints what is new, and moves the marks behind it. @returns the cursors of all chains */
  async show(client: Caller): Promise<Record<string, string[]>> {
    const { io, controlPort } = this.#context
    const from = cursorParams(await openMarks(io, controlPort))
    const last = Math.min(MAX_LAST, this.#options.last)
    const news = await client.call('chains.news', { from, without: this.#mutes.list(), last })
    for (const { name, ids, posts } of news) {
      if (ids.length === 0) continue
      await this.#print(client, name, await blocksOf(client, name, ids))
      const more = posts - ids.length
      if (more > 0)
        await this.#context.note(
          `${name}: ${String(more)} more before these: \`freechains chain '${name}' log --last ${String(posts)}\``,
        )
    }
    const heads = Object.fromEntries(news.map((chain) => [chain.name, chain.heads]))
    // Last: what could not be printed is not read.
    if (this.#options.peek !== true) await moveMarks(io, controlPort, heads)
    return heads
  }

  async follow(client: Caller, events: AsyncIterable<ControlEvent>, from: Record<string, string[]>): Promise<void> {
    const cursors = new Cursors(from)
    for await (const event of events) {
      cursors.advance(event)
      const { kind, author, chain, id } = event
      if (kind !== 'post' || this.#mutes.has(author)) continue
      const blocks = (await blocksOf(client, chain, [id])).filter(({ ours }) => ours !== true)
      await this.#print(client, chain, blocks)
      for (const block of blocks) await this.#exec(chain, block)
      const ids = cursors.ids[chain]
      if (this.#options.peek !== true && ids !== undefined)
        await moveMarks(this.#context.io, this.#context.controlPort, { [chain]: ids })
    }
  }

  async #print(client: Caller, chain: string, blocks: readonly ListedBlock[]): Promise<void> {
    const names = this.#names
    const isNamed = (pub: string): boolean => names.nameOf(pub) !== undefined
    const around = await contextOf(client, blocks, { chain, isNamed })
    const { colors, zone, isJson } = this.#context
    for (const block of blocks) {
      const line = isJson ? '' : logLines(block, around, { names, colors, styleOf: this.#styleOf, zone })
      await this.#context.answerStyled(
        { chain, ...logJson(block, around, { names }) },
        `${sanitizeLine(chain)}  ${line}`,
      )
    }
  }

  async #exec(chain: string, block: ListedBlock): Promise<void> {
    const { exec } = this.#options
    if (exec === undefined) return
    const { text, placeholder = '' } = blockText(block)
    const author = this.#names.nameOf(block.author) ?? block.author ?? 'anonymous'
    const values = { CHAIN: chain, ID: block.id, AUTHOR: author, TEXT: text ?? placeholder }
    const { content, ...view } = block
    const json = JSON.stringify({ chain, ...view, ...(text === undefined ? { content } : { text }) })
    const { env, signal } = this.#context.io
    const failed = await runHook(exec, { values, json }, { env, signal })
    if (failed !== undefined && !signal.aborted) await this.#context.note(`--exec: ${failed}`)
  }
}

/** Nothing if one is gone, or the chain. */
async function blocksOf(client: Caller, chain: string, ids: string[]): Promise<ListedBlock[]> {
  try {
    return await client.call('chain.blocks', { chain, ids, payloads: TEXT_BYTES })
  } catch (error) {
    if (error instanceof ClientError && ['block-not-found', 'chain-not-found'].includes(error.code)) return []
    throw error
  }
}
