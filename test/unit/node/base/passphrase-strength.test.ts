/** §3 How hard a passphrase is to guess. */
import { expect, test } from 'vitest'
import { weaknessOf } from '../../../../src/node/base/passphrase-strength.ts'

test.each([
  ...[
    'dragon',
    '123456',
    'password',
    'qwertyuiop',
    'senha',
    'abcdefghijklmnopqrstuvwxyz',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  ],
  ...[
    'my passphrase',
    'correct horse battery',
    'the the the the the the',
    'Dragon2024!',
    '00000000000000000000000000000001',
  ],
])('“%s” is weak', (passphrase) => {
  expect(weaknessOf(passphrase)).toMatch(/weak.*five random words/)
})

test.each([
  'correct horse battery staple cloud',
  'Tf9#kQ2!vLx7@',
  'mvrqkxltzwbsngpdhyfcjoaeiu 93',
  'zinco-fada_ponte.lua,rio',
])('“%s” is not', (passphrase) => {
  expect(weaknessOf(passphrase)).toBeUndefined()
})
