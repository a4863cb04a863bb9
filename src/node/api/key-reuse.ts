/**
 * One passphrase makes the same 32 bytes for a group and for an author (spec §3): the members of a group whose key comes from an
 * author's passphrase hold his private key. Where both are used on this node, the second use is refused. Public keys are
 * compared, so it also holds for authors who sign elsewhere.
 */
import { evictOldest } from '../../dag/evict-oldest.ts'
import { publicKeyOf } from '../../dag/crypto.ts'
import type { AuthorKey } from '../../dag/ids.ts'
import { ControlError } from '../control/error-codes.ts'

/** Authors that signed on this node since its start: more than one user has. */
const SEEN = 1024

export class KeyReuse {
  readonly #signed = new Set<AuthorKey>()
  readonly #groupKeys: () => Iterable<{ readonly name: string; readonly key: Uint8Array }>
  /** The author whose seed a group's key would be. Computed once per group: it costs more than a signature. */
  readonly #authors = new WeakMap<Uint8Array, AuthorKey>()

  /** @param groupKeys - of the groups that are joined */
  constructor(groupKeys: () => Iterable<{ readonly name: string; readonly key: Uint8Array }>) {
    this.#groupKeys = groupKeys
  }

  /** @throws {ControlError} the author's seed is the key of a group joined here */
  sign(author: AuthorKey): void {
    for (const { name, key } of this.#groupKeys()) {
      if (this.#authorOf(key) === author)
        throw reused(`the private key is made of the key of ${name}, which all its members have`)
    }
    this.#signed.delete(author)
    this.#signed.add(author)
    evictOldest(this.#signed, SEEN)
  }

  /** @throws {ControlError} the group's key is that of somebody who signed here */
  join(key: Uint8Array | undefined): void {
    if (key === undefined || !this.#signed.has(this.#authorOf(key))) return
    throw reused(
      'the key of the group makes the private key of an author who signed here, and all members would have it',
    )
  }

  #authorOf(key: Uint8Array): AuthorKey {
    const author = this.#authors.get(key) ?? publicKeyOf(key)
    this.#authors.set(key, author)
    return author
  }
}

function reused(what: string): ControlError {
  return new ControlError(
    'key-reused',
    `${what}: take another passphrase for one of the two, or a random key (--new-key, --new)`,
  )
}
