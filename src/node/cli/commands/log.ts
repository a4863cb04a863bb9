/** `chain <chain> log`: prints the conversation, newest last, and follows it (spec §11). */
import type { Command } from 'commander'
import { ClientError } from '../../control/client/client-error.ts'
import type { ControlCaller } from '../../control/client/rpc-client.ts'
import type { ControlEvent, ListedBlock } from '../../control/shapes.ts'
import { AddressBook } from '../address-book.ts'
import { stylesOfAuthors } from '../colors.ts'
import { LENS_OPTION, lensOf, TRUST_OPTION, type LensOptions } from '../lens-options.ts'
import { lastBlocks, MAX_LAST } from '../last-blocks.ts'
import {
  addFilterOptions,
  filterOf,
  gather,
  parseLogged,
  passes,
  type FilterOptions,
  type LogFilter,
} from '../log-filter.ts'
import { Mutes } from '../mutes.ts'
import { contextOf } from '../log-context.ts'
import { logJson, logLines, type LogStyle } from '../log-lines.ts'
import { noteRivals } from '../founders.ts'
import { rowsOf, SHOWN_HELD } from '../log-rows.ts'
import type { PersistentClient } from '../io.ts'
import type { CommandContext } from '../command-context.ts'
import { shortId } from '../block-text.ts'
import { guestsInWords } from './welcome.ts'

const DEFAULT_LAST = 20

/** The longest text fetched: the limit of any post in a forum. */
const TEXT_BYTES = 128 * 1024

export function addLogCommand(chain: Command, context: CommandContext): void {
  const log = chain
    .command('log')
    .description('the conversation, newest last: time, author, reps, id, text, and how a post stands if not accepted')
    .option('--last <n>', 'how many blocks, besides a few held posts', parseLogged, DEFAULT_LAST)
    .option('--follow', 'go on with what comes, until Ctrl-C, over restarts of the daemon too')
    .option(...LENS_OPTION)
    .option(...TRUST_OPTION)
  addFilterOptions(log).action(
    async (options: { readonly last: number; readonly follow?: true } & LensOptions & FilterOptions) => {
      const names = await AddressBook.open(context.io)
      const chain = await context.chain()
      const lens = lensOf(options, names)
      const asking = { names, zone: context.zone, chain, client: () => context.client() }
      const filter = await filterOf(options, asking)
      const mutes = await Mutes.open(context.io)
      const logOf = (client: Caller): Log => new Log(context, { client, chain, names, mutes, lens, filter })
      const rivals = (client: Caller): Promise<void> => noteRivals(context, client, chain)
      if (options.follow === true) {
        await context.keepListening(async (client) => {
          await rivals(client)
          await logOf(client).follow(client, options.last)
        })
      }
      const client = await context.client()
      await logOf(client).last(options.last)
      await rivals(client)
    },
  )
}

type Caller = Pick<ControlCaller, 'call'>

interface LogModules {
  readonly client: Caller
  readonly chain: string
  readonly names: AddressBook
  readonly mutes: Mutes
  /** Through the lens: the public keys that the reader adds. */
  readonly lens: string[] | undefined
  readonly filter: LogFilter | undefined
}

/** The last printed state of blocks; accepted blocks are not in it. */
type Seen = Map<string, ListedBlock['state']>

class Log {
  readonly #context: CommandContext
  readonly #client: Caller
  readonly #chain: string
  readonly #style: LogStyle
  readonly #lens: string[] | undefined
  readonly #filter: LogFilter | undefined
  readonly #mutes: Mutes

  constructor(context: CommandContext, { client, chain, names, mutes, lens, filter }: LogModules) {
    this.#context = context
    this.#client = client
    this.#chain = chain
    this.#lens = lens
    this.#filter = filter
    this.#mutes = mutes
    this.#style = { names, colors: context.colors, styleOf: stylesOfAuthors(), zone: context.zone }
  }

