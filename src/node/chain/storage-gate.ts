/**
 * What one chain may store now (spec §12): nothing while the disk has no room, and no payloads beyond the quota. It decides
 * only; whoever stores asks it first.
 */
import type { Header } from '../../dag/header.ts'
import type { Chain } from '../../dag/chain.ts'
import type { NoRoom } from '../storage/faults.ts'
import type { FreeSpace } from '../storage/free-space.ts'
import type { StorageRefusal } from './faults.ts'
import type { OverQuota, Quota } from './quota.ts'

export interface StorageGateModules {
  readonly chain: Chain
  /** Bytes that are stored of the chain. */
  readonly bytes: () => number
  readonly quota: Quota
  /** Without it the disk is not looked at. */
  readonly disk?: Pick<FreeSpace, 'noRoom' | 'lookAgain'> | undefined
}

export class StorageGate {
  readonly #modules: StorageGateModules
  /** Bytes of the smallest payload that was not taken. */
  #refusedBytes: number | undefined

  constructor(modules: StorageGateModules) {
    this.#modules = modules
  }

  /** Why nothing can be stored. */
  get noRoom(): NoRoom | undefined {
    return this.#modules.disk?.noRoom
  }

  /** The quota for which payloads are not taken, as far as some were offered. */
  get overQuota(): OverQuota | undefined {
    return this.#exceededBy(this.#refusedBytes ?? 1)
  }

  /**
   * Whether the payload of a block may be stored. In a group what is no signed post is taken in any case: it proves that a
   * member wrote the block (spec §3), and nobody would take the block from here without it.
   */
  takesPayload({ pay: { size }, author, like }: Header): boolean {
    const { chain } = this.#modules
    if (size === 0) return true
    if (chain.params.kind === 'group' && (author === undefined || like !== undefined)) return true
    if (this.#exceededBy(size) === undefined) return true
    this.#refusedBytes = Math.min(size, this.#refusedBytes ?? size)
    return false
  }

  /** Looks at the disk. Why a block with so long a payload cannot be made here now. */
  async refusalOf(size: number): Promise<StorageRefusal | undefined> {
    const noRoom = await this.#modules.disk?.lookAgain()
    if (noRoom !== undefined) return noRoom
    const over = size === 0 ? undefined : this.#exceededBy(size)
    const { name } = this.#modules.chain.params
    return over === undefined ? undefined : { code: 'CHAIN_OVER_QUOTA', name, ...over }
  }

  #exceededBy(more: number): OverQuota | undefined {
    return this.#modules.quota.exceededBy(more, this.#modules.bytes())
  }
}
