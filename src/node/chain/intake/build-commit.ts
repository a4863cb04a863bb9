/**
 * Builds the atomic commit of a change set, writes it, and updates the payload index (spec §5). The payload of a post that
 * becomes hidden is marked as kept aside in that same commit (spec §4): after a crash both are there, or neither.
 */
import {
  frameCount,
  framesOfPayload,
  type Commit,
  type DroppedPayload,
  type NewBlock,
  type Payload,
} from '../../../dag/store.ts'
import type { BlockState, ChainRow, ChainStore } from '../../../reputation/block-state.ts'
import type { Clock } from '../../base/clock.ts'
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
  readonly clock: Clock
  /** How long the payload of a hidden post is kept aside. 0: it is deleted at once. */
  readonly keepHiddenMs: number
}

/** A commit that is ready to be written. Its blocks count as stored already: the next change goes behind them. */
export interface ReadyCommit {
  /** Blocks with this index or a higher one are not in the store when it is written. */
  readonly end: number
  /** The block before `end`, if this commit stores it. */
  readonly newest: CheckedBlock | undefined
  /** Writes the commit, unless it is empty, and updates the payload index. To be called at once, and only once. */
  readonly write: () => Promise<void>
}

/** The chain must not change until this resolves. */
export async function buildCommit(
  { blockStates, store, payloadIndex, clock, keepHiddenMs }: Committing,
  changeSet: ChangeSet,
  options: { readonly sync: boolean },
): Promise<ReadyCommit> {
  const { staging } = blockStates
  const first = staging.stored
  const isKept = keepHiddenMs > 0
  const toDelete = isKept ? changeSet.unwanted : [...changeSet.unwanted, ...changeSet.hidden]
  const payloadsDropped = await storedPayloads(blockStates, store, toDelete)
  const toKeep = isKept ? await storedPayloads(blockStates, store, changeSet.hidden) : []
  const payloadsAside = new Map(toKeep.map(({ index }) => [index, clock.nowMs()]))
  const payloadsBack = [...changeSet.wanted].filter((index) => payloadIndex.isAside(index))
  const settled = staging.toStore()
  const isAnyStored = settled.some(({ payload }) => payload === 'stored')
  const payloads = isAnyStored ? await payloadsOf(store, settled) : settled.map(({ payload }) => payload)
  const blocks = settled.map((checked, n) => newBlockOf(blockStates, checked, first + n, payloads[n] ?? 'missing'))
  const heads = blockStates.state.graph.takeHeadChanges()
  const states = new Map<number, BlockState>()
  for (const index of changeSet.touched) if (index < first) states.set(index, blockStates.stateOf(index))
  const payloadChanges = payloadsDropped.length + payloadsAside.size + payloadsBack.length
  const isEmpty = blocks.length + states.size + payloadChanges === 0
  const commit: Commit<ChainRow> = {
    first,
    blocks,
    headsAdded: heads.added,
    headsRemoved: heads.removed,
    states,
    payloadsDropped,
    payloadsAside,
    payloadsBack,
  }
  staging.committed()
  const write = async (): Promise<void> => {
    if (isEmpty) return
    await store.commit(commit, options)
    for (const [n, block] of blocks.entries()) indexPayload(blockStates, payloadIndex, block, first + n)
    for (const dropped of payloadsDropped) payloadIndex.dropped(dropped)
    for (const [index, sinceMs] of payloadsAside) payloadIndex.keepAside(index, sinceMs)
    for (const index of [...changeSet.unwanted, ...changeSet.hidden]) payloadIndex.unwant(index)
    for (const index of changeSet.wanted) payloadIndex.want(index)
    for (const { index, checked } of changeSet.recalled)
      if (blockStates.isLive(index) && !blockStates.state.isHidden(index))
        await recallPayload(store, payloadIndex, index, checked)
  }
  return { end: staging.stored, newest: settled.at(-1), write }
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

/** Of these blocks, those that are stored, or about to be. Without empty payloads: there is nothing to delete or to keep. */
async function storedPayloads(
  blockStates: BlockStates,
  store: ChainStore,
  indexes: Iterable<number>,
): Promise<DroppedPayload[]> {
  const payloads: DroppedPayload[] = []
  for (const index of indexes) {
    if (index >= blockStates.staging.settled) continue
    const block = blockStates.staging.unstored(index)?.block ?? blockOfStored(index, await store.block(index))
    const { size } = block.header.pay
    if (size > 0) payloads.push({ index, id: blockStates.state.graph.id(index), size })
  }
  return payloads
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
