/**
 * Forums where reps decide, on replicas: who has some and who has none, what is made here and what is told of it, and how
 * each block stands. Times are milliseconds since the epoch.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { author, bytes, chain, like, must, post } from './blocks.ts'
import { DAY } from './economy.ts'
import { NOW_MS, openReplica, type TestReplica } from './replicas.ts'
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import type { Result } from '../../src/dag/result.ts'
import type { BlockId } from '../../src/dag/ids.ts'
import type { BlockState, ChainStore } from '../../src/reputation/block-state.ts'
import type { ChainEvent } from '../../src/node/chain/intake/chain-events.ts'
import { openDatabase, type Database } from '../../src/node/storage/database.ts'
import { post as makePost, vote as makeVote, type Posted } from '../../src/node/chain/posting.ts'
import type { StorageRefusal } from '../../src/node/chain/faults.ts'
import type { BlockFault } from '../../src/protocol/faults.ts'
import type { StoreOutcome } from '../../src/protocol/pull-types.ts'

/** Founders of most forums here, by number of their keys. */
export const [ANN, BOB, CID, DOT] = [1, 2, 3, 4]

/** Authors who have no reps anywhere at first. */
export const [NED, NIA] = [101, 102]

/** When the blocks are made that were made elsewhere: well before {@link NOW_MS}, in the time that counts. */
export const THEN_MS = NOW_MS - 10 * DAY

/** A forum of the authors 1 to `pioneers`, who have ⌊30 / pioneers⌋ reps each at first. */
export function forumOf(pioneers: number): Chain {
  return chain('#forum', ...Array.from({ length: pioneers }, (_, n) => author(n + 1).author))
}

export interface ForumReplica extends TestReplica {
  readonly chain: Chain
  /** How long the payloads of hidden posts are kept aside; by default as long as a node keeps them. */
  readonly keepHiddenMs: number | undefined
  /** What was told since it was opened, or since {@link told}. */
  readonly events: ChainEvent[]
}

export async function openForumReplica(
  of: Chain,
  {
    store,
    nowMs = NOW_MS,
    keepHiddenMs,
  }: { store?: ChainStore; nowMs?: number; keepHiddenMs?: number | undefined } = {},
): Promise<ForumReplica> {
  const on = await openReplica(of, store, nowMs, keepHiddenMs)
  const events: ChainEvent[] = []
  on.replica.listen((seen) => events.push(...seen))
  return { ...on, chain: of, keepHiddenMs, events }
}

/** The same chain after a restart of its node; the one given is not to be used any more. */
export async function reopened(on: ForumReplica, keepHiddenMs = on.keepHiddenMs): Promise<ForumReplica> {
  const { chain: of, replica, store, clock } = on
  await replica.close()
  return openForumReplica(of, { store, nowMs: clock.nowMs(), keepHiddenMs })
}

/** The store of a chain on the real disk, gone when the test is over; `reopen` closes the database in between. */
export async function openOnDisk(of: Chain): Promise<{ store: ChainStore; reopen: () => Promise<ChainStore> }> {
  const dir = await mkdtemp(join(tmpdir(), 'freechains-'))
  let disk: Database = must(await openDatabase(dir))
  onTestFinished(async () => {
    await disk.close()
    await rm(dir, { recursive: true })
  })
  const reopen = async (): Promise<ChainStore> => {
    await disk.close()
    disk = must(await openDatabase(dir))
    return disk.chain(of.id)
  }
  return { store: disk.chain(of.id), reopen }
}

/** How a block stands here: stored, known only till somebody pays for it (`waiting`), or not here (`gone`). */
export function stands({ replica }: ForumReplica, { block }: MadeBlock): BlockState | 'waiting' | 'gone' {
  const index = replica.graph.indexOf(block.id)
  if (index !== undefined && replica.isKept(index)) return replica.stateOf(index)
  return replica.has(block.id) ? 'waiting' : 'gone'
}

/** How several blocks stand. */
export function allStand(on: ForumReplica, ...blocks: readonly MadeBlock[]): string {
  return blocks.map((made) => stands(on, made)).join(' ')
}

/** Kinds and ids of what was told since the last time, in its order. */
export function told({ events }: ForumReplica): [string, BlockId][] {
  return events.splice(0).map(({ kind, id }) => [kind, id])
}

/** Local index of a known block. */
export function indexOf({ replica }: ForumReplica, id: BlockId): number {
  return found(replica.graph.indexOf(id), id)
}

export function reps({ replica, clock }: ForumReplica, by: number): number {
  return replica.state.repsOf(author(by).author, clock.nowMs())
}

export function idsOf({ replica }: ForumReplica, indexes: Iterable<number>): BlockId[] {
  return [...indexes].map((index) => replica.graph.id(index))
}

/** Makes a post here, by an author's number or unsigned. */
export async function says({ replica, clock }: ForumReplica, by: number | 'nobody', text: string): Promise<Posted> {
  const pvt = by === 'nobody' ? {} : { pvt: author(by) }
  return must(await makePost(replica, { payload: bytes(text), ...pvt }, clock))
}

/** Makes a like (n = 1) or dislike here. */
export function votes(
  on: ForumReplica,
  by: number,
  n: 1 | -1,
  target: BlockId,
): Promise<Result<Posted, BlockFault | StorageRefusal>> {
  const { replica, clock } = on
  return makeVote(replica, { n, target: indexOf(on, target), payload: new Uint8Array(0), pvt: author(by) }, clock)
}

/** A block made here, as others would be given it. */
export async function madeHere(on: ForumReplica, { id }: Posted): Promise<MadeBlock> {
  const block = await on.replica.block(indexOf(on, id))
  const payload = await on.store.frame(id, 0)
  return { block, payload: payload ?? new Uint8Array(0) }
}

/** Takes one block in as if by gossip, and says what became of it. */
export async function hears({ replica }: TestReplica, made: MadeBlock): Promise<StoreOutcome['state']> {
  const [outcome] = await replica.ingest([made], 'gossip')
  return found(outcome, 'one block gives one outcome').state
}

/** A post by somebody without reps, and the like of it that pays for both; `by` pays. */
export function welcomed(on: Chain, by: number, newcomer: number, backs: readonly MadeBlock[]): [MadeBlock, MadeBlock] {
  const below = backs.map(({ block }) => block)
  const time = Math.max(THEN_MS, ...below.map(({ header }) => header.time))
  const guest = post(on, { author: newcomer, backs: below, time, payload: `by ${String(newcomer)}` })
  return [guest, like(on, 1, guest.block, { author: by, backs: [...below, guest.block] })]
}

function found<T>(value: T | undefined, what: string): T {
  return must<T>(value === undefined ? { ok: false, fault: what } : { ok: true, value })
}
