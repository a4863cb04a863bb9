/** Peers added by command or by an invite: kept connected from now on, and again after the next start (spec §11). */
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Discovery } from './discovery.ts'
import type { TextList } from './records.ts'
import { Serial } from './serial.ts'

/** Addresses kept for the next start, oldest out. */
const MAX_ADDED_PEERS = 256

export class AddedPeers {
  readonly #list: TextList
  readonly #discovery: Discovery
  readonly #writing = new Serial()

  constructor(list: TextList, discovery: Discovery) {
    this.#list = list
    this.#discovery = discovery
  }

  /** Remembers them and begins to dial. Resolves before anybody is connected. */
  async add(addresses: readonly Multiaddr[]): Promise<void> {
    if (addresses.length === 0) return
    const added = addresses.map(String)
    await this.#writing.run(async () => {
      const known = (await this.#list.load()).filter((entry) => !added.includes(entry))
      await this.#list.save([...known, ...added].slice(-MAX_ADDED_PEERS))
    })
    for (const address of addresses) this.#discovery.addPeer(address)
  }
}
