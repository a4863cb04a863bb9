/**
 * Encodes and decodes the stored values of one chain (layout in `docs/decisions/0005-leveldb-keys.md`). This node wrote
 * them itself: bytes that do not decode mean a damaged disk ({@link StorageFailed}), never a hostile peer.
 */
import { decode, encode } from '@ipld/dag-cbor'
import { CborWriter } from '../../dag/cbor-writer.ts'
import { Bug } from '../../dag/result.ts'
import { authorKey, blockId, ID_BYTES, idBytes, writeId, type AuthorKey, type BlockId } from '../../dag/ids.ts'
import type { NewBlock, StoredBlock } from '../../dag/store.ts'
import type { BlockState, ChainRow } from '../../reputation/block-state.ts'
import { StorageFailed } from './faults.ts'

/**
 * Blocks in one page. A page is written once, by the commit that fills it; a start reads all pages and at most
 * `PAGE_BLOCKS - 1` single rows. 1024 rows take about 10 ms to read, and no page is ever rewritten, so commits stay small.
 */
export const PAGE_BLOCKS = 1024

/** States as stored. A number never changes its meaning. 0 stays unused, so zeroed bytes do not decode as a state. */
const STATE_NUMBERS: { readonly [S in BlockState]: number } = {
  paid: 1,
  unpaid: 2,
  held: 3,
  guest: 4,
  surplus: 5,
  ahead: 6,
  'set-back': 7,
  dropped: 8,
}

const STATES = new Map<number, BlockState>()
for (const state of Object.keys(STATE_NUMBERS) as BlockState[]) STATES.set(STATE_NUMBERS[state], state)

/** Highest bit of the flags byte; the lower bits hold the number of the state. */
const OURS = 0x80

/** In place of an author's number, in a page: the block is unsigned. No page has that many authors. */
const UNSIGNED = 0xffff

/** Targets of likes are stored doubled, in 32 bits. */
const TARGETS = 2 ** 31

/** Offsets of the columns of a page. */
const TIMES = PAGE_BLOCKS * ID_BYTES
const HEIGHTS = TIMES + PAGE_BLOCKS * 8
const LIKES = HEIGHTS + PAGE_BLOCKS * 4
const KS = LIKES + PAGE_BLOCKS * 4
const AUTHORS = KS + PAGE_BLOCKS * 4
const FLAGS = AUTHORS + PAGE_BLOCKS * 2
const BACK_COUNTS = FLAGS + PAGE_BLOCKS
const KEY_COUNT = BACK_COUNTS + PAGE_BLOCKS
const KEYS = KEY_COUNT + 2

/** Totals of a chain, written by every commit. */
export interface Meta {
  readonly blocks: number
  readonly bytes: number
}

/** A row being decoded. Optional fields are assigned when present: spreads cost too much over a million rows. */
type Draft = { -readonly [K in keyof ChainRow]: ChainRow[K] }

/** Elements of a {@link StoredRow}. */
const ROW_PARTS = 10

type StoredRow = [
  header: Uint8Array,
  signature: Uint8Array | null,
  digest: Uint8Array,
  height: number,
  time: number,
  backs: number[],
  author: Uint8Array | null,
  like: number,
  k: number,
  flags: number,
]

export function encodeMeta({ blocks, bytes }: Meta): Uint8Array {
  return encode([blocks, bytes])
}

export function decodeMeta(stored: Uint8Array): Meta {
  const [blocks, bytes] = decodedList<[number, number]>(stored, 2)
  return { blocks, bytes }
}

/** The row is stored beside the header, so that a start decodes no headers. */
export function encodeBlock({ row, headerBytes, signature }: NewBlock<ChainRow>): Uint8Array {
  const { id, height, time, backs, author } = row
  if ((row.k | 0) !== row.k) throw new Bug(`k = ${String(row.k)} is no integer of 32 bits`)
  const most = headerBytes.byteLength + (signature?.byteLength ?? 0) + 2 * ID_BYTES + 9 * (ROW_PARTS + 1 + backs.length)
  const writer = new CborWriter(most)
    .list(ROW_PARTS)
    .bytes(headerBytes)
    .bytes(signature)
    .id(id)
    .int(height)
    .int(time)
    .list(backs.length)
  for (const back of backs) writer.int(back)
  return (author === undefined ? writer.bytes(undefined) : writer.id(author))
    .int(packedLike(row))
    .int(row.k)
    .int(packedFlags(row))
    .take()
}

