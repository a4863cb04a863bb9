#!/usr/bin/env node
/**
 * Writes golden vectors: `node scripts/vectors.mjs v2` makes test/vectors/v2, or adds to it what is not there yet. It shares no code with `src`: bytes and CIDs come from
 * @ipld/dag-cbor and multiformats, keys, boxes and signatures from libsodium, digests from node:crypto. A case, once
 * there, is never written again: nodes out there have agreed on it.
 */
import { createHash, createHmac } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import * as dagCbor from '@ipld/dag-cbor'
import sodium from 'libsodium-wrappers-sumo'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

await sodium.ready

const [version] = process.argv.slice(2)
if (!/^v\d+$/.test(version ?? '')) {
  console.error('usage: node scripts/vectors.mjs vN')
  process.exit(2)
}
const directory = fileURLToPath(new URL(`../test/vectors/${version}/`, import.meta.url))

const ascii = (text) => new TextEncoder().encode(text)
const hex = (bytes) => Buffer.from(bytes).toString('hex').toUpperCase()
const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const sha256 = (...parts) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())
const hmac = (key, bytes) => new Uint8Array(createHmac('sha256', key).update(bytes).digest())
/** RFC 5869 by hand, one block, empty salt. */
const hkdf = (key, info) => hmac(hmac(new Uint8Array(32), key), Buffer.concat([ascii(info), Uint8Array.of(1)]))
const link = (codec, digest) => CID.createV1(codec, Digest.create(0x12, digest))
const blockLink = (idHex) => link(0x71, unhex(idHex))
const filled = (length, seed) => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (seed + 7 * i) & 0xff
  return bytes
}

/** Author number n of the tests: seed = sha256("author n"). */
function author(n) {
  const seed = sha256(ascii(`author ${n}`))
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed)
  return { seed, publicKey, privateKey, pub: hex(publicKey) }
}

function keys() {
  const passphrases = ['', 'strong', 'alice-password', 'pässwörd 日本 😀', 'x'.repeat(300)]
  return passphrases.map((passphrase) => {
    const shared = sodium.crypto_pwhash(
      32,
      passphrase,
      new Uint8Array(sodium.crypto_pwhash_SALTBYTES),
      sodium.crypto_pwhash_OPSLIMIT_INTERACTIVE,
      sodium.crypto_pwhash_MEMLIMIT_INTERACTIVE,
      sodium.crypto_pwhash_ALG_ARGON2ID13,
    )
    const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(shared)
    return { passphrase, shared: hex(shared), pub: hex(publicKey), pvt: hex(privateKey) }
  })
}

function chains() {
  const many = Array.from({ length: 30 }, (_, n) => author(n).pub)
  const shared = hex(filled(32, 5))
  const inputs = [
    ['#', []],
    ['#forum', []],
    ['#forum', [author(1).pub]],
    ['#forum', [author(2).pub, author(1).pub.toLowerCase(), author(2).pub]],
    ['#Az09_-.', many],
    [`#${'n'.repeat(64)}`, []],
    ['$family', [shared.toLowerCase()]],
    ['$family', [hex(filled(32, 6))]],
    [`@${author(1).pub.toLowerCase()}`, []],
    [`@!${author(1).pub}`, []],
    ['#olá', []],
    ['$família_日本', [shared]],
    [`#${'𐐀'.repeat(64)}`, []],
  ]
  return inputs.map(([typed, typedKeys]) => {
    const name = typed.startsWith('@') ? typed.toUpperCase() : typed
    const isGroup = typed.startsWith('$')
    const pioneers = isGroup ? [] : [...new Set(typedKeys.map((key) => key.toUpperCase()))].sort().map(unhex)
    const group = isGroup ? { group: sha256(ascii('freechains/group/1'), unhex(typedKeys[0])) } : {}
    const genesis = dagCbor.encode({ freechains: 1, name, pioneers, ...group })
    const digest = sha256(genesis)
    const rendezvous = sha256(ascii('freechains/rendezvous/1'), digest)
    return {
      typed,
      keys: typedKeys,
      name,
      genesis: hex(genesis),
      id: `0_${hex(digest)}`,
      cid: link(0x71, digest).toString(),
      rendezvous: hex(rendezvous),
    }
  })
}

