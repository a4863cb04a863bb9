/**
 * Chains whose blocks are in the database though they are not joined (spec §12): those taken out of the config file since
 * the node ran before. They are listed with what they take, and deleted by command alone.
 */
import { showChainId, meantName } from '../../dag/chain.ts'
import { parseChainId, type ChainId } from '../../dag/ids.ts'
import type { Database } from '../storage/database.ts'
import { loadConfigured, removeChainRecords } from '../storage/records.ts'

export interface LeftOver {
  readonly chain: ChainId
  /** As shown. */
  readonly id: string
  /** Undefined if nothing says whose blocks they are. */
  readonly name: string | undefined
  /** Bytes of headers, signatures and payloads. */
  readonly bytes: number
}

export class LeftOvers {
  readonly #database: Database
  readonly #found = new Map<ChainId, LeftOver>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Looks what is in the database besides these chains. */
  async search(joined: ReadonlySet<ChainId>): Promise<readonly LeftOver[]> {
    this.#found.clear()
    for (const { chain, bytes } of await this.#database.storedChains()) {
      if (joined.has(chain)) continue
      const name = (await loadConfigured(this.#database, chain))?.params.name
      this.#found.set(chain, { chain, id: showChainId({ id: chain }), name, bytes })
    }
    return this.all()
  }

  all(): readonly LeftOver[] {
    return [...this.#found.values()]
  }

  /** By name as a person types it, or by id as shown. */
  find(text: string): LeftOver | undefined {
    const id = parseChainId(text)
    if (id.ok) return this.#found.get(id.value)
    const name = meantName(text)
    return this.all().find((one) => one.name === name)
  }

  /** It is joined again. */
  forget(chain: ChainId): void {
    this.#found.delete(chain)
  }

  async remove({ chain }: LeftOver): Promise<void> {
    await this.#database.chain(chain).destroy()
    await removeChainRecords(this.#database, chain)
    this.#found.delete(chain)
  }
}
