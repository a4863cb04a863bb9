/**
 * Profiles (spec §11): what authors of a chain say of themselves, each in a post of type `PROFILE_TYPE`. Nothing here is
 * true because it is said: whoever shows a name says whose word it is.
 *
 * Profiles are found by rank, the sequence of acceptances here: first what is new since the last look, then back towards
 * the first block. A look reads at most `LOOKED_AT` headers, so a long chain is gone through in several, and none costs more
 * than that. An old profile is found late, a new one at the next look.
 */
import type { Block } from '../../dag/block.ts'
import { evictOldest } from '../../dag/evict-oldest.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import { showId } from '../../dag/ids.ts'
import { openForMember, storedPayload } from './block-view.ts'
import { parseProfile } from './profile.ts'
import type { Profile } from '../control/profile-shapes.ts'
import type { Replica } from '../chain/replica.ts'

export const PROFILE_TYPE = 'application/vnd.freechains.profile+json'

/** The longest payload that is taken for a profile: a name, a few paragraphs and an id; sealed, 40 bytes more. */
const PROFILE_BYTES = 8 * 1024

/** Headers read in one look: some 20 ms. */
const LOOKED_AT = 2048

/** Headers read from the store at a time. */
const READ_AT_ONCE = 256

/** Authors whose profiles are remembered, of one chain: some 200 bytes each. Those with the oldest finds go first. */
const AUTHORS_KEPT = 4096

/** Profiles of one author that are remembered: the latest may be taken back, or hidden, or no profile at all. */
const KEPT_OF_EACH = 4

/** A profile that was found. By id: an index may become another block's. */
interface Found {
  readonly id: BlockId
  readonly time: number
}

/**
 * Invariants:
 * 1. Blocks with ranks in `#from` … `#to - 1` were looked at.
 * 2. The finds of an author are the latest first, at most `KEPT_OF_EACH`.
 */
export class Profiles {
  readonly #replica: Replica
  readonly #found = new Map<AuthorKey, readonly Found[]>()
  #from: number
  #to: number
  /** Looks follow one another: two at once would read the same headers. */
  #looking = Promise.resolve()

  constructor(replica: Replica) {
    this.#replica = replica
    this.#from = replica.graph.ranked
    this.#to = this.#from
  }

  /** The latest valid profile of each of these authors that has one, as far as it was found yet. */
  async of(authors: readonly AuthorKey[]): Promise<Profile[]> {
    this.#looking = this.#looking.then(() => this.#look())
    await this.#looking
    const profiles: Profile[] = []
    for (const author of new Set(authors)) {
      const profile = await this.#latest(author)
      if (profile !== undefined) profiles.push(profile)
    }
    return profiles
  }

  async #look(): Promise<void> {
    const { graph } = this.#replica
    const now = graph.ranked
    const isFar = now - this.#to > LOOKED_AT
    // What lies between is looked at later, on the way back.
    if (isFar) this.#from = this.#to = now
    else {
      await this.#lookAt(this.#to, now)
      this.#to = now
    }
    const down = Math.max(1, this.#from - LOOKED_AT)
    await this.#lookAt(down, this.#from)
    this.#from = down
  }

  async #lookAt(from: number, to: number): Promise<void> {
    const { graph, state } = this.#replica
    const indexes: number[] = []
    for (let rank = to - 1; rank >= from; rank -= 1) {
      const index = graph.atRank(rank)
      if (index === undefined || index === 0) continue
      if (state.isPost(index) && state.authorOf(index) !== undefined) indexes.push(index)
    }
    for (let at = 0; at < indexes.length; at += READ_AT_ONCE) {
      for (const block of await this.#read(indexes.slice(at, at + READ_AT_ONCE))) this.#note(block)
    }
  }

  #read(indexes: readonly number[]): Promise<Block[]> {
    return Promise.all(indexes.map((index) => this.#replica.block(index)))
  }

  #note({ id, header: { author, pay, time } }: Block): void {
    if (author === undefined || pay.type !== PROFILE_TYPE || pay.size > PROFILE_BYTES) return
    const before = this.#found.get(author) ?? []
    const finds = [...before.filter((found) => found.id !== id), { id, time }]
    finds.sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1))
    this.#found.delete(author)
    this.#found.set(author, finds.slice(0, KEPT_OF_EACH))
    evictOldest(this.#found, AUTHORS_KEPT)
  }

  async #latest(author: AuthorKey): Promise<Profile | undefined> {
    for (const { id } of this.#found.get(author) ?? []) {
      const profile = await this.#profile(author, id)
      if (profile !== undefined) return profile
    }
    return undefined
  }

  /** `undefined` if it is not accepted any more, hidden, not here, or no profile. */
  async #profile(author: AuthorKey, id: BlockId): Promise<Profile | undefined> {
    const { graph, state } = this.#replica
    const index = graph.indexOf(id)
    if (index === undefined || !graph.isAccepted(index) || state.isHidden(index)) return undefined
    const block = await this.#replica.block(index)
    const stored = await storedPayload(this.#replica, index, block)
    const said = stored === undefined ? undefined : parseProfile(openForMember(this.#replica, block, stored))
    if (said === undefined) return undefined
    return { pub: author, id: showId(block.header.height, id), time: block.header.time, ...said }
  }
}