/** The header as plain data (ids and keys in hex, as in `src`) to the one that is encoded. */
function encodeHeader({ pay, like, re, author: pub, backs, ...rest }) {
  return dagCbor.encode({
    ...rest,
    backs: backs.map(blockLink),
    ...(pub === undefined ? {} : { author: unhex(pub) }),
    ...(pay === undefined ? {} : { pay: payFields(pay) }),
    ...(re === undefined ? {} : { re: blockLink(re) }),
    ...(like === undefined ? {} : { like: { n: like.n, target: blockLink(like.target) } }),
  })
}

/** All of pay, or type and name alone. */
function payFields({ id, ...rest }) {
  return id === undefined ? rest : { cid: link(0x55, unhex(id)), ...rest }
}

/** What is bound to a group's seal: of pay only type and name. */
function boundToSeal({ pay: { type, name }, ...rest }) {
  const label = { ...(type === undefined ? {} : { type }), ...(name === undefined ? {} : { name }) }
  return Object.keys(label).length === 0 ? rest : { ...rest, pay: label }
}

function headers() {
  const ids = Array.from({ length: 16 }, (_, n) => hex(sha256(ascii(`back ${n}`)))).sort()
  const payOf = (text, seal = 'none') => ({ id: hex(sha256(ascii(text))), size: ascii(text).length, seal })
  const cases = [
    ['unsigned, smallest', { v: 1, height: 1, time: 0, backs: [ids[0]], pay: payOf('') }],
    ['signed', { v: 1, height: 1, time: 1_700_000_000_000, backs: [ids[0]], pay: payOf('hello') }, 1],
    ['16 backs', { v: 1, height: 300, time: 1_700_000_000_000, backs: ids, pay: payOf('join') }, 2],
    ['time below 2^31', { v: 1, height: 23, time: 2 ** 31 - 1, backs: [ids[3]], pay: payOf('a') }, 3],
    ['time 2^31', { v: 1, height: 24, time: 2 ** 31, backs: [ids[3]], pay: payOf('a') }, 3],
    ['time 2^32', { v: 1, height: 255, time: 2 ** 32, backs: [ids[3]], pay: payOf('a') }, 3],
    [
      'all integers 2^53 - 1',
      {
        v: 1,
        height: 2 ** 53 - 1,
        time: 2 ** 53 - 1,
        backs: [ids[1], ids[2]],
        pay: { ...payOf('a'), size: 2 ** 53 - 1 },
      },
      4,
    ],
    ['like', { v: 1, height: 65535, time: 5, backs: [ids[0]], pay: payOf('why'), like: { n: 1, target: ids[0] } }, 5],
    ['dislike', { v: 1, height: 65536, time: 5, backs: [ids[0]], pay: payOf(''), like: { n: -1, target: ids[9] } }, 5],
    ['sealed in a group', { v: 1, height: 256, time: 6, backs: [ids[4]], pay: payOf('g', 'group') }],
    ['sealed to the owner', { v: 1, height: 2, time: 7, backs: [ids[5]], pay: payOf('o', 'owner') }, 6],
    [
      'everything at once',
      {
        v: 1,
        height: 4_000_000_000,
        time: 1_800_000_000_000,
        backs: ids,
        pay: payOf('all', 'group'),
        like: { n: 1, target: ids[15] },
      },
      7,
    ],
    ['an answer', { v: 1, height: 3, time: 1_700_000_000_000, backs: [ids[1]], pay: payOf('yes'), re: ids[0] }, 1],
    ['a type', { v: 1, height: 2, time: 8, backs: [ids[0]], pay: { ...payOf('# a'), type: 'text/markdown' } }, 1],
    ['a name', { v: 1, height: 2, time: 8, backs: [ids[0]], pay: { ...payOf('a'), name: 'olá 日本 😀.txt' } }, 1],
    ['a name of 23 bytes', { v: 1, height: 2, time: 8, backs: [ids[0]], pay: { ...payOf('a'), name: 'n'.repeat(23) } }],
    ['a name of 24 bytes', { v: 1, height: 2, time: 8, backs: [ids[0]], pay: { ...payOf('a'), name: 'n'.repeat(24) } }],
    [
      'a name that begins with a byte order mark',
      { v: 1, height: 2, time: 8, backs: [ids[0]], pay: { ...payOf('a'), name: '\uFEFFa' } },
    ],
    [
      'an answer with the longest type and name',
      {
        v: 1,
        height: 2 ** 32,
        time: 1_800_000_000_000,
        backs: ids,
        pay: { ...payOf('long'), type: `a/${'b'.repeat(125)}`, name: 'á'.repeat(127) + 'a' },
        re: ids[7],
      },
      2,
    ],
    [
      'an answer with type and name, sealed in a group',
      {
        v: 1,
        height: 256,
        time: 6,
        backs: [ids[4]],
        pay: { ...payOf('g', 'group'), type: 'image/svg+xml', name: 'a.svg' },
        re: ids[3],
      },
    ],
    [
      'a dislike with the longest reason',
      { v: 1, height: 9, time: 9, backs: [ids[2]], pay: payOf('r'.repeat(1024)), like: { n: -1, target: ids[6] } },
      5,
    ],
    [
      'a like in a group with the longest reason, 40 bytes of seal about it',
      {
        v: 1,
        height: 9,
        time: 9,
        backs: [ids[2]],
        pay: payOf('r'.repeat(1064), 'group'),
        like: { n: 1, target: ids[6] },
      },
      5,
    ],
    [
      'well formed, and not sound: a reason of 1,025 bytes',
      { v: 1, height: 9, time: 9, backs: [ids[2]], pay: payOf('r'.repeat(1025)), like: { n: -1, target: ids[6] } },
      5,
    ],
  ]
  return cases.map(([title, unsigned, by]) => {
    const keyPair = by === undefined ? undefined : author(by)
    const header = keyPair === undefined ? unsigned : { ...unsigned, author: keyPair.pub }
    const { pay, ...withoutPay } = header
    const bytes = encodeHeader(header)
    const digest = sha256(bytes)
    const signature =
      keyPair && sodium.crypto_sign_detached(Buffer.concat([ascii('freechains/block/1'), digest]), keyPair.privateKey)
    return {
      title,
      header: { ...withoutPay, pay },
      bytes: hex(bytes),
      aad: hex(encodeHeader(boundToSeal(header))),
      id: `${header.height}_${hex(digest)}`,
      cid: link(0x71, digest).toString(),
      ...(keyPair === undefined ? {} : { seed: hex(keyPair.seed), signature: hex(signature) }),
    }
  })
}

