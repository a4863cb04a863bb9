/** §3 A passphrase for a group and for an author: the members of the group would have his private key. */
import { expect, test } from 'vitest'
import type { PrivateKey } from '../../../../src/dag/crypto.ts'
import { KeyReuse } from '../../../../src/node/api/key-reuse.ts'
import { author } from '../../../support/blocks.ts'

const [ANN, BOB]: PrivateKey[] = [1, 2].map((n): PrivateKey => author(n))

test('a key that is a joined group signs nothing, and a group of a key that signed is not joined', () => {
  const groups: { name: string; key: Uint8Array }[] = []
  const reuse = new KeyReuse(() => groups)
  expect(() => reuse.sign(ANN!.author)).not.toThrow()
  expect(() => reuse.join(ANN!.seed)).toThrow(/all members would have it: take another passphrase/)
  expect(() => reuse.join(BOB!.seed)).not.toThrow()
  expect(() => reuse.join(undefined)).not.toThrow()
  groups.push({ name: '$family', key: BOB!.seed })
  expect(() => reuse.sign(BOB!.author)).toThrow(/made of the key of \$family, which all its members have/)
  expect(() => reuse.join(BOB!.seed)).not.toThrow()
})
