/** Stores what an intake decided, in one atomic change, and keeps the stock in step (spec §5). */
import type { AuthorKey } from '../dag/ids.ts'
import {
  framesOfPayload,
  type BlockState,
  type ChainStore,
  type Commit,
  type DroppedPayload,
  type NewBlock,
} from '../dag/store.ts'
import type { Holdings } from './holdings.ts'
import { payloadHere } from './payload-size.ts'
import type { Pending } from './pending.ts'
import type { Entry } from './entry.ts'
import type { Stock } from './stock.ts'
import { blockOfStored } from './stored-block.ts'

export interface Committing {
  readonly holdings: Holdings
  readonly store: ChainStore
  readonly stock: Stock
}

/** A change that is ready to be stored. What is settled counts as stored from here on: the next change comes behind it. */
export interface ReadyCommit {
  /** Indexes from this one on are not stored when it is. */
  readonly end: number
  /** Stores all of it, and keeps the stock in step; nothing is written if nothing changed. To be called at once, and once. */
  readonly write: () => Promise<void>
}

/** Puts together what changed; nothing else may change meanwhile. */
export async function prepareCommit(
  { holdings, store, stock }: Committing,
  pending: Pending,
  options: { readonly sync: boolean },
): Promise<ReadyCommit> {
  const { staging } = holdings
  const first = staging.stored
  const blocks = await Promise.all(staging.toStore().map((entry, n) => newBlockOf(holdings, store, entry, first + n)))
  const heads = holdings.reputation.graph.takeHeadChanges()
  const states = new Map<number, BlockState>()
  for (const index of pending.touched) if (index < first) states.set(index, holdings.stateOf(index))
  const payloadsDropped = await droppedOf(holdings, store, pending)
  const isNothing = blocks.length + states.size + payloadsDropped.length === 0
  const commit: Commit = {
    first,
    blocks,
    headsAdded: heads.added,
    headsRemoved: heads.removed,
    states,
    payloadsDropped,
  }
  staging.committed()
  const write = async (): Promise<void> => {
    if (isNothing) return
    await store.commit(commit, options)
    for (const [n, block] of blocks.entries()) keepBooks(holdings, stock, block, first + n)
    for (const dropped of payloadsDropped) stock.dropped(dropped)
    for (const index of pending.unwanted) stock.unwant(index)
    for (const index of pending.wanted) stock.want(index)
    for (const { index, entry } of pending.recalled)
      if (holdings.isLive(index)) await recallPayload(store, stock, index, entry)
  }
  return { end: staging.stored, write }
}

async function newBlockOf(holdings: Holdings, store: ChainStore, entry: Entry, index: number): Promise<NewBlock> {
  const { reputation } = holdings
  const { graph } = reputation
  const { block, isOurs } = entry
  const { header, headerBytes, signature, id } = block
  const author: AuthorKey | undefined = header.author
  const like = reputation.likeOf(index)
  return {
    row: {
      id,
      height: header.height,
      time: header.time,
      backs: graph.backs(index),
      k: reputation.k(index),
      isOurs,
      ...(author === undefined ? {} : { author }),
      ...(like === undefined ? {} : { like }),
    },
    state: holdings.stateOf(index),
    headerBytes,
    ...(signature === undefined ? {} : { signature }),
    payId: header.pay.id,
    paySize: header.pay.size,
    payload: header.pay.size === 0 ? new Uint8Array(0) : await payloadHere(store, entry),
  }
}

/** Empty payloads are always here: there is nothing to delete. */
async function droppedOf(holdings: Holdings, store: ChainStore, pending: Pending): Promise<DroppedPayload[]> {
  const dropped: DroppedPayload[] = []
  for (const index of pending.unwanted) {
    if (index >= holdings.staging.settled) continue
    const size = (await headerOf(holdings, store, index)).pay.size
    if (size > 0) dropped.push({ index, id: holdings.reputation.graph.id(index), size })
  }
  return dropped
}

async function headerOf(holdings: Holdings, store: ChainStore, index: number): Promise<Entry['block']['header']> {
  const entry = holdings.staging.entry(index)
  if (entry !== undefined) return entry.block.header
  return blockOfStored(index, await store.block(index)).header
}

function keepBooks(holdings: Holdings, stock: Stock, block: NewBlock, index: number): void {
  stock.addBlock(block.headerBytes.byteLength + (block.signature?.byteLength ?? 0))
  if (block.payload !== 'missing') {
    stock.addPayload(index, block.paySize)
    return
  }
  stock.lack(index)
  if (!holdings.reputation.isHidden(index)) stock.want(index)
}

/** A payload that was deleted with its block comes back with it, or is asked for. */
async function recallPayload(store: ChainStore, stock: Stock, index: number, entry: Entry): Promise<void> {
  const { id, header } = entry.block
  if (header.pay.size === 0 || stock.has(index)) return
  stock.want(index)
  if (!(entry.payload instanceof Uint8Array)) return
  for (const [n, frame] of framesOfPayload(entry.payload).entries()) await store.putFrame(id, n, frame)
  await store.payloadArrived(index, header.pay.size)
  stock.addPayload(index, header.pay.size)
}
