/**
 * Stored values of one chain and their bytes. What is read here was written here: bytes that do not decode mean a
 * damaged disk ({@link DiskFailed}), never a hostile peer.
 */
import { decode, encode } from '@ipld/dag-cbor'
import { blockId, ID_BYTES, idBytes } from '../dag/ids.ts'
import type { GraphRow, NewBlock, ParkReason, StoredBlock } from '../dag/store.ts'
import { DiskFailed } from './disk-faults.ts'

/**
 * Blocks in one page. A page is written once, when its last block comes, and a start reads all pages and at most this
 * many single rows less one: 1024 rows take about 10 ms to read, and rewriting nothing keeps commits small.
 */
export const PAGE_BLOCKS = 1024

/** Digest, height, time and count of backs of one block in a page. */
const ROW_BYTES = ID_BYTES + 4 + 8 + 1

/** Bytes and blocks of a chain, brought up to date in every commit. */
export interface Meta {
  readonly blocks: number
  readonly bytes: number
}

export function encodeMeta({ blocks, bytes }: Meta): Uint8Array {
  return encode([blocks, bytes])
}

export function decodeMeta(stored: Uint8Array): Meta {
  const [blocks, bytes] = decode<[number, number]>(stored)
  return { blocks, bytes }
}

type BlockRow = [Uint8Array, Uint8Array | null, Uint8Array, number, number, number[]]

/** The graph's part stands beside the header, so that a start decodes no headers. */
export function encodeBlock({ row, headerBytes, signature }: NewBlock): Uint8Array {
  const stored: BlockRow = [headerBytes, signature ?? null, idBytes(row.id), row.height, row.time, [...row.backs]]
  return encode(stored)
}

export function decodeBlock(stored: Uint8Array): StoredBlock & { readonly row: GraphRow } {
  const [headerBytes, signature, digest, height, time, backs] = decode<BlockRow>(stored)
  const row = { id: blockId(digest), height, time, backs }
  return signature === null ? { row, headerBytes } : { row, headerBytes, signature }
}

/** Columns, little-endian: digests, heights (u32), times (f64), counts of backs (u8), all backs (u32). */
export function encodePage(rows: readonly GraphRow[]): Uint8Array {
  const backs = rows.flatMap((row) => row.backs)
  const page = new Uint8Array(rows.length * ROW_BYTES + backs.length * 4)
  const view = new DataView(page.buffer)
  const at = columnsOf(rows.length)
  rows.forEach((row, n) => {
    page.set(idBytes(row.id), n * ID_BYTES)
    view.setUint32(at.heights + n * 4, row.height, true)
    view.setFloat64(at.times + n * 8, row.time, true)
    view.setUint8(at.counts + n, row.backs.length)
  })
  backs.forEach((back, n) => {
    view.setUint32(at.backs + n * 4, back, true)
  })
  return page
}

/** Appends the page's rows to `rows`. */
export function decodePage(page: Uint8Array, rows: GraphRow[]): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const at = columnsOf(PAGE_BLOCKS)
  if (page.byteLength < at.backs) throw new DiskFailed('a page of blocks is too short')
  let backAt = at.backs
  for (let n = 0; n < PAGE_BLOCKS; n += 1) {
    const end = backAt + view.getUint8(at.counts + n) * 4
    if (end > page.byteLength) throw new DiskFailed('a page of blocks is too short')
    const backs: number[] = []
    for (; backAt < end; backAt += 4) backs.push(view.getUint32(backAt, true))
    rows.push({
      id: blockId(page.subarray(n * ID_BYTES, (n + 1) * ID_BYTES)),
      height: view.getUint32(at.heights + n * 4, true),
      time: view.getFloat64(at.times + n * 8, true),
      backs,
    })
  }
}

function columnsOf(rows: number): { heights: number; times: number; counts: number; backs: number } {
  const heights = rows * ID_BYTES
  const times = heights + rows * 4
  const counts = times + rows * 8
  return { heights, times, counts, backs: counts + rows }
}

export function encodeParked(reason: ParkReason): Uint8Array {
  return encode(reason)
}

export function decodeParked(stored: Uint8Array): ParkReason {
  return decode<ParkReason>(stored)
}

/** When a payload's latest frame came, as a number that only grows. */
export function encodeArrival(order: number): Uint8Array {
  return encode(order)
}

export function decodeArrival(stored: Uint8Array): number {
  return decode<number>(stored)
}
