/** Reading a chain from LevelDB at start, without its headers and payloads. */
import { blockId, type BlockId } from '../../dag/ids.ts'
import type { LoadedChain, LoadedRow } from '../../dag/store.ts'
import { StorageFailed } from './faults.ts'
import { indexKey, lastPart, numberIn, rangeOf, type ChainKeys } from './row-keys.ts'
import { decodeArrival, decodeBlock, decodeMeta, decodeMissing, decodePage, decodeState, PAGE_BLOCKS } from './rows.ts'
import type { Level } from './writer.ts'

/** Bytes that LevelDB hands over in one step; its default of 16 KiB is less than one page. */
const READ_BYTES = 1024 * 1024

/** What a chain's store keeps in memory. */
export interface CommitState {
  blocks: number
  bytes: number
  /** Blocks that fill no page yet, with the states that they were committed with. */
  readonly tail: LoadedRow[]
  /** Blocks whose payload is not here. Their ids too, so that a payload that arrives takes no reading. */
  readonly missing: Map<number, BlockId>
  /** Frames here of each payload that is still arriving; the one longest untouched first. */
  readonly arriving: Map<BlockId, number>
  nextArrival: number
}

/** A stored value; Level's types do not say that there may be none. */
export async function readRow(db: Level, key: string): Promise<Uint8Array | undefined> {
  const value = (await db.get(key)) as Uint8Array | undefined
  return value === undefined ? undefined : plainBytes(value)
}

/** Many stored values, in the order asked, each through `take`, which gets Level's own `Buffer`. */
export async function readRows<T>(
  db: Level,
  keys: string[],
  take: (value: Uint8Array) => T,
): Promise<(T | undefined)[]> {
  const values = (await db.getMany(keys)) as (Uint8Array | undefined)[]
  return values.map((value) => (value === undefined ? undefined : take(value)))
}

/** Level hands out a `Buffer`, whose `slice` does not copy and which is equal to no `Uint8Array`. */
export function plainBytes(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

export async function loadState(db: Level, keys: ChainKeys): Promise<CommitState> {
  const meta = await readRow(db, keys.meta)
  const { blocks, bytes } = meta === undefined ? { blocks: 0, bytes: 0 } : decodeMeta(meta)
  const paged = blocks - (blocks % PAGE_BLOCKS)
  const tail: LoadedRow[] = []
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

/** From the last key alone: frames come in order. */
export async function countFrames(db: Level, keys: ChainKeys, id: BlockId): Promise<number> {
  const [last] = await db.keys({ ...rangeOf(keys.frames(id)), reverse: true, limit: 1 }).all()
  return last === undefined ? 0 : numberIn(last) + 1
}

/**
 * Hands all rows to `take`. When it is called, no write may be on its way: what is in memory and what the iterators see,
 * which is the disk of the moment in which they are made, have to be of one moment. Writes may come while it runs.
 */
export async function loadChain(
  db: Level,
  keys: ChainKeys,
  state: CommitState,
  take: (row: LoadedRow) => void,
): Promise<LoadedChain> {
  const { bytes } = state
  const missing = [...state.missing.keys()].sort((a, b) => a - b)
  const tail = [...state.tail]
  const paged = state.blocks - tail.length
  const headKeys = db.keys(rangeOf(keys.heads))
  const stateRows = db.iterator(rangeOf(keys.states))
  const pages = db.iterator({ ...rangeOf(keys.pages), highWaterMarkBytes: READ_BYTES })
  const heads = (await headKeys.all()).map(numberIn)
  const states = new Map((await stateRows.all()).map(([key, value]) => [numberIn(key), decodeState(value)] as const))
  let index = 0
  const takeNext = (row: LoadedRow): void => {
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
  return { heads, missing, bytes }
}
