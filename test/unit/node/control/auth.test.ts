import { createHmac } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import * as crypto from 'node:crypto'
import { freshNonce, freshToken, helloMac, parseToken, sameSecret } from '../../../../src/node/control/auth.ts'

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>()
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) }
})

test('secrets are compared whole and in constant time, whatever is given, also of another length', () => {
  const secret = freshToken()
  const wrong = ['', 'x', secret.slice(1), `${secret}0`, secret.replace(/^./, 'x'), '0'.repeat(64)]
  expect(sameSecret(secret, secret)).toBe(true)
  for (const given of wrong) expect(sameSecret(given, secret)).toBe(false)
  const compared = vi.mocked(crypto.timingSafeEqual).mock.calls
  expect(compared).toHaveLength(wrong.length + 1)
  for (const [one, other] of compared) expect([one.byteLength, other.byteLength]).toEqual([32, 32])
})

test('the answer to hello is the HMAC of the specification, bit for bit', () => {
  const [token, nonce] = [freshToken(), freshNonce()]
  const text = Buffer.concat([Buffer.from('freechains/control/1'), Buffer.from(nonce, 'hex')])
  const expected = createHmac('sha256', Buffer.from(token, 'hex')).update(text).digest('hex')
  expect(helloMac(token, nonce)).toBe(expected)
  expect(helloMac(token, nonce.toUpperCase())).toBe(expected)
  expect(helloMac('00'.repeat(32), '07'.repeat(16))).toBe(
    'ef1ad099303ce6723f5d53718b8e8073bef6001d4b1b1bd88fe8cd03320bd91c',
  )
})

test('a cookie file holds 32 bytes in hex and nothing else', () => {
  const token = freshToken()
  expect(parseToken(`${token}\n`)).toBe(token)
  expect(parseToken(token.toUpperCase())).toBe(token)
  for (const text of ['', 'x'.repeat(64), token.slice(1), `${token}00`, `${token}\n${token}`]) {
    expect(parseToken(text)).toBeUndefined()
  }
})
