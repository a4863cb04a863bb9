/** The control port's `keys` methods (spec §3, §10): keys from passphrases. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { keyPair, sharedKey } from '../../dag/passphrase.ts'
import type { Handlers } from '../control/schema.ts'

export function keysHandlers(): Pick<Handlers, 'keys.shared' | 'keys.pubpvt'> {
  return {
    'keys.shared': async ({ passphrase }) => ({ key: bytesToHex(await sharedKey(passphrase)).toUpperCase() }),
    'keys.pubpvt': ({ passphrase }) => keyPair(passphrase),
  }
}
