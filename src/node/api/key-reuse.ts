/**
 * One passphrase makes the same 32 bytes for a group and for an author (spec §3): the members of a group whose key comes from an
 * author's passphrase hold his private key. Where both are used on this node, the second use is refused.
 */
import { createHash } from 'node:crypto'
import { evictOldest } from '../../dag/evict-oldest.ts'
import type { PrivateKey } from '../../dag/crypto.ts'
import { ControlError } from '../control/error-codes.ts'

/** Authors that signed on this node since its start: more than one user has. */
const SEEN = 1024

/** Seeds are kept as digests: they are secret, and only compared. */
export class KeyReuse {
  readonly #signed = new Set<string>()
  readonly #groupKeys: () => Iterable<{ readonly name: string; readonly key: Uint8Array }>

  /** @param groupKeys - of the groups that are joined */
  constructor(groupKeys: () => Iterable<{ readonly name: string; readonly key: Uint8Array }>) {
    this.#groupKeys = groupKeys
  }

  /** @throws {ControlError} the key that signs is that of a group joined here */
  sign(pvt: PrivateKey): PrivateKey {
    const seed = digestOf(pvt.seed)
    for (const { name, key } of this.#groupKeys()) {
      if (digestOf(key) === seed)
        throw reused(`the private key is made of the key of ${name}, which all its members have`)
    }
    this.#signed.delete(seed)
    this.#signed.add(seed)
    evictOldest(this.#signed, SEEN)
    return pvt
  }

  /** @throws {ControlError} the group's key is that of somebody who signed here */
  join(key: Uint8Array | undefined): void {
    if (key === undefined || !this.#signed.has(digestOf(key))) return
    throw reused(
      'the key of the group makes the private key of an author who signed here, and all members would have it',
    )
  }
}

function reused(what: string): ControlError {
  return new ControlError(
    'key-reused',
    `${what}: take another passphrase for one of the two, or a random key (--new-key, --new)`,
  )
}

function digestOf(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('hex')
}