function seals() {
  const key = filled(32, 5)
  const nonce = filled(24, 9)
  const lengths = [0, 1, 16, 17, 64, 1000]
  const group = lengths.map((length, n) => {
    const aad = filled([0, 5, 16, 33, 200, 500][n], 1)
    const plaintext = filled(length, 3)
    const box = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key)
    const sealed = Buffer.concat([nonce, box])
    return { key: hex(key), aad: hex(aad), nonce: hex(nonce), plaintext: hex(plaintext), sealed: hex(sealed) }
  })
  const owner = lengths.map((length, n) => {
    const { seed, publicKey, pub } = author(n)
    const recipient = sodium.crypto_sign_ed25519_pk_to_curve25519(publicKey)
    const ephemeral = filled(32, 40 + n)
    const ephemeralPublic = sodium.crypto_scalarmult_base(ephemeral)
    const boxNonce = sodium.crypto_generichash(24, Buffer.concat([ephemeralPublic, recipient]))
    const plaintext = filled(length, 3)
    const box = sodium.crypto_box_easy(plaintext, boxNonce, recipient, ephemeral)
    const sealed = Buffer.concat([ephemeralPublic, box])
    return { owner: pub, seed: hex(seed), ephemeral: hex(ephemeral), plaintext: hex(plaintext), sealed: hex(sealed) }
  })
  const message = filled(100, 8)
  const gossipKey = hkdf(key, 'freechains/gossip/1')
  const box = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(message, null, null, nonce, gossipKey)
  const gossip = {
    key: hex(key),
    gossipKey: hex(gossipKey),
    memberKey: hex(hkdf(key, 'freechains/member/1')),
    memberHmac: hex(hmac(hkdf(key, 'freechains/member/1'), message)),
    nonce: hex(nonce),
    message: hex(message),
    sealed: hex(Buffer.concat([nonce, box])),
  }
  return { group, owner, gossip }
}

