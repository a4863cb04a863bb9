/** The rows of `libp2p-store.ts` in LevelDB, and the removal of those that earlier versions let libp2p write itself. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PEERS_KEPT, PROVIDER_RECORDS } from '../../protocol/peer-limits.ts'
import { plainBytes } from './load.ts'
import { LIBP2P_PREFIX, rangeOf } from './row-keys.ts'
import type { BatchWriter, Level } from './writer.ts'

export interface Libp2pRow {
  /** libp2p's own key. */
  readonly key: string
  readonly value: Uint8Array
}

/** Where libp2p wrote by itself: without bounds, so a stranger may have left gigabytes here. They are never read. */
const FORMER_PREFIXES = ['/peers/', '/dht/', '/pubsub/']

/** Rows deleted in one step, so that other reads and writes get between. */
const PER_STEP = 64

export class Libp2pRows {
  readonly #db: Level
  readonly #writer: BatchWriter

  constructor(db: Level, writer: BatchWriter) {
    this.#db = db
    this.#writer = writer
  }

  /** No more than were ever written: the rest was not written by this version. */
  async *load(): AsyncGenerator<Libp2pRow> {
    const range = { ...rangeOf(LIBP2P_PREFIX), limit: 2 * (PEERS_KEPT + PROVIDER_RECORDS) }
    for await (const [key, value] of this.#db.iterator(range)) {
      yield { key: key.slice(LIBP2P_PREFIX.length - 1), value: plainBytes(value) }
    }
  }

  /** Without a flush: what a power cut takes is told again. */
  async write(puts: readonly Libp2pRow[], dels: readonly string[]): Promise<void> {
    const ops = [
      ...puts.map(({ key, value }) => ({ type: 'put', key: rowKey(key), value }) as const),
      ...dels.map((key) => ({ type: 'del', key: rowKey(key) }) as const),
    ]
    if (ops.length > 0) await this.#writer.write(ops, false)
  }

  /** Deletes what earlier versions wrote, step by step, until it is gone or the signal aborts. */
  async dropFormer(signal: AbortSignal): Promise<void> {
    for (const range of FORMER_PREFIXES.map(rangeOf)) {
      let dropped = 0
      for (; !signal.aborted; dropped += 1) {
        const [key] = await this.#db.keys({ ...range, limit: 1 }).all()
        if (key === undefined) break
        await this.#db.clear({ ...range, limit: PER_STEP })
        await nextTurn()
      }
      // The space comes back only as LevelDB writes its files anew.
      if (dropped > 0 && !signal.aborted) await compact(this.#db, range)
    }
  }
}

function rowKey(key: string): string {
  return `${LIBP2P_PREFIX.slice(0, -1)}${key}`
}

/** LevelDB in Node has it; the types of `level`, which also runs in browsers, do not. */
async function compact(db: Level, { gte, lt }: { readonly gte: string; readonly lt: string }): Promise<void> {
  const native = db as unknown as { compactRange?: (start: string, end: string) => Promise<void> }
  await native.compactRange?.(gte, lt)
}
