/**
 * Peers remembered from last time (spec §9): addresses of peers that shared a chain with this node, most recent first, so
 * that a node whose bootstrap peers are gone still finds its way back. Where the list is kept is the caller's.
 */
import { JobQueue } from '../../base/job-queue.ts'

/** Dialling all of them takes seconds; more would be strangers from long ago. */
export const MAX_CACHED_PEERS = 64

/** A peer may be at home, in the LAN and on the internet; more addresses would crowd out other peers. */
export const MAX_ADDRESSES_PER_PEER = 3

/** Where the list lives between runs. */
export interface PeerCacheStore {
  load(): Promise<readonly string[]>
  save(addresses: readonly string[]): Promise<void>
}

/** The list with a peer's addresses in front, in place of those it had. All end in `/p2p/<peer>`. */
export function withPeer(list: readonly string[], peer: string, addresses: readonly string[]): string[] {
  const end = `/p2p/${peer}`
  const fresh = [...new Set(addresses.map((address) => (address.endsWith(end) ? address : address + end)))]
  if (fresh.length === 0) return [...list]
  const others = list.filter((address) => !address.endsWith(end))
  return [...fresh.slice(0, MAX_ADDRESSES_PER_PEER), ...others].slice(0, MAX_CACHED_PEERS)
}

/** The list in memory and on disk. */
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

  /** Written at once if the peer is new; a mere change of order can wait for `flush`. */
  async note(peer: string, addresses: readonly string[]): Promise<void> {
    const next = withPeer(this.#list, peer, addresses)
    const known = new Set(this.#list)
    const isNew = next.some((address) => !known.has(address))
    this.#isDirty ||= next.some((address, index) => address !== this.#list[index])
    this.#list = next
    if (isNew) await this.flush()
  }

  /** Takes all addresses of a peer out. */
  async forget(peer: string): Promise<void> {
    const next = this.#list.filter((address) => !address.endsWith(`/p2p/${peer}`))
    this.#isDirty ||= next.length < this.#list.length
    this.#list = next
    await this.flush()
  }

  /** Writes what has changed. */
  async flush(): Promise<void> {
    await this.#writing.run(async () => {
      if (!this.#isDirty) return
      this.#isDirty = false
      await this.#store.save(this.#list)
    })
  }
}