/** The 14 encodings of the 8 points of small order: 8 canonical ones, then 6 that RFC 8032 forbids and ZIP-215 takes. */
const SMALL_ORDER = [
  `01${'00'.repeat(31)}`,
  `EC${'FF'.repeat(30)}7F`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  '26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC05',
  '26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC85',
  'C7176A703D4DD84FBA3C0B760D10670F2A2053FA2C39CCC64EC7FD7792AC037A',
  'C7176A703D4DD84FBA3C0B760D10670F2A2053FA2C39CCC64EC7FD7792AC03FA',
  `01${'00'.repeat(30)}80`,
  `EC${'FF'.repeat(31)}`,
  `ED${'FF'.repeat(30)}7F`,
  `ED${'FF'.repeat(31)}`,
  `EE${'FF'.repeat(30)}7F`,
  `EE${'FF'.repeat(31)}`,
]
/** The order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n

const littleEndian = (bytes) => BigInt(`0x${hex(Uint8Array.from(bytes).reverse())}`)
const scalarBytes = (value) => unhex(value.toString(16).padStart(64, '0')).reverse()

function zip215() {
  const digest = sha256(ascii('zip215'))
  const message = Buffer.concat([ascii('freechains/block/1'), digest])
  const signed = (title, a, r, s, valid) => ({
    title,
    author: hex(a),
    digest: hex(digest),
    signature: hex(Buffer.concat([r, s])),
    valid,
  })
  const k = (r, a) => {
    const wide = createHash('sha512')
      .update(Buffer.concat([r, a, message]))
      .digest()
    return littleEndian(wide) % L
  }
  const cases = []
  for (const a of SMALL_ORDER)
    for (const r of SMALL_ORDER)
      cases.push(signed('A and R of small order', unhex(a), unhex(r), new Uint8Array(32), true))

  const { seed, publicKey, privateKey } = author(1)
  const secret = createHash('sha512').update(seed).digest().subarray(0, 32)
  secret[0] &= 248
  secret[31] = (secret[31] & 127) | 64
  const a = littleEndian(secret) % L
  const nonce = 12345678901234567890n
  const commitment = sodium.crypto_scalarmult_ed25519_base_noclamp(scalarBytes(nonce))
  for (const torsion of SMALL_ORDER.slice(1, 8)) {
    const mixed = sodium.crypto_core_ed25519_add(publicKey, unhex(torsion))
    const s = scalarBytes((nonce + k(commitment, mixed) * a) % L)
    cases.push(signed('A with a part of small order', mixed, commitment, s, true))
  }
  for (const r of SMALL_ORDER) {
    const s = (k(unhex(r), publicKey) * a) % L
    cases.push(signed('R of small order under an honest A', publicKey, unhex(r), scalarBytes(s), true))
    cases.push(signed('the same with S + 1', publicKey, unhex(r), scalarBytes((s + 1n) % L), false))
  }
  const honest = sodium.crypto_sign_detached(message, privateKey)
  const [r, s] = [honest.slice(0, 32), honest.slice(32)]
  cases.push(signed('honest', publicKey, r, s, true))
  cases.push(signed('S + L', publicKey, r, scalarBytes(littleEndian(s) + L), false))
  cases.push(
    signed('S = L under points of small order', unhex(SMALL_ORDER[0]), unhex(SMALL_ORDER[0]), scalarBytes(L), false),
  )
  cases.push(signed('another author', author(2).publicKey, r, s, false))
  cases.push(signed('A is no point', unhex(`02${'00'.repeat(31)}`), r, s, false))
  cases.push(signed('R is no point', publicKey, unhex(`02${'00'.repeat(31)}`), s, false))
  return cases
}

const files = { keys: keys(), chains: chains(), headers: headers(), seals: seals(), zip215: zip215() }
for (const [name, content] of Object.entries(files)) {
  const path = `${directory}${name}.json`
  const before = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
  const kept = Array.isArray(content) ? content.slice(0, before.length) : content
  if (Array.isArray(before) && before.length === 0) continue
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(kept)), before)) continue
  console.error(`${path}: a case that is there would change: make the next version`)
  process.exit(1)
}
mkdirSync(directory, { recursive: true })
for (const [name, content] of Object.entries(files)) {
  writeFileSync(`${directory}${name}.json`, `${JSON.stringify(content, null, 2)}\n`)
}
console.log(`${directory}: ${Object.keys(files).join(', ')}`)
