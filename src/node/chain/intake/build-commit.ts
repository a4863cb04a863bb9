/** Stores what an intake decided, in one atomic change, and keeps the stock in step (spec §5). */
import { framesOfPayload, type Commit, type DroppedPayload, type NewBlock, type Payload } from '../../../dag/store.ts'
import type { BlockState, ChainRow, ChainStore } from '../../../reputation/block-state.ts'
import type { BlockStates } from './block-states.ts'
import { storedPayload } from './payload-size.ts'
import type { ChangeSet } from './change-set.ts'
import type { Entry } from './entry.ts'
import type { PayloadIndex } from './payload-index.ts'
import { blockOfStored } from './stored-block.ts'

const EMPTY = new Uint8Array(0)

export interface Committing {
  readonly blockStates: BlockStates
  readonly store: ChainStore
  readonly payloadIndex: PayloadIndex
}

/** A change that is ready to be stored. What is settled counts as stored from here on: the next change comes behind it. */
export interface ReadyCommit {
  /** Indexes from this one on are not stored when it is. */
  readonly end: number
  /** Stores all of it, and keeps the stock in step; nothing is written if nothing changed. To be called at once, and once. */
  readonly write: () => Promise<void>
}

/** Puts together what changed; nothing else may change meanwhile. */
export async function buildCommit(
  { blockStates, store, payloadIndex }: Committing,
  pending: ChangeSet,
  options: { readonly sync: boolean },
): Promise<ReadyCommit> {
  const { staging } = blockStates
  const first = staging.stored
  const payloadsDropped = await droppedOf(blockStates, store, pending)
  const entries = staging.toStore()
  const isAnyStored = entries.some(({ payload }) => payload === 'stored')
  const payloads = isAnyStored ? await payloadsOf(store, entries) : entries.map(({ payload }) => payload)
  const blocks = entries.map((entry, n) => newBlockOf(blockStates, entry, first + n, payloads[n] ?? 'missing'))
  const heads = blockStates.state.graph.takeHeadChanges()
  const states = new Map<number, BlockState>()
  for (const index of pending.touched) if (index < first) states.set(index, blockStates.stateOf(index))
  const isNothing = blocks.length + states.size + payloadsDropped.length === 0
  const commit: Commit<ChainRow> = {
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
    for (const [n, block] of blocks.entries()) keepBooks(blockStates, payloadIndex, block, first + n)
    for (const dropped of payloadsDropped) payloadIndex.dropped(dropped)
    for (const index of pending.unwanted) payloadIndex.unwant(index)
    for (const index of pending.wanted) payloadIndex.want(index)
    for (const { index, entry } of pending.recalled)
      if (blockStates.isLive(index)) await recallPayload(store, payloadIndex, index, entry)
  }
  return { end: staging.stored, write }
}

/** All are looked for at one moment: later, frames of some may have to go for what arrives. */
function payloadsOf(store: ChainStore, entries: readonly Entry[]): Promise<readonly Payload[]> {
  const look = async (entry: Entry): Promise<Payload> =>
    entry.payload === 'stored' ? storedPayload(store, entry) : entry.payload
  return Promise.all(entries.map(look))
}

function newBlockOf(blockStates: BlockStates, entry: Entry, index: number, payload: Payload): NewBlock<ChainRow> {
  const { state: reputation } = blockStates
  const { isOurs } = entry
  const { header, headerBytes, signature, id } = entry.block
  const { height, time, author, pay } = header
  const backs = reputation.graph.backs(index)
  return {
    row: {
      id,
      height,
      time,
      backs,
      author,
      like: reputation.likeOf(index),
      k: reputation.k(index),
      isOurs,
      state: blockStates.stateOf(index),
    },
    headerBytes,
    signature,
    paySize: pay.size,
    payload: pay.size === 0 ? EMPTY : payload,
  }
}

/** Empty payloads are always here: there is nothing to delete. */
async function droppedOf(blockStates: BlockStates, store: ChainStore, pending: ChangeSet): Promise<DroppedPayload[]> {
  const dropped: DroppedPayload[] = []
  for (const index of pending.unwanted) {
    if (index >= blockStates.staging.settled) continue
    const size = (await headerOf(blockStates, store, index)).pay.size
    if (size > 0) dropped.push({ index, id: blockStates.state.graph.id(index), size })
  }
  return dropped
}

async function headerOf(blockStates: BlockStates, store: ChainStore, index: number): Promise<Entry['block']['header']> {
  const entry = blockStates.staging.entry(index)
  if (entry !== undefined) return entry.block.header
  return blockOfStored(index, await store.block(index)).header
}

function keepBooks(
  blockStates: BlockStates,
  payloadIndex: PayloadIndex,
  block: NewBlock<ChainRow>,
  index: number,
): void {
  payloadIndex.addBlock(block.headerBytes.byteLength + (block.signature?.byteLength ?? 0))
  if (block.payload !== 'missing') {
    payloadIndex.addPayload(index, block.paySize)
    return
  }
  payloadIndex.lack(index)
  if (!blockStates.state.isHidden(index)) payloadIndex.want(index)
}

/** A payload that was deleted with its block comes back with it, or is asked for. */
async function recallPayload(
  store: ChainStore,
  payloadIndex: PayloadIndex,
  index: number,
  entry: Entry,
): Promise<void> {
  const { id, header } = entry.block
  if (header.pay.size === 0 || payloadIndex.has(index)) return
  payloadIndex.want(index)
  if (!(entry.payload instanceof Uint8Array)) return
  for (const [n, frame] of framesOfPayload(entry.payload).entries()) await store.putFrame(id, n, frame)
  await store.payloadArrived(index, header.pay.size)
  payloadIndex.addPayload(index, header.pay.size)
}
