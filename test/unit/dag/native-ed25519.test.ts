import { afterEach, describe, expect, test, vi } from 'vitest'
import { ed25519 } from '@noble/curves/ed25519.js'
import { sign, verifyZip215 } from '../../../src/dag/crypto.ts'
import { authorKey, blockId } from '../../../src/dag/ids.ts'
import { MAX_CACHED_KEYS } from '../../../src/dag/block-limits.ts'
import { NATIVE_VERIFIERS, signedBytes, verifyNative } from '../../../src/dag/native-ed25519.ts'
import { author } from '../../support/blocks.ts'

const { seed, author: pub } = author(1)
const digest = blockId(new Uint8Array(32).fill(7))
const message = signedBytes(digest)
const signature = sign(seed, digest)

describe.each(NATIVE_VERIFIERS)('$name', ({ verify }) => {
  test('takes a signature of its author, and none of another one or over another message', () => {
    expect(verify(pub, message, signature)).toBe(true)
    expect(verify(author(2).author, message, signature)).toBe(false)
    expect(verify(pub, signedBytes(blockId(new Uint8Array(32).fill(8))), signature)).toBe(false)
  })

  test('takes no signature that is too short or too long', () => {
    for (const length of [0, 1, 63, 65, 1000]) {
      const other = new Uint8Array(length)
      other.set(signature.subarray(0, length))
      expect(verify(pub, message, other)).toBe(false)
    }
  })

  test('answers as before when more authors came than it keeps keys of', () => {
    for (let n = 0; n <= MAX_CACHED_KEYS; n += 1) {
      const other = n.toString(16).toUpperCase().padStart(64, '0') as typeof pub
      expect(verify(other, message, signature)).toBe(false)
    }
    expect(verify(pub, message, signature)).toBe(true)
  })
})

test('what one of them refuses, another one may take: all are asked before it is looked at slowly', () => {
  // By the neutral point, which anybody signs for: R = S · B.
  const neutral = authorKey(Uint8Array.from({ length: 32 }, (_, n) => (n === 0 ? 1 : 0)))
  const five = Uint8Array.from({ length: 32 }, (_, n) => (n === 0 ? 5 : 0))
  const odd = Uint8Array.from([...ed25519.Point.BASE.multiply(5n).toBytes(), ...five])
  const answers = Object.fromEntries(NATIVE_VERIFIERS.map(({ name, verify }) => [name, verify(neutral, message, odd)]))
  expect(answers).toEqual({ libsodium: false, OpenSSL: true })
  expect([verifyNative(neutral, digest, odd), verifyZip215(neutral, digest, odd)]).toEqual([true, true])
})

describe('where the addon of libsodium', () => {
  afterEach(() => {
    vi.doUnmock('node:module')
    vi.resetModules()
  })

  async function names(load: () => unknown): Promise<string[]> {
    vi.resetModules()
    vi.doMock('node:module', () => ({ createRequire: () => load }))
    const { NATIVE_VERIFIERS: found } = await import('../../../src/dag/native-ed25519.ts')
    return found.map(({ name }) => name)
  }

  test('loads, it is asked first', async () => {
    expect(await names(() => ({ crypto_sign_verify_detached: () => true }))).toEqual(['libsodium', 'OpenSSL'])
  })

  test('has no build, OpenSSL does all', async () => {
    const missing = (): never => {
      throw new Error("Cannot find addon '.'")
    }
    expect(await names(missing)).toEqual(['OpenSSL'])
  })
})

test('on the platforms that the tests run on, both are there', () => {
  expect(NATIVE_VERIFIERS.map(({ name }) => name)).toEqual(['libsodium', 'OpenSSL'])
})
