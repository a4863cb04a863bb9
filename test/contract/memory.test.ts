import type { ChainId } from '../../src/dag/ids.ts'
import { MemoryStore } from '../support/memory-store.ts'
import type { StorePlace } from './place.ts'
import { storeContract } from './store.ts'

/** Stands in for a disk: a chain's store lives on over a reopening, and is a new one after it was destroyed. */
class MemoryPlace implements StorePlace {
  readonly #chains = new Map<ChainId, MemoryStore>()

  chain(id: ChainId): MemoryStore {
    const known = this.#chains.get(id)
    if (known !== undefined && !known.isDestroyed) return known
    const made = new MemoryStore()
    this.#chains.set(id, made)
    return made
  }

  async reopen(): Promise<void> {}

  async close(): Promise<void> {}
}

storeContract('memory', async () => new MemoryPlace())
