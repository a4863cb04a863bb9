/** Builds the atomic commit of a change set, writes it, and updates the payload index (spec §5). */
import {
  frameCount,
  framesOfPayload,
  type Commit,
  type DroppedPayload,
  type NewBlock,
  type Payload,
} from '../../../dag/store.ts'
import type { BlockState, ChainRow, ChainStore } from '../../../reputation/block-state.ts'
import type { BlockStates } from './block-states.ts'
import type { ChangeSet } from './change-set.ts'
import type { CheckedBlock, Incoming } from './validate-block.ts'
import type { PayloadIndex } from './payload-index.ts'
import { blockOfStored } from './stored-blocks.ts'

const EMPTY = new Uint8Array(0)

export interface Committing {
  readonly blockStates: BlockStates
  readonly store: ChainStore
  readonly payloadIndex: PayloadIndex
}

/** A commit that is ready to be written. Its blocks count as stored already: the next change goes behind them. */
export interface ReadyCommit {
  /** Blocks with this index or a higher one are not in the store when it is written. */
  readonly end: number
  /** Writes the commit, unless it is empty, and updates the payload index. To be called at once, and only once. */
  readonly write: () => Promise<void>
}

/** The chain must not change until this resolves. */
export async function buildCommit(
  { blockStates, store, payloadIndex }: Committing,
  changeSet: ChangeSet,
  options: { readonly sync: boolean },
): Promise<ReadyCommit> {
  const { staging } = blockStates
  const first = staging.stored
  const payloadsDropped = await payloadsToDrop(blockStates, store, changeSet)
  const settled = staging.toStore()
  const isAnyStored = settled.some(({ payload }) => payload === 'stored')
  const payloads = isAnyStored ? await payloadsOf(store, settled) : settled.map(({ payload }) => payload)
  const blocks = settled.map((checked, n) => newBlockOf(blockStates, checked, first + n, payloads[n] ?? 'missing'))
  const heads = blockStates.state.graph.takeHeadChanges()
  const states = new Map<number, BlockState>()
  for (const index of changeSet.touched) if (index < first) states.set(index, blockStates.stateOf(index))
  const isEmpty = blocks.length + states.size + payloadsDropped.length === 0
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
    if (isEmpty) return
    await store.commit(commit, options)
    for (const [n, block] of blocks.entries()) indexPayload(blockStates, payloadIndex, block, first + n)
    for (const dropped of payloadsDropped) payloadIndex.dropped(dropped)
    for (const index of changeSet.unwanted) payloadIndex.unwant(index)
    for (const index of changeSet.wanted) payloadIndex.want(index)
    for (const { index, checked } of changeSet.recalled)
      if (blockStates.isLive(index)) await recallPayload(store, payloadIndex, index, checked)
  }
  return { end: staging.stored, write }
}

/** All are looked up at the same moment: a later arrival may push out frames of an earlier one. */
function payloadsOf(store: ChainStore, settled: readonly CheckedBlock[]): Promise<readonly Payload[]> {
  return Promise.all(settled.map((checked) => payloadOf(store, checked)))
}

/** Frames of a `stored` payload may have been pushed out since; then it is missing, and fetched again. */
async function payloadOf(store: ChainStore, { block, payload }: Incoming): Promise<Payload> {
  if (payload !== 'stored') return payload
  return (await store.frames(block.id)) === frameCount(block.header.pay.size) ? 'stored' : 'missing'
}

function newBlockOf(
  blockStates: BlockStates,
  { block, isOurs }: CheckedBlock,
  index: number,
  payload: Payload,
): NewBlock<ChainRow> {
  const { state: chainState } = blockStates
  const { header, headerBytes, signature, id } = block
  const { height, time, author, pay } = header
  const backs = chainState.graph.backs(index)
  const [like, k, state] = [chainState.likeOf(index), chainState.k(index), blockStates.stateOf(index)]
  return {
    row: { id, height, time, backs, author, like, k, isOurs, state },
    headerBytes,
    signature,
    paySize: pay.size,
    payload: pay.size === 0 ? EMPTY : payload,
  }
}

/** Empty payloads are never missing: there is nothing to delete. */
async function payloadsToDrop(
  blockStates: BlockStates,
  store: ChainStore,
  changeSet: ChangeSet,
): Promise<DroppedPayload[]> {
  const dropped: DroppedPayload[] = []
  for (const index of changeSet.unwanted) {
    if (index >= blockStates.staging.settled) continue
    const block = blockStates.staging.unstored(index)?.block ?? blockOfStored(index, await store.block(index))
    const { size } = block.header.pay
    if (size > 0) dropped.push({ index, id: blockStates.state.graph.id(index), size })
  }
  return dropped
}

function indexPayload(
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

/** The payload was deleted when its block was dropped: it is stored again if it came with the block, else it is wanted. */
async function recallPayload(
  store: ChainStore,
  payloadIndex: PayloadIndex,
  index: number,
  { block: { id, header }, payload }: CheckedBlock,
): Promise<void> {
  if (header.pay.size === 0 || payloadIndex.has(index)) return
  payloadIndex.want(index)
  if (!(payload instanceof Uint8Array)) return
  for (const [n, frame] of framesOfPayload(payload).entries()) await store.putFrame(id, n, frame)
  await store.payloadArrived(index, header.pay.size)
  payloadIndex.addPayload(index, header.pay.size)
}
