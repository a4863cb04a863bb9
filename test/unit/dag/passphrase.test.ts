import { expect, test } from 'vitest'
import { parsePrivateKey, publicKeyOf } from '../../../src/dag/crypto.ts'
import { keyPair, portableKey, sharedKey } from '../../../src/dag/passphrase.ts'
import { must } from '../../support/blocks.ts'
import { turnsDuring } from '../../support/bystander.ts'

test('§3 a key pair has the shared key of its passphrase as its seed', async () => {
  const { pub, pvt } = await keyPair('correct horse')
  const seed = await sharedKey('correct horse')
  expect(publicKeyOf(seed)).toBe(pub)
  expect(must(parsePrivateKey(pvt))).toEqual({ seed, author: pub })
  expect(pvt).toMatch(/^[0-9A-F]{128}$/)
})

test.each(['', 'correct horse', 'prä\u0000fix 🐎'])(
  'the addon and JavaScript make the same key of “%s”',
  async (passphrase) => {
    expect(await sharedKey(passphrase)).toEqual(await portableKey(passphrase))
  },
)

test('the event loop runs on while a key is made', async () => {
  expect(await turnsDuring(() => portableKey(''))).toBeGreaterThan(5)
})