/** The row has the state that the block was committed with. */
export function decodeBlock(stored: Uint8Array): { readonly row: ChainRow; readonly block: StoredBlock } {
  const [headerBytes, signature, digest, height, time, backs, author, like, k, flags] = decodedList<StoredRow>(
    stored,
    ROW_PARTS,
  )
  const row: Draft = { id: blockId(digest), height, time, backs, k, ...unpackedFlags(flags) }
  if (author !== null) row.author = authorKey(author)
  if (like !== 0) row.like = unpackedLike(like)
  return { row, block: signature === null ? { headerBytes } : { headerBytes, signature } }
}

/** Reads the first two elements of a row and skips the rest: replies to a peer that catches up need no more. */
export function decodeStoredBlock(stored: Uint8Array): StoredBlock {
  const header = bytesAt(stored, 1)
  const at = header.byteOffset - stored.byteOffset + header.byteLength
  return stored[at] === NULL ? { headerBytes: header } : { headerBytes: header, signature: bytesAt(stored, at) }
}

const NULL = 0xf6

/** A dag-cbor byte string of less than 2^16 bytes at `at`, as a plain `Uint8Array` view even where `stored` is a `Buffer`. */
function bytesAt(stored: Uint8Array, at: number): Uint8Array {
  const first = (stored[at] ?? 0) - 0x40
  const wide = first === 0x18 ? 1 : first === 0x19 ? 2 : 0
  const a = stored[at + 1] ?? 0
  const length = wide === 0 ? first : wide === 1 ? a : a * 256 + (stored[at + 2] ?? 0)
  const from = at + 1 + wide
  if (length < 0 || (wide === 0 && length > 0x17) || from + length > stored.byteLength)
    throw new StorageFailed('a stored row does not decode')
  return new Uint8Array(stored.buffer, stored.byteOffset + from, length)
}

/**
 * {@link PAGE_BLOCKS} rows as columns, little-endian: digests, times (f64), heights (u32), likes (u32), k (i32), author
 * numbers (u16), flags (u8), counts of backs (u8); then the count of authors (u16), their keys, and all backs (u32).
 */
export function encodePage(rows: readonly ChainRow[]): Uint8Array {
  const numbers = new Map<AuthorKey, number>()
  for (const { author } of rows) if (author !== undefined && !numbers.has(author)) numbers.set(author, numbers.size)
  const backCount = rows.reduce((sum, row) => sum + row.backs.length, 0)
  const backsAt = KEYS + numbers.size * ID_BYTES
  const page = new Uint8Array(backsAt + backCount * 4)
  const view = new DataView(page.buffer)
  let backAt = backsAt
  for (const [n, row] of rows.entries()) {
    writeId(row.id, page, n * ID_BYTES)
    view.setFloat64(TIMES + n * 8, row.time, true)
    view.setUint32(HEIGHTS + n * 4, row.height, true)
    view.setUint32(LIKES + n * 4, packedLike(row), true)
    view.setInt32(KS + n * 4, row.k, true)
    view.setUint16(AUTHORS + n * 2, row.author === undefined ? UNSIGNED : (numbers.get(row.author) ?? UNSIGNED), true)
    view.setUint8(FLAGS + n, packedFlags(row))
    view.setUint8(BACK_COUNTS + n, row.backs.length)
    for (const back of row.backs) {
      view.setUint32(backAt, back, true)
      backAt += 4
    }
  }
  view.setUint16(KEY_COUNT, numbers.size, true)
  for (const [author, number] of numbers) writeId(author, page, KEYS + number * ID_BYTES)
  return page
}

