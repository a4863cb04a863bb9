import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/dag/crypto.ts'
import { Bug } from '../../../src/dag/result.ts'
import { authorKey } from '../../../src/dag/ids.ts'
import {
  GROUP_OVERHEAD_BYTES,
  groupVerifier,
  openGossip,
  openGroup,
  openOwner,
  OWNER_OVERHEAD_BYTES,
  sealGossip,
  sealGroup,
  sealOwner,
} from '../../../src/dag/seal.ts'
import { author, bytes, must } from '../../support/blocks.ts'
import { checkProperty } from '../../support/property.ts'

const key = new Uint8Array(32).fill(5)
const nonce = Uint8Array.from({ length: 24 }, (_, i) => i)
const aad = bytes('a header without its pay')
const BAD_SEAL = { ok: false, fault: { code: 'DAG_BAD_SEAL' } }

/** The verifier's answer on bytes cut at these places. */
function verified(sealed: Uint8Array, cuts: readonly number[], under = key, bound = aad): boolean {
  const verifier = groupVerifier(under, bound)
  const places = [0, ...cuts.map((cut) => cut % (sealed.length + 1)).sort((a, b) => a - b), sealed.length]
  places.forEach((from, i) => {
    verifier.update(sealed.subarray(from, places[i + 1] ?? sealed.length))
  })
  return verifier.finish()
}

const cutLists = fc.array(fc.nat(500), { maxLength: 6 })

describe('§3 sealing for a group', () => {
  test('what was sealed opens, and the verifier says so however the bytes are cut', () => {
    checkProperty(
      'group-seal-round-trip',
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 40 }),
        cutLists,
        (plain, bound, cuts) => {
          const sealed = sealGroup(key, bound, nonce, plain)
          expect(sealed).toHaveLength(plain.length + GROUP_OVERHEAD_BYTES)
          expect(must(openGroup(key, bound, sealed))).toEqual(plain)
          expect(verified(sealed, cuts, key, bound)).toBe(true)
        },
      ),
    )
  })

  test('a changed bit anywhere neither opens nor verifies', () => {
    checkProperty(
      'group-seal-changed-bit',
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), fc.nat(7), cutLists, (plain, where, bit, cuts) => {
        const sealed = sealGroup(key, aad, nonce, plain)
        const at = where % sealed.length
        sealed[at] = (sealed[at] ?? 0) ^ (1 << bit)
        expect(openGroup(key, aad, sealed)).toMatchObject(BAD_SEAL)
        expect(verified(sealed, cuts)).toBe(false)
      }),
    )
  })

  test('another key, another header and a cut tail neither open nor verify', () => {
    const sealed = sealGroup(key, aad, nonce, bytes('hello'))
    const other = new Uint8Array(32).fill(6)
    expect(openGroup(other, aad, sealed)).toMatchObject(BAD_SEAL)
    expect(verified(sealed, [], other)).toBe(false)
    expect(openGroup(key, bytes('x'), sealed)).toMatchObject(BAD_SEAL)
    expect(verified(sealed, [], key, bytes('x'))).toBe(false)
    for (let length = 0; length < sealed.length; length++) {
      expect(openGroup(key, aad, sealed.subarray(0, length))).toMatchObject(BAD_SEAL)
      expect(verified(sealed.subarray(0, length), [])).toBe(false)
    }
  })

  test('the verifier keeps nothing of the frames it was given', () => {
    const sealed = sealGroup(key, aad, nonce, new Uint8Array(1000))
    const verifier = groupVerifier(key, aad)
    const frame = new Uint8Array(100)
    for (let at = 0; at < sealed.length; at += frame.length) {
      const part = sealed.subarray(at, at + frame.length)
      frame.set(part)
      verifier.update(frame.subarray(0, part.length))
    }
    expect(verifier.finish()).toBe(true)
  })
})

describe('§3 sealing to an owner', () => {
  const owner = author(1)
  const ephemeral = sha256(bytes('ephemeral'))

  test('the owner opens it, nobody else', () => {
    const sealed = must(sealOwner(owner.author, ephemeral, bytes('for you')))
    expect(sealed).toHaveLength(7 + OWNER_OVERHEAD_BYTES)
    expect(must(openOwner(owner, sealed))).toEqual(bytes('for you'))
    expect(openOwner(author(2), sealed)).toMatchObject(BAD_SEAL)
  })

  test('a changed byte or a cut tail does not open', () => {
    const sealed = must(sealOwner(owner.author, ephemeral, bytes('for you')))
    for (let at = 0; at < sealed.length; at++) {
      expect(openOwner(owner, sealed.subarray(0, at))).toMatchObject(BAD_SEAL)
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(openOwner(owner, changed)).toMatchObject(BAD_SEAL)
    }
  })

  test('an owner’s key that is no point, or one of small order, is a fault', () => {
    for (const first of [2, 0, 1]) {
      const pub = new Uint8Array(32)
      pub[0] = first
      expect(sealOwner(authorKey(pub), ephemeral, bytes(''))).toMatchObject(BAD_SEAL)
    }
  })

  test('an ephemeral key of another length is a defect', () => {
    expect(() => sealOwner(owner.author, ephemeral.subarray(1), bytes(''))).toThrow(Bug)
  })
})

test('§7 gossip of a group opens under its key alone, and is no payload of it', () => {
  const sealed = sealGossip(key, nonce, bytes('heads'))
  expect(must(openGossip(key, sealed))).toEqual(bytes('heads'))
  expect(openGossip(new Uint8Array(32), sealed)).toMatchObject(BAD_SEAL)
  expect(openGroup(key, new Uint8Array(0), sealed)).toMatchObject(BAD_SEAL)
})
