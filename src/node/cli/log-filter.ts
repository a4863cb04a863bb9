/** The options of `log` that choose blocks (spec §11), and the blocks that they choose, gathered page by page. */
import type { Command } from 'commander'
import { isOfType } from '../../dag/content-label.ts'
import type { ControlCaller } from '../control/client/rpc-client.ts'
import type { ParamsOf } from '../control/schema.ts'
import type { ListedBlock } from '../control/shapes.ts'
import type { AddressBook } from './address-book.ts'
import { parseCount } from './argument-values.ts'
import { authorOf } from './authors.ts'
import type { Zone } from './block-text.ts'
import { systemClock } from '../base/clock.ts'
import { parseTime } from './typed-time.ts'

/** Blocks in one page: with payloads of 128 KiB each they fit into one answer. */
const PAGE = 100

/** The most that one `log` prints: it is in memory until the oldest is found. */
const MAX_LOGGED = 1_000_000

export interface FilterOptions {
  readonly since?: string
  readonly until?: string
  readonly author?: string
  readonly replyTo?: string
  readonly type?: string
  readonly before?: string
}

/** As `chain.blocks` takes it. */
export type LogFilter = Pick<ParamsOf<'chain.blocks'>, 'before' | 'since' | 'until' | 'author' | 're' | 'type'>

export function addFilterOptions(command: Command): Command {
  return command
    .option('--since <time>', 'posts from then on: 2026-11-25, "2026-11-25 14:09", today, yesterday, 2h or 3d ago')
    .option('--until <time>', 'posts until then')
    .option('--author <pub|name>', 'posts of this author alone')
    .option('--reply-to <id>', 'answers to this post alone')
    .option('--type <type>', 'posts of this media type alone: image/jpeg, or image/*')
    .option('--before <id>', 'those before this one: how to read on from the oldest that was shown')
}

/** Parses `--last`. @throws {InvalidArgumentError} */
export function parseLogged(text: string): number {
  return parseCount(text, MAX_LOGGED)
}

export interface FilterContext {
  readonly names: AddressBook
  readonly zone: Zone
  readonly chain: string
  readonly client: () => Promise<Pick<ControlCaller, 'call'>>
}

/** `undefined` if nothing is chosen. @throws {CommandError} @throws {UsageError} */
export async function filterOf(options: FilterOptions, context: FilterContext): Promise<LogFilter | undefined> {
  const { names, zone } = context
  const { since, until, author, replyTo, type, before } = options
  const at = { nowMs: systemClock.nowMs(), zone }
  const filter: LogFilter = {
    ...(since === undefined ? {} : { since: parseTime(since, at).firstMs }),
    ...(until === undefined ? {} : { until: parseTime(until, at).lastMs }),
    ...(author === undefined ? {} : { author: await authorOf(author, names, context) }),
    ...(replyTo === undefined ? {} : { re: replyTo }),
    ...(type === undefined ? {} : { type: type.toLowerCase() }),
    ...(before === undefined ? {} : { before }),
  }
  return Object.keys(filter).length === 0 ? undefined : filter
}

export interface GatherOptions {
  readonly chain: string
  readonly count: number
  readonly payloadBytes: number
  readonly filter: LogFilter
  readonly lens?: string[] | undefined
}

/** The last blocks that pass, in order, at most `count` that are not held; then held ones. Asks for as many pages as it takes. */
export async function gather(
  client: Pick<ControlCaller, 'call'>,
  { chain, count, payloadBytes, filter, lens }: GatherOptions,
): Promise<ListedBlock[]> {
  const pages: ListedBlock[][] = []
  const held: ListedBlock[] = []
  const through = lens === undefined ? {} : { lens }
  let left = count
  let { before } = filter
  do {
    const page: number = Math.min(left, PAGE)
    const cursor: { before?: string } = before === undefined ? {} : { before }
    const params = { chain, payloads: payloadBytes, ...filter, ...cursor, ...through }
    const found = await client.call('chain.blocks', { ...params, page })
    const accepted = found.blocks.filter(({ state, trusted }) => state !== 'held' && trusted !== false)
    held.push(...found.blocks.filter(({ state }) => state === 'held'))
    pages.unshift(accepted)
    left -= accepted.length
    before = found.before
  } while (before !== undefined && left > 0)
  return [...pages.flat(), ...held]
}

/** Whether a block that came while it was followed passes. @param re - in full, for a prefix may have been typed */
export function passes({ time, author, re, pay }: ListedBlock, filter: LogFilter): boolean {
  const { since = 0, until = Number.POSITIVE_INFINITY, type } = filter
  if (time < since || time > until) return false
  if (filter.author !== undefined && filter.author !== author) return false
  if (filter.re !== undefined && re?.includes(filter.re.toUpperCase()) !== true) return false
  return type === undefined || isOfType(pay.type, type)
}
