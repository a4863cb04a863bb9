/** Reads a chain from LevelDB at start, without its headers and payloads; and the helpers for reading single rows. */
import { blockId, type BlockId } from '../../dag/ids.ts'
import type { LoadedChain } from '../../dag/store.ts'
import type { ChainRow } from '../../reputation/block-state.ts'
import { StorageFailed } from './faults.ts'
import { indexKey, lastPart, numberIn, rangeOf, type ChainKeys } from './row-keys.ts'
import {
  decodeArrival,
  decodeAside,
  decodeBlock,
  decodeMeta,
  decodeMissing,
  decodePage,
  decodeState,
  PAGE_BLOCKS,
} from './rows.ts'
import type { Level } from './writer.ts'

/** Bytes that LevelDB reads in one step; its default of 16 KiB is less than one page. */
const READ_BYTES = 1024 * 1024

/** What a chain's store holds in memory to encode its next commit. */
export interface CommitState {
  /** Blocks committed; the genesis is not counted. */
  blocks: number
  /** Bytes of headers, signatures and complete payloads. */
  bytes: number
  /** The last `blocks % PAGE_BLOCKS` rows, which fill no page yet, with the states that they were committed with. */
  readonly tail: ChainRow[]
  /** Blocks whose payload is missing. With their ids, so that the arrival of a payload reads nothing. */
  readonly missing: Map<number, BlockId>
  /** Frames stored of each payload that is still arriving; the one that got a frame longest ago is first. */
  readonly arriving: Map<BlockId, number>
  /** Greater than every number in an arrival row. */
  nextArrival: number
}

/** A stored value. Level's types do not say that there may be none. */
export async function readRow(db: Level, key: string): Promise<Uint8Array | undefined> {
  const value = (await db.get(key)) as Uint8Array | undefined
  return value === undefined ? undefined : plainBytes(value)
}

/** Many stored values, in the order asked, each mapped by `take`, which gets Level's own `Buffer`. */
export async function readRows<T>(
  db: Level,
  keys: string[],
  take: (value: Uint8Array) => T,
): Promise<(T | undefined)[]> {
  const values = (await db.getMany(keys)) as (Uint8Array | undefined)[]
  return values.map((value) => (value === undefined ? undefined : take(value)))
}

/** Level returns a `Buffer`, whose `slice` does not copy and which deep-equals no `Uint8Array`. */
export function plainBytes(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

export async function loadState(db: Level, keys: ChainKeys): Promise<CommitState> {
  const meta = await readRow(db, keys.meta)
  const { blocks, bytes } = meta === undefined ? { blocks: 0, bytes: 0 } : decodeMeta(meta)
  const paged = blocks - (blocks % PAGE_BLOCKS)
  const tail: ChainRow[] = []
  const range = { gte: indexKey(keys.blocks, paged + 1), lt: rangeOf(keys.blocks).lt, highWaterMarkBytes: READ_BYTES }
  for await (const value of db.values(range)) tail.push(decodeBlock(value).row)
  if (paged + tail.length !== blocks)
    throw new StorageFailed(`${String(tail.length)} blocks after page ${String(paged)}`)
  const missing = new Map<number, BlockId>()
  for await (const [key, value] of db.iterator(rangeOf(keys.missing))) missing.set(numberIn(key), decodeMissing(value))
  return { blocks, bytes, tail, missing, ...(await loadArrivals(db, keys)) }
}

async function loadArrivals(db: Level, keys: ChainKeys): Promise<Pick<CommitState, 'arriving' | 'nextArrival'>> {
  const rows = await db.iterator(rangeOf(keys.arrivals)).all()
  const arrivals = rows.map(([key, value]) => ({
    id: blockId(Buffer.from(lastPart(key), 'hex')),
    order: decodeArrival(value),
  }))
  arrivals.sort((a, b) => a.order - b.order)
  const arriving = new Map<BlockId, number>()
  for (const { id } of arrivals) arriving.set(id, await countFrames(db, keys, id))
  return { arriving, nextArrival: (arrivals.at(-1)?.order ?? 0) + 1 }
}

/** Reads the last key alone: frames are stored in order, without gaps. */
export async function countFrames(db: Level, keys: ChainKeys, id: BlockId): Promise<number> {
  const [last] = await db.keys({ ...rangeOf(keys.frames(id)), reverse: true, limit: 1 }).all()
  return last === undefined ? 0 : numberIn(last) + 1
}

/**
 * Calls `take` with all rows. No write may be pending when this is called: `state` and the iterators, which see the disk
 * as of their creation, must agree. Writes may come while it runs.
 */
export async function loadChain(
  db: Level,
  keys: ChainKeys,
  state: CommitState,
  take: (row: ChainRow) => void,
): Promise<LoadedChain> {
  const { bytes } = state
  const missing = [...state.missing.keys()].sort((a, b) => a - b)
  const tail = [...state.tail]
  const paged = state.blocks - tail.length
  const headKeys = db.keys(rangeOf(keys.heads))
  const stateRows = db.iterator(rangeOf(keys.states))
  const asideRows = db.iterator(rangeOf(keys.aside))
  const pages = db.iterator({ ...rangeOf(keys.pages), highWaterMarkBytes: READ_BYTES })
  const heads = (await headKeys.all()).map(numberIn)
  const states = new Map((await stateRows.all()).map(([key, value]) => [numberIn(key), decodeState(value)] as const))
  const aside = new Map((await asideRows.all()).map(([key, value]) => [numberIn(key), decodeAside(value)] as const))
  let index = 0
  const takeNext = (row: ChainRow): void => {
    index += 1
    const latest = states.get(index)
    take(latest === undefined ? row : { ...row, state: latest })
  }
  for await (const [key, page] of pages) {
    if ((numberIn(key) - 1) * PAGE_BLOCKS !== index) throw new StorageFailed(`no page for block ${String(index + 1)}`)
    decodePage(page, takeNext)
  }
  if (index !== paged) throw new StorageFailed(`pages hold ${String(index)} blocks, not ${String(paged)}`)
  tail.forEach(takeNext)
  return { heads, missing, aside, bytes }
}
