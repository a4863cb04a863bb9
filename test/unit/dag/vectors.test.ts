import { readFileSync } from 'node:fs'
import { hexToBytes as unhex } from '@noble/hashes/utils.js'
import sodium from 'libsodium-wrappers-sumo'
import { beforeAll, describe, expect, test } from 'vitest'
import { chainOf, showChainId } from '../../../src/dag/chain.ts'
import { cidOfBlock, decodeHeader, encodeAad, encodeHeader, headerDigest } from '../../../src/dag/codec.ts'
import { hmacSha256, parsePrivateKey, publicKeyOf, sign, verify, verifyZip215 } from '../../../src/dag/crypto.ts'
import type { Header } from '../../../src/dag/header.ts'
import { authorKey, blockId, genesisBlockId, showId } from '../../../src/dag/ids.ts'
import { keyPair, sharedKey } from '../../../src/dag/passphrase.ts'
import { NATIVE_VERIFIERS, signedBytes, verifyNative } from '../../../src/dag/native-ed25519.ts'
import { memberKey, openGossip, openGroup, openOwner, sealGossip, sealGroup, sealOwner } from '../../../src/dag/seal.ts'
import { must } from '../../support/blocks.ts'

interface HeaderVector {
  readonly title: string
  readonly header: Header
  readonly bytes: string
  readonly aad: string
  readonly id: string
  readonly cid: string
  readonly seed?: string
  readonly signature?: string
}
type Hexes<K extends string> = Readonly<Record<K, string>>
interface Vectors {
  readonly keys: readonly Hexes<'passphrase' | 'shared' | 'pub' | 'pvt'>[]
  readonly chains: readonly (Hexes<'typed' | 'name' | 'genesis' | 'id' | 'cid' | 'rendezvous'> & { keys: string[] })[]
  readonly headers: readonly HeaderVector[]
  readonly seals: {
    readonly group: readonly Hexes<'key' | 'aad' | 'nonce' | 'plaintext' | 'sealed'>[]
    readonly owner: readonly Hexes<'owner' | 'seed' | 'ephemeral' | 'plaintext' | 'sealed'>[]
    readonly gossip: Hexes<'key' | 'memberKey' | 'memberHmac' | 'nonce' | 'message' | 'sealed'>
  }
  readonly zip215: readonly (Hexes<'title' | 'author' | 'digest' | 'signature'> & { valid: boolean })[]
}

