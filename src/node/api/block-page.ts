/**
 * The blocks of a page of `chain.blocks` (spec §10): accepted ones before a place in the order of the chain that pass a filter,
 * newest first looked at. The work of a call is bounded, not what it finds: it says where the next one goes on.
 */
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import { isOfType } from '../../dag/content-label.ts'
import type { Header } from '../../dag/header.ts'
import { inOrder } from '../../dag/order.ts'
import type { LobbyPost } from '../chain/lobby.ts'
import type { Replica } from '../chain/replica.ts'

export interface PageLimits {
  /** Blocks looked at in one call, in memory: microseconds each. */
  readonly lookedAt: number
  /** Headers read in one call, for what is not in memory: some 10 ms. */
  readonly headersRead: number
}

export const PAGE_LIMITS: PageLimits = { lookedAt: 4096, headersRead: 1024 }

/** Headers read from disk in parallel. */
const READ_AT_ONCE = 64

export interface BlockFilter {
  /** Milliseconds since the epoch, both included. */
  readonly since?: number
  readonly until?: number
  readonly author?: AuthorKey
  /** Posts that answer this one. */
  readonly re?: BlockId
  /** A media type, or with a star behind the slash all of a kind. Posts without a type have none. */
  readonly type?: string
}

export interface PageChoice extends BlockFilter {
  readonly atMost: number
  /** Local index of a block; it need not be accepted any more. */
  readonly before?: number
}

export interface Page {
  /** Accepted blocks in order; without `before`, then held ones and those in the lobby, at most so many together. */
  readonly blocks: readonly (number | LobbyPost)[]
  /** The last block that was looked at, unless it was the first there is. */
  readonly next?: number
}

export async function pageOf(replica: Replica, choice: PageChoice, limits = PAGE_LIMITS): Promise<Page> {
  const { since, until, before } = choice
  const order = replica.fingerprints
  const from = since === undefined ? 0 : order.placeOfTime(since)
  const upTo = until === undefined ? replica.graph.acceptedCount : order.placeOfTime(until + 1)
  const to = before === undefined ? upTo : Math.min(upTo, order.placeOf(before))
  const start = Math.max(from, to - limits.lookedAt)
  const accepted = await lastMatching(replica, order.between(start, Math.max(start, to)), choice, limits)
  const next = accepted.next ?? (start > from ? order.between(start, start + 1)[0] : undefined)
  const held =
    before === undefined
      ? await lastMatching(replica, heldWithin(replica, choice, limits), choice, limits)
      : { found: [] }
  const lobby = before === undefined ? lobbyWithin(replica, choice) : []
  const waiting = [...held.found, ...lobby].slice(-choice.atMost)
  return { blocks: [...accepted.found, ...waiting], ...(next === undefined ? {} : { next }) }
}

function heldWithin(
  replica: Replica,
  { since = 0, until = Number.POSITIVE_INFINITY }: BlockFilter,
  limits: PageLimits,
): number[] {
  const { graph } = replica
  const held = replica.blocked().filter((index) => graph.time(index) >= since && graph.time(index) <= until)
  return inOrder(graph, held).slice(-limits.lookedAt)
}

function lobbyWithin({ guests }: Replica, choice: PageChoice): LobbyPost[] {
  const { since = 0, until = Number.POSITIVE_INFINITY, author } = choice
  return guests.inLobby().filter(({ block: { header } }) => {
    if (header.time < since || header.time > until) return false
    return (author === undefined || header.author === author) && headerFits(header, choice)
  })
}

/** The last ones that match; `next`, if those before it were not looked at. */
async function lastMatching(
  replica: Replica,
  indexes: readonly number[],
  choice: PageChoice,
  { headersRead }: PageLimits,
): Promise<{ readonly found: number[]; readonly next?: number }> {
  const found: number[] = []
  let read = 0
  const fits = indexes.filter((index) => fitsInMemory(replica, index, choice))
  for (let end = fits.length; end > 0;) {
    const slice = fits.slice(Math.max(0, end - Math.min(READ_AT_ONCE, headersRead - read)), end)
    end -= slice.length
    const matches = await matchingOf(replica, slice, choice)
    read += needsHeader(choice) ? slice.length : 0
    const room = choice.atMost - found.length
    found.unshift(...matches.slice(-room))
    const last = found.length === choice.atMost ? found[0] : read >= headersRead ? slice[0] : undefined
    if (last !== undefined && last !== indexes[0]) return { found, next: last }
    if (last !== undefined) return { found }
  }
  return { found }
}

function fitsInMemory({ state }: Replica, index: number, choice: BlockFilter): boolean {
  if (choice.author !== undefined && state.authorOf(index) !== choice.author) return false
  return !needsHeader(choice) || state.isPost(index)
}

function needsHeader({ re, type }: BlockFilter): boolean {
  return re !== undefined || type !== undefined
}

async function matchingOf(replica: Replica, slice: readonly number[], choice: BlockFilter): Promise<number[]> {
  if (!needsHeader(choice)) return [...slice]
  const blocks = await Promise.all(slice.map((index) => replica.block(index)))
  return slice.filter((_index, n) => {
    const block = blocks[n]
    return block !== undefined && headerFits(block.header, choice)
  })
}

function headerFits(header: Header, { re, type }: BlockFilter): boolean {
  return (re === undefined || header.re === re) && (type === undefined || isOfType(header.pay.type, type))
}