  /** Prints the last blocks. @returns those, and the held posts left out */
  async last(count: number): Promise<ListedBlock[]> {
    const which = { chain: this.#chain, count, payloadBytes: TEXT_BYTES, lens: this.#lens }
    const isPaged = this.#filter !== undefined || count > MAX_LAST
    const all = isPaged
      ? await gather(this.#client, { ...which, filter: this.#filter ?? {} })
      : await lastBlocks(this.#client, which)
    const listed = all.filter(({ author }) => !this.#mutes.has(author))
    const { rows, leftOut } = rowsOf(listed, count > DEFAULT_LAST ? count : SHOWN_HELD)
    await this.#print(rows)
    const muted = all.length - listed.length
    if (muted > 0)
      await this.#context.note(`${String(muted)} of authors that you muted are left out: \`freechains mutes\``)
    if (leftOut > 0)
      await this.#context.note(
        `${String(leftOut)} more held posts: a --last above ${String(DEFAULT_LAST)} shows more of them`,
      )
    await this.#noteGuests(listed)
    return [...rows, ...listed.filter((block) => block.state === 'held' && !rows.includes(block))]
  }

  /** How many posts of others wait to be welcomed, and what to type. */
  async #noteGuests(listed: readonly ListedBlock[]): Promise<void> {
    const guests = listed.flatMap(({ id, heldBy }) => (heldBy === undefined ? [] : [{ id, heldBy }]))
    const words = guestsInWords(guests, this.#context.subject('chain'), this.#style.names)
    if (words !== undefined) await this.#context.note(words)
  }

  async #print(blocks: readonly ListedBlock[]): Promise<void> {
    const { names } = this.#style
    const isNamed = (pub: string): boolean => names.nameOf(pub) !== undefined
    const around = await contextOf(this.#client, blocks, { chain: this.#chain, isNamed })
    for (const block of blocks) {
      const words = this.#context.isJson ? '' : logLines(block, around, this.#style)
      await this.#context.answerStyled(logJson(block, around, this.#style), words)
    }
  }

  /** Subscribes before it lists, so that no event is lost between; a block seen both ways is printed once. */
  async follow(client: PersistentClient, count: number): Promise<void> {
    const from = await client.call('chain.heads', { chain: this.#chain, state: 'linked' })
    const begun = Promise.withResolvers<undefined>()
    const seen: Seen = new Map()
    let isListed = false
    let catchingUp = Promise.resolve()
    const onBegin = (): void => {
      begun.resolve(undefined)
      if (!isListed) return
      catchingUp = this.#catchUp(seen)
      // A rejection is handled where it is awaited, before the next event.
      catchingUp.catch(() => undefined)
    }
    const events = client.listen(this.#chain, { from, onBegin })[Symbol.asyncIterator]()
    let next = events.next()
    await Promise.race([begun.promise, next])
    for (const { id, state } of await this.last(count)) seen.set(id, state)
    isListed = true
    for (let step = await next; step.done !== true; step = await next) {
      await catchingUp
      await this.#tell(step.value, seen)
      next = events.next()
    }
  }

  /** After a lost connection: the cursor replays what was accepted meanwhile, but nothing that is held. */
  async #catchUp(seen: Seen): Promise<void> {
    const blocks = await lastBlocks(this.#client, { chain: this.#chain, count: 1, payloadBytes: TEXT_BYTES })
    const missed = blocks.filter(
      (block) => block.state === 'held' && seen.get(block.id) !== 'held' && this.#passes(block),
    )
    for (const { id } of missed) seen.set(id, 'held')
    await this.#print(missed)
  }

  #passes(block: ListedBlock): boolean {
    return !this.#mutes.has(block.author) && (this.#filter === undefined || passes(block, this.#filter))
  }

  async #tell(event: ControlEvent, seen: Seen): Promise<void> {
    const { id, kind } = event
    const { colors } = this.#style
    if (kind === 'removed') {
      if (this.#context.isJson) await this.#context.answer(event, '')
      return
    }
    const before = seen.get(id)
    if (kind === 'held') seen.set(id, kind)
    else seen.delete(id)
    if (kind === 'hidden' || kind === 'withdrawn')
      await this.#context.answerStyled(event, colors('yellow', `${shortId(id)} is ${kind} now`))
    else if (before === undefined || (before === 'held') !== (kind === 'held'))
      await this.#print(await this.#blocks(id))
  }

  /** Empty if the block or the chain is gone, or the lens leaves it out. */
  async #blocks(id: string): Promise<ListedBlock[]> {
    try {
      const which = { chain: this.#chain, ids: [id], payloads: TEXT_BYTES }
      const lens = this.#lens === undefined ? {} : { lens: this.#lens }
      const found = await this.#client.call('chain.blocks', { ...which, ...lens })
      return found.filter((block) => (block.state === 'held' || block.trusted !== false) && this.#passes(block))
    } catch (error) {
      if (error instanceof ClientError && ['block-not-found', 'chain-not-found'].includes(error.code)) return []
      throw error
    }
  }
}
