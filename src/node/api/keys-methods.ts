/** The control port's `keys` methods (spec §3, §10): random keys, and keys from passphrases. */
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { KEY_BYTES } from '../../dag/block-limits.ts'
import { keyPair, keyPairOf, sharedKey } from '../../dag/passphrase.ts'
import type { Handlers } from '../control/schema.ts'
import { weaknessOf } from '../base/passphrase-strength.ts'

export function keysHandlers(): Pick<Handlers, 'keys.shared' | 'keys.pubpvt'> {
  return {
    'keys.shared': async ({ passphrase }) => {
      const key = passphrase === undefined ? randomBytes(KEY_BYTES) : await sharedKey(passphrase)
      return { key: bytesToHex(key).toUpperCase(), ...warningOf(passphrase) }
    },
    'keys.pubpvt': async ({ passphrase }) => {
      const pair = passphrase === undefined ? keyPairOf(randomBytes(KEY_BYTES)) : await keyPair(passphrase)
      return { ...pair, ...warningOf(passphrase) }
    },
  }
}

function warningOf(passphrase: string | undefined): { readonly warning?: string } {
  const warning = passphrase === undefined ? undefined : weaknessOf(passphrase)
  return warning === undefined ? {} : { warning }
}