/** Calls `take` with each row of the page, with the state that the block was committed with. */
export function decodePage(page: Uint8Array, take: (row: ChainRow) => void): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  if (page.byteLength < KEYS) throw new StorageFailed('a page of blocks is too short')
  const keyCount = view.getUint16(KEY_COUNT, true)
  let backAt = KEYS + keyCount * ID_BYTES
  if (page.byteLength < backAt) throw new StorageFailed('a page of blocks is too short')
  const authors: AuthorKey[] = []
  for (let at = KEYS; at < backAt; at += ID_BYTES) authors.push(authorKey(page.subarray(at, at + ID_BYTES)))
  for (let n = 0; n < PAGE_BLOCKS; n += 1) {
    const end = backAt + view.getUint8(BACK_COUNTS + n) * 4
    if (end > page.byteLength) throw new StorageFailed('a page of blocks is too short')
    const backs: number[] = []
    for (; backAt < end; backAt += 4) backs.push(view.getUint32(backAt, true))
    const flags = view.getUint8(FLAGS + n)
    const row: Draft = {
      id: blockId(page.subarray(n * ID_BYTES, (n + 1) * ID_BYTES)),
      height: view.getUint32(HEIGHTS + n * 4, true),
      time: view.getFloat64(TIMES + n * 8, true),
      backs,
      k: view.getInt32(KS + n * 4, true),
      isOurs: (flags & OURS) !== 0,
      state: stateOf(flags & ~OURS),
    }
    const number = view.getUint16(AUTHORS + n * 2, true)
    if (number !== UNSIGNED) {
      const author = authors[number]
      if (author === undefined) throw new StorageFailed(`a page of blocks has no author ${String(number)}`)
      row.author = author
    }
    const like = view.getUint32(LIKES + n * 4, true)
    if (like !== 0) row.like = unpackedLike(like)
    take(row)
  }
  if (backAt !== page.byteLength) throw new StorageFailed('a page of blocks is too long')
}

/** A state that replaces the one the block was committed with. */
export function encodeState(state: BlockState): Uint8Array {
  return Uint8Array.of(STATE_NUMBERS[state])
}

export function decodeState(stored: Uint8Array): BlockState {
  return stateOf(stored.byteLength === 1 ? stored[0] : undefined)
}

/** Marks the payload of this block as missing. */
export function encodeMissing(id: BlockId): Uint8Array {
  return idBytes(id)
}

export function decodeMissing(stored: Uint8Array): BlockId {
  if (stored.byteLength !== ID_BYTES) throw new StorageFailed('a mark of a missing payload is no digest')
  return blockId(stored)
}

/** Marks the payload of this block as kept aside since this time, in ms. */
export function encodeAside(sinceMs: number): Uint8Array {
  return encode(sinceMs)
}

export function decodeAside(stored: Uint8Array): number {
  const sinceMs = decoded(stored)
  if (typeof sinceMs !== 'number') throw new StorageFailed('a mark of a payload kept aside is no time')
  return sinceMs
}

/** A counter that says which payload got its latest frame longest ago. */
export function encodeArrival(order: number): Uint8Array {
  return encode(order)
}

export function decodeArrival(stored: Uint8Array): number {
  const order = decoded(stored)
  if (typeof order !== 'number') throw new StorageFailed('an arrival has no number')
  return order
}

function decoded(stored: Uint8Array): unknown {
  try {
    return decode(stored)
  } catch (cause) {
    throw new StorageFailed('a stored row does not decode', { cause })
  }
}

function decodedList<T extends readonly unknown[]>(stored: Uint8Array, length: T['length']): T {
  const list = decoded(stored)
  if (!Array.isArray(list) || list.length !== length) throw new StorageFailed('a stored row has other parts')
  return list as unknown as T
}

/** Twice the target, plus 1 for a like; 0 for a post. The genesis is no target. */
function packedLike({ like }: ChainRow): number {
  if (like === undefined) return 0
  const { n, target } = like
  if (target < 1 || target >= TARGETS) throw new Bug(`a like of block ${String(target)}`)
  return target * 2 + (n === 1 ? 1 : 0)
}

function unpackedLike(packed: number): NonNullable<ChainRow['like']> {
  if (packed === 1) throw new StorageFailed('a like of the genesis')
  return { n: (packed & 1) === 1 ? 1 : -1, target: packed >>> 1 }
}

function packedFlags({ isOurs, state }: ChainRow): number {
  return STATE_NUMBERS[state] | (isOurs ? OURS : 0)
}

function unpackedFlags(flags: number): Pick<ChainRow, 'isOurs' | 'state'> {
  return { isOurs: (flags & OURS) !== 0, state: stateOf(flags & ~OURS) }
}

function stateOf(number: number | undefined): BlockState {
  const state = number === undefined ? undefined : STATES.get(number)
  if (state === undefined) throw new StorageFailed(`no state of a block has the number ${String(number)}`)
  return state
}
