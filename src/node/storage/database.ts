/**
 * The one LevelDB of a data directory, opened through datastore-level: the stores of all chains, rows of libp2p, and the
 * node's own small records. Keys are in `row-keys.ts`, values in `rows.ts`.
 */
import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { LevelDatastore } from 'datastore-level'
import { fail, ok, type Result } from '../../dag/result.ts'
import { chainId, type ChainId } from '../../dag/ids.ts'
import type { ChainStore } from '../../reputation/block-state.ts'
import { LevelChainStore } from './chain-store.ts'
import { closeToOthers, OpenedDir } from './data-dir.ts'
import { messageOf, type StorageFailed, type StorageFault } from './faults.ts'
import { Libp2pRows } from './libp2p-rows.ts'
import {
  ChainKeys,
  chainPart,
  chainPrefix,
  CHAINS_PREFIX,
  DOOMED_PREFIX,
  doomedKey,
  FORMAT_KEY,
  JOINED_PREFIX,
  joinedKey,
  lastPart,
  nodeKey,
  rangeOf,
} from './row-keys.ts'
import { plainBytes, readRow } from './load.ts'
import { chainRecords } from './record-names.ts'
import { decodeMeta } from './rows.ts'
import { BatchWriter, type Level } from './writer.ts'
import { isDirectory, makeDir } from '../base/make-dir.ts'

/** Incremented when rows change in a way that older versions would misread. */
const FORMAT = 2

/** What a node remembers of a chain that it joined. */
export interface JoinedRecord {
  readonly chain: ChainId
  /** As passed to {@link Database.putJoined}. */
  readonly record: Uint8Array
}

export class Database {
  /** What is open, with LevelDB under it. */
  readonly datastore: LevelDatastore
  /** Rows of libp2p's peer store and DHT. */
  readonly libp2p: Libp2pRows
  readonly #db: Level
  readonly #writer: BatchWriter
  readonly #chains = new Map<ChainId, LevelChainStore>()
  #onFailure: (failure: StorageFailed) => void = () => undefined

  constructor(datastore: LevelDatastore, opened: OpenedDir) {
    this.datastore = datastore
    this.#db = datastore.db
    this.#writer = new BatchWriter(
      datastore.db,
      () => opened.whyLost(),
      (failure) => {
        this.#onFailure(failure)
      },
    )
    this.libp2p = new Libp2pRows(datastore.db, this.#writer)
  }

  /** Calls `listener` when a write has failed, and so all later ones will: once. */
  onFailure(listener: (failure: StorageFailed) => void): void {
    this.#onFailure = listener
  }

