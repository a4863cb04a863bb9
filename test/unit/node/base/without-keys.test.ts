/** Private keys do not come back in texts for people (spec §11). */
import { expect, test } from 'vitest'
import { withoutKeys, withoutPrivateKeys } from '../../../../src/node/base/without-keys.ts'

const PUB = 'AB'.repeat(32)
const PVT = `${'0a'.repeat(32)}${PUB}`

test('a private key is taken out of any text, whole, cut or doubled, and however it is framed', () => {
  for (const key of [PVT, PVT.slice(0, 65), PVT.slice(1), PVT + PVT, PVT.toUpperCase()]) {
    for (const frame of ['“?” is no chain', '#?', '@?', '0_?', '--sign=?', '?', 'pub ?\n']) {
      const shown = withoutPrivateKeys(frame.replace('?', key))
      expect(shown).toBe(frame.replace('?', `[${String(key.length)} hex digits]`))
    }
  }
})

test('ids and public keys stay, but where a user typed them with nothing that says what they are', () => {
  const id = `12_${PUB}`
  expect(withoutPrivateKeys(`${id} by ${PUB}`)).toBe(`${id} by ${PUB}`)
  expect(withoutKeys(`${id} @${PUB} @!${PUB}`)).toBe(`${id} @${PUB} @!${PUB}`)
  expect(withoutKeys(PUB)).toBe('[64 hex digits]')
  expect(withoutKeys(`#${PUB}`)).toBe('#[64 hex digits]')
})
