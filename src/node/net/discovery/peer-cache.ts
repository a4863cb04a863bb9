/**
 * The peer cache (spec §9): addresses of peers that shared a chain with this node, most recent first. With it a node
 * whose bootstrap peers are gone still finds its network. The caller provides the storage.
 */
import { JobQueue } from '../../base/job-queue.ts'

/** Dialling all of them takes seconds. Older entries are unlikely to answer. */
export const MAX_CACHED_PEERS = 64

/** A peer may have addresses at home, in the LAN and on the internet; more of them would crowd out other peers. */
export const MAX_ADDRESSES_PER_PEER = 3

/** Persists the list. */
export interface PeerCacheStore {
  load(): Promise<readonly string[]>
  save(addresses: readonly string[]): Promise<void>
}

/** Returns the list with this peer's addresses in front, replacing its earlier ones. All end in `/p2p/<peer>`. */
export function withPeer(list: readonly string[], peer: string, addresses: readonly string[]): string[] {
  const end = `/p2p/${peer}`
  const fresh = [...new Set(addresses.map((address) => (address.endsWith(end) ? address : address + end)))]
  if (fresh.length === 0) return [...list]
  const others = list.filter((address) => !address.endsWith(end))
  return [...fresh.slice(0, MAX_ADDRESSES_PER_PEER), ...others].slice(0, MAX_CACHED_PEERS)
}

/**
 * The list in memory, written to the store.
 *
 * Invariants: the list has at most {@link MAX_CACHED_PEERS} addresses; `#isDirty` says that it differs from what was
 * last given to the store; writes are serialised.
 */
export class PeerCache {
  readonly #store: PeerCacheStore
  readonly #writing = new JobQueue()
  #list: readonly string[] = []
  #isDirty = false

  constructor(store: PeerCacheStore) {
    this.#store = store
  }

  get list(): readonly string[] {
    return this.#list
  }

  async load(): Promise<void> {
    this.#list = (await this.#store.load()).slice(0, MAX_CACHED_PEERS)
  }

  /** A new address is written at once; a change of order alone waits for `flush`. */
  async note(peer: string, addresses: readonly string[]): Promise<void> {
    const next = withPeer(this.#list, peer, addresses)
    const known = new Set(this.#list)
    const isNew = next.some((address) => !known.has(address))
    this.#isDirty ||= next.some((address, index) => address !== this.#list[index])
    this.#list = next
    if (isNew) await this.flush()
  }

  /** Removes all addresses of a peer. */
  async forget(peer: string): Promise<void> {
    const next = this.#list.filter((address) => !address.endsWith(`/p2p/${peer}`))
    this.#isDirty ||= next.length < this.#list.length
    this.#list = next
    await this.flush()
  }

  /** Writes the list if it has changed. */
  async flush(): Promise<void> {
    await this.#writing.run(async () => {
      if (!this.#isDirty) return
      this.#isDirty = false
      await this.#store.save(this.#list)
    })
  }
}