function vectors<K extends keyof Vectors>(name: K): Vectors[K] {
  const file = new URL(`../../vectors/v1/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Vectors[K]
}

/** As vectors spell bytes. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase()
}

beforeAll(async () => {
  await sodium.ready
})

test.each(vectors('keys'))('§3 the passphrase $passphrase gives the keys that libsodium gives', async (vector) => {
  expect(await keyPair(vector.passphrase)).toEqual({ pub: vector.pub, pvt: vector.pvt })
  expect(must(parsePrivateKey(vector.pvt.toLowerCase()))).toEqual({ seed: unhex(vector.shared), author: vector.pub })
})

test('§3 a shared key is the same 32 bytes as a seed', async () => {
  for (const { passphrase, shared } of vectors('keys').slice(0, 1)) {
    expect(hex(await sharedKey(passphrase))).toBe(shared)
  }
})

test.each(vectors('chains'))('§2 $typed has its genesis, id and rendezvous', (vector) => {
  const chain = must(chainOf(vector.typed, vector.keys))
  expect(chain.params.name).toBe(vector.name)
  expect(hex(chain.genesisBytes)).toBe(vector.genesis)
  expect(showChainId(chain)).toBe(vector.id)
  expect(cidOfBlock(genesisBlockId(chain.id)).toString()).toBe(vector.cid)
  expect(hex(chain.rendezvous)).toBe(vector.rendezvous)
})

test.each(vectors('headers'))('§3 header ($title): bytes, associated data, id and signature', (vector) => {
  const bytes = unhex(vector.bytes)
  expect(must(decodeHeader(bytes))).toEqual(vector.header)
  expect(hex(encodeHeader(vector.header))).toBe(vector.bytes)
  expect(hex(encodeAad(vector.header))).toBe(vector.aad)
  const id = headerDigest(bytes)
  expect(showId(vector.header.height, id)).toBe(vector.id)
  expect(cidOfBlock(id).toString()).toBe(vector.cid)
  if (vector.seed === undefined || vector.header.author === undefined) return
  expect(hex(sign(unhex(vector.seed), id))).toBe(vector.signature)
  expect(verifyNative(vector.header.author, id, unhex(vector.signature ?? ''))).toBe(true)
})

describe('§3 sealing is byte-compatible with libsodium', () => {
  test.each(vectors('seals').group)('under a group key: $plaintext.length digits of plaintext', (vector) => {
    const [key, aad, nonce, plaintext] = [vector.key, vector.aad, vector.nonce, vector.plaintext].map((h) =>
      unhex(h),
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    const sealed = sealGroup(key, aad, nonce, plaintext)
    expect(hex(sealed)).toBe(vector.sealed)
    expect(hex(must(openGroup(key, aad, unhex(vector.sealed))))).toBe(vector.plaintext)
    const opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed.subarray(24), aad, nonce, key)
    expect(hex(opened)).toBe(vector.plaintext)
  })

  test.each(vectors('seals').owner)('to an owner: $plaintext.length digits of plaintext', (vector) => {
    const seed = unhex(vector.seed)
    const owner = publicKeyOf(seed)
    expect(owner).toBe(vector.owner)
    const sealed = must(sealOwner(owner, unhex(vector.ephemeral), unhex(vector.plaintext)))
    expect(hex(sealed)).toBe(vector.sealed)
    const keys = sodium.crypto_sign_seed_keypair(seed)
    const pub = sodium.crypto_sign_ed25519_pk_to_curve25519(keys.publicKey)
    const pvt = sodium.crypto_sign_ed25519_sk_to_curve25519(keys.privateKey)
    expect(hex(sodium.crypto_box_seal_open(sealed, pub, pvt))).toBe(vector.plaintext)
    const theirs = sodium.crypto_box_seal(unhex(vector.plaintext), pub)
    expect(hex(must(openOwner({ seed, author: owner }, theirs)))).toBe(vector.plaintext)
  })

  test('§7, §8 gossip of a group and the membership key', () => {
    const { key, nonce, message, sealed, ...member } = vectors('seals').gossip
    expect(hex(sealGossip(unhex(key), unhex(nonce), unhex(message)))).toBe(sealed)
    expect(hex(must(openGossip(unhex(key), unhex(sealed))))).toBe(message)
    expect(hex(memberKey(unhex(key)))).toBe(member.memberKey)
    expect(hex(hmacSha256(memberKey(unhex(key)), unhex(message)))).toBe(member.memberHmac)
  })
})

describe('§3 verification follows ZIP-215 exactly', () => {
  const cases = vectors('zip215').map((vector) => ({
    ...vector,
    author: authorKey(unhex(vector.author)),
    digest: blockId(unhex(vector.digest)),
    signature: unhex(vector.signature),
  }))

  test('all 196 pairs of small-order encodings are there, and cases of either outcome', () => {
    expect(cases.filter(({ title }) => title === 'A and R of small order')).toHaveLength(196)
    expect(new Set(cases.map(({ valid }) => valid)).size).toBe(2)
  })

  test('the answer is the one of ZIP-215 in every case', () => {
    const wrong = cases.filter(({ author, digest, signature, valid }) => verify(author, digest, signature) !== valid)
    expect(wrong).toEqual([])
  })

  test.each(NATIVE_VERIFIERS)('a "yes" of $name implies a ZIP-215 "yes", and each occurs', ({ verify: native }) => {
    const yes = cases.filter(({ author, digest, signature }) => native(author, signedBytes(digest), signature))
    expect(yes.filter(({ author, digest, signature }) => !verifyZip215(author, digest, signature))).toEqual([])
    expect(yes.length).toBeGreaterThan(0)
    expect(yes.length).toBeLessThan(cases.filter(({ valid }) => valid).length)
  })
})
