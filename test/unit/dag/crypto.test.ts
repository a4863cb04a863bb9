import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  constantTimeEqual,
  hkdfSha256,
  labelledSha256,
  parsePrivateKey,
  publicKeyOf,
  sha256,
  sha256Stream,
  sign,
  verify,
  verifyZip215,
} from '../../../src/dag/crypto.ts'
import { Bug } from '../../../src/dag/result.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { MAX_CACHED_KEYS, MAX_CACHED_SEEDS } from '../../../src/dag/block-limits.ts'
import { verifyNative } from '../../../src/dag/native-ed25519.ts'
import { author, bytes } from '../../support/blocks.ts'
import { checkProperty } from '../../support/property.ts'

const digest = blockId(sha256(bytes('a header')))
const { seed, author: pub } = author(1)

describe('digests', () => {
  test('in one piece or in many, the digest is the same', () => {
    checkProperty(
      'digest-in-pieces',
      fc.property(fc.array(fc.uint8Array(), { maxLength: 10 }), (pieces) => {
        const stream = sha256Stream()
        for (const piece of pieces) stream.update(piece)
        expect(stream.digest()).toEqual(sha256(Uint8Array.from(pieces.flatMap((piece) => [...piece]))))
      }),
    )
  })

  test('a labelled digest is that of label ‖ bytes', () => {
    const expected = createHash('sha256').update('label').update(Uint8Array.of(1, 2)).digest('hex')
    expect(Buffer.from(labelledSha256('label', Uint8Array.of(1, 2))).toString('hex')).toBe(expected)
  })

  test('digests are plain bytes of their own, never a view into a shared pool', () => {
    const stream = sha256Stream()
    for (const made of [sha256(seed), stream.digest(), hkdfSha256(seed, 'x'), sign(seed, digest)]) {
      expect(Object.getPrototypeOf(made)).toBe(Uint8Array.prototype)
      expect(made.buffer.byteLength).toBe(made.byteLength)
    }
  })

  test('equality in constant time is equality', () => {
    expect(constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
    expect(constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
  })
})

describe('§3 signatures', () => {
  test('each verifier takes what we sign', () => {
    const signature = sign(seed, digest)
    expect(signature).toHaveLength(64)
    expect(sign(Uint8Array.from(seed), digest)).toEqual(signature)
    for (const check of [verify, verifyNative, verifyZip215]) expect(check(pub, digest, signature)).toBe(true)
  })

  test('a changed bit, another digest, another author and other lengths are refused by each', () => {
    const signature = sign(seed, digest)
    checkProperty(
      'signature-changed-bit',
      fc.property(fc.nat(63), fc.nat(7), (at, bit) => {
        const changed = Uint8Array.from(signature)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        return !verify(pub, digest, changed) && !verifyNative(pub, digest, changed)
      }),
      { numRuns: 40 },
    )
    for (const check of [verify, verifyNative, verifyZip215]) {
      expect(check(pub, blockId(sha256(bytes('another'))), signature)).toBe(false)
      expect(check(author(2).author, digest, signature)).toBe(false)
      expect(check(pub, digest, signature.subarray(1))).toBe(false)
      expect(check(pub, digest, Uint8Array.of(...signature, 0))).toBe(false)
    }
  })

  test('a signature over the bare digest is none of a block: it must say what it signs', async () => {
    const { ed25519 } = await import('@noble/curves/ed25519.js')
    expect(verify(pub, digest, ed25519.sign(sha256(bytes('a header')), seed))).toBe(false)
  })

  test('more authors than the cache of keys holds verify all the same', () => {
    const signature = sign(seed, digest)
    expect(verifyNative(pub, digest, signature)).toBe(true)
    for (let n = 0; n <= MAX_CACHED_KEYS; n++) {
      const other = blockId(sha256(bytes(`key ${String(n)}`))) as string as typeof pub
      expect(verifyNative(other, digest, signature)).toBe(false)
    }
    expect(verifyNative(pub, digest, signature)).toBe(true)
  })
})

describe('§3 private keys', () => {
  const hex = Buffer.from(seed).toString('hex') + pub

  test('seed ‖ public key, in any case', () => {
    expect(parsePrivateKey(hex)).toEqual({ ok: true, value: { seed, author: pub } })
    expect(parsePrivateKey(hex.toLowerCase())).toEqual(parsePrivateKey(hex.toUpperCase()))
  })

  test('a public half of another seed is refused, and so is anything that is not 128 hex digits', () => {
    const code = { ok: false, fault: { code: 'DAG_BAD_KEY' } }
    expect(parsePrivateKey(hex.slice(0, 64) + author(2).author)).toMatchObject(code)
    for (const text of ['', pub, hex.slice(1), `${hex}00`, `${hex}\n`, 'g'.repeat(128)]) {
      expect(parsePrivateKey(text)).toMatchObject(code)
    }
  })

  test('a seed of another length is a defect', () => {
    expect(() => publicKeyOf(seed.subarray(1))).toThrow(Bug)
  })
})

test('a key is the same key in another array, and another one when the array has other bytes', () => {
  const seed = new Uint8Array(32).fill(7)
  const digest = blockId(new Uint8Array(32).fill(1))
  const signature = sign(seed, digest)
  const author = publicKeyOf(seed)
  expect([sign(seed.slice(), digest), publicKeyOf(seed.slice())]).toEqual([signature, author])
  seed[0] = 8
  expect(publicKeyOf(seed)).not.toBe(author)
  expect(verify(publicKeyOf(seed), digest, sign(seed, digest))).toBe(true)
})

test('more keys than stay imported all sign as themselves', () => {
  const digest = blockId(new Uint8Array(32).fill(2))
  const seeds = Array.from({ length: 2 * MAX_CACHED_SEEDS }, (_, n) => new Uint8Array(32).fill(n))
  for (const seed of [...seeds, ...seeds]) expect(verify(publicKeyOf(seed), digest, sign(seed, digest))).toBe(true)
})