  /** The store of a chain, empty if nothing was committed yet. The same object each time, until it is destroyed. */
  chain(id: ChainId): ChainStore {
    const known = this.#chains.get(id)
    if (known !== undefined) return known
    const destroy = (): Promise<void> => this.#destroy(id)
    const chain = new LevelChainStore(new ChainKeys(id), { db: this.#db, writer: this.#writer, destroy })
    this.#chains.set(id, chain)
    return chain
  }

  async joined(): Promise<readonly JoinedRecord[]> {
    const rows = await this.#db.iterator(rangeOf(JOINED_PREFIX)).all()
    return rows.map(([key, record]) => ({ chain: chainInKey(key), record: plainBytes(record) }))
  }

  /** Resolves when it is on the disk. */
  putJoined(chain: ChainId, record: Uint8Array): Promise<void> {
    return this.#writer.write([{ type: 'put', key: joinedKey(chain), value: record }], true)
  }

  /** Resolves when it is on the disk. Destroying the chain's store does this too. */
  removeJoined(chain: ChainId): Promise<void> {
    return this.#writer.write([{ type: 'del', key: joinedKey(chain) }], true)
  }

  /** The chains that have blocks here, joined or not, with the bytes of these. One step for each chain, whatever its length. */
  async storedChains(): Promise<readonly { readonly chain: ChainId; readonly bytes: number }[]> {
    const found: { chain: ChainId; bytes: number }[] = []
    const { gte, lt } = rangeOf(CHAINS_PREFIX)
    for (let from = gte; ;) {
      const [key] = await this.#db.keys({ gte: from, lt, limit: 1 }).all()
      if (key === undefined) return found
      const chain = chainId(Buffer.from(chainPart(key), 'hex'))
      const meta = await readRow(this.#db, new ChainKeys(chain).meta)
      found.push({ chain, bytes: meta === undefined ? 0 : decodeMeta(meta).bytes })
      from = rangeOf(chainPrefix(chain)).lt
    }
  }

  /** A small record of the node's own. @param name - a letter, then a–z, 0–9 and dashes */
  get(name: string): Promise<Uint8Array | undefined> {
    return readRow(this.#db, nodeKey(name))
  }

  /** Resolves when it is on the disk. */
  put(name: string, value: Uint8Array): Promise<void> {
    return this.#writer.write([{ type: 'put', key: nodeKey(name), value }], true)
  }

  /** Deletes such a record, if there is one. */
  remove(name: string): Promise<void> {
    return this.#writer.write([{ type: 'del', key: nodeKey(name) }], false)
  }

  /** Finishes the writes so far, then closes; later calls reject. */
  async close(): Promise<void> {
    await Promise.all([...this.#chains.values()].map((chain) => chain.idle()))
    await this.#writer.close()
    await this.datastore.close()
  }

  /**
   * The mark is written and the joined and small records deleted in one batch: after a crash a chain is whole, or not joined, and
   * then nothing of it stays that would hold when it is joined again, such as the founder that was chosen.
   */
  async #destroy(chain: ChainId): Promise<void> {
    const mark = { type: 'put', key: doomedKey(chain), value: new Uint8Array() } as const
    const records = [joinedKey(chain), ...chainRecords(chain).map(nodeKey)]
    await this.#writer.write([mark, ...records.map((key) => ({ type: 'del', key }) as const)], true)
    await removeDoomed(this.#db, chain)
    this.#chains.delete(chain)
  }
}

/** Opens the database in `dir/db`, and creates both if needed. Only their owner may read the folder: it holds keys. */
export async function openDatabase(dir: string): Promise<Result<Database, StorageFault>> {
  const path = databaseIn(dir)
  try {
    await makeDir(path, 0o700)
    await chmod(path, 0o700)
    const why = await closeToOthers(dir)
    if (why !== undefined) return fail({ code: 'DISK_OPEN_TO_OTHERS', dir, why })
  } catch (error) {
    return fail({ code: 'DISK_UNREADABLE', dir, why: messageOf(error) })
  }
  if (await hasLostCurrent(path)) return fail({ code: 'DISK_DAMAGED', dir, why: 'the file CURRENT is gone' })
  // From here on: it begins to open by itself.
  const datastore = new LevelDatastore(path)
  try {
    // The datastore's own `open` drops the cause of a failure.
    await datastore.db.open({ compression: false })
  } catch (error) {
    return fail(openFault(dir, error))
  }
  const found = await readFormat(datastore.db)
  if (found !== FORMAT) {
    await datastore.close()
    return fail({ code: 'DISK_FORMAT', dir, found, expected: FORMAT })
  }
  for (const key of await datastore.db.keys(rangeOf(DOOMED_PREFIX)).all()) {
    await removeDoomed(datastore.db, chainInKey(key))
  }
  return ok(new Database(datastore, await OpenedDir.of(dir, path)))
}

/** Whether there is a database, so that a command that only reads does not create one. */
export async function hasDatabase(dir: string): Promise<boolean> {
  // A folder that cannot be examined counts as there: opening it reports why.
  return await isDirectory(databaseIn(dir)).catch(() => true)
}

function databaseIn(dir: string): string {
  return join(dir, 'db')
}

function openFault(dir: string, error: unknown): StorageFault {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const why = messageOf(cause)
  if (code === 'LEVEL_LOCKED') return { code: 'DISK_LOCKED', dir }
  // The folder is there: one of the files in it is not.
  const isDamaged = code === 'LEVEL_CORRUPTION' || why.includes('No such file')
  return { code: isDamaged ? 'DISK_DAMAGED' : 'DISK_UNREADABLE', dir, why }
}

/** LevelDB takes a folder without this file for a new database, and deletes the files of the old one. */
async function hasLostCurrent(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => [])
  return !names.includes('CURRENT') && names.some((name) => name.startsWith('MANIFEST-') || name.endsWith('.ldb'))
}

/** Writes the number into a database that has none. */
async function readFormat(db: Level): Promise<number> {
  const stored = await readRow(db, FORMAT_KEY)
  if (stored !== undefined) return Number(Buffer.from(stored).toString())
  await db.batch([{ type: 'put', key: FORMAT_KEY, value: Buffer.from(String(FORMAT)) }], { sync: true })
  return FORMAT
}

async function removeDoomed(db: Level, chain: ChainId): Promise<void> {
  await db.clear(rangeOf(chainPrefix(chain)))
  await db.del(doomedKey(chain))
}

function chainInKey(key: string): ChainId {
  return chainId(Buffer.from(lastPart(key), 'hex'))
}
