/** Blocks as a store is given them: a line of blocks with made-up headers, which no store looks into. */
import type { BlockId } from '../../src/dag/ids.ts'
import { FRAME_BYTES, type Commit, type DroppedPayload, type LoadedChain, type NewBlock } from '../../src/dag/store.ts'
import type { BlockState, ChainRow, ChainStore } from '../../src/reputation/block-state.ts'
import { drawnId } from './draw.ts'

/** Block number `index` of a line, or with the given backs, paid for unless told; every second one has a signature. */
export function stored(
  index: number,
  more: Partial<NewBlock<ChainRow>> & { readonly backs?: readonly number[]; readonly state?: BlockState } = {},
): NewBlock<ChainRow> {
  const { backs, state, ...rest } = more
  const payload = rest.payload ?? new TextEncoder().encode(`payload ${String(index)}`)
  return {
    row: { ...rowOf(index, backs), ...(state === undefined ? {} : { state }) },
    headerBytes: new TextEncoder().encode(`header ${String(index)}`),
    ...(index % 2 === 0 ? { signature: new Uint8Array(64).fill(index) } : {}),
    paySize: typeof payload === 'string' ? 0 : payload.byteLength,
    payload,
    ...rest,
  }
}

/** A paid post that nobody signed; as {@link stored} comes back. */
export function rowOf(index: number, backs: readonly number[] = [index - 1]): ChainRow {
  const time = 1_700_000_000_000 + index
  return { id: drawnId(`stored ${String(index)}`), height: index, time, backs, k: 0, isOurs: false, state: 'paid' }
}

/** All that a store loads. */
export async function loadAll(store: ChainStore): Promise<LoadedChain & { readonly rows: readonly ChainRow[] }> {
  const rows: ChainRow[] = []
  return { ...(await store.load((row) => rows.push(row))), rows }
}

/** The payload of {@link stored} number `index`, to be deleted. */
export function dropOf(index: number, size = `payload ${String(index)}`.length): DroppedPayload {
  return { index, id: rowOf(index).id, size }
}

/** Appends a line of blocks up to `last` in one commit; the last of them is the only head. */
export function line(first: number, last: number): Commit<ChainRow> {
  const blocks = Array.from({ length: last - first + 1 }, (_, n) => stored(first + n))
  return { first, blocks, headsAdded: [last], headsRemoved: first === 1 ? [] : [first - 1] }
}

/** Of this many bytes, each frame different. */
export function payloadOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, n) => (n + Math.floor(n / FRAME_BYTES)) % 251)
}

export async function readAll(store: ChainStore, id: BlockId): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let n = 0; n < (await store.frames(id)); n += 1) parts.push((await store.frame(id, n))!)
  return Uint8Array.from(Buffer.concat(parts))
}
