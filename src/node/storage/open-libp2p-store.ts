/** Opens libp2p's datastore on a database, copies it to disk from time to time, and at the end. */
import type { Logger } from '../base/log.ts'
import type { Database } from './database.ts'
import { Libp2pStore } from './libp2p-store.ts'

/**
 * Between two copies to disk. At worst all peers were replaced meanwhile, and 12 MiB are written; a bootstrap node that
 * crashes has lost so many minutes of records, which each peer puts again within half an hour.
 */
const FLUSH_EVERY_MS = 10 * 60_000

export interface OpenLibp2pStore {
  readonly datastore: Libp2pStore
  /** Copies to disk what is not there yet. Before the database closes, after libp2p stopped. */
  close(): Promise<void>
}

/** @param self - this node's peer id */
export async function openLibp2pStore(database: Database, self: string, log: Logger): Promise<OpenLibp2pStore> {
  const datastore = new Libp2pStore(database.libp2p, self)
  await datastore.load()
  const stopping = new AbortController()
  const flush = async (): Promise<void> => {
    try {
      await datastore.flush()
    } catch (error) {
      log.warn('peers.not-saved', { why: String(error) })
    }
  }
  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS).unref()
  const dropping = database.libp2p.dropFormer(stopping.signal).catch((error: unknown) => {
    log.warn('peers.not-dropped', { why: String(error) })
  })
  return {
    datastore,
    close: async () => {
      clearInterval(timer)
      stopping.abort()
      await dropping
      await flush()
    },
  }
}
