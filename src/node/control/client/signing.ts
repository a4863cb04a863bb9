/**
 * Posts that are signed on the client's side (spec §10): the daemon drafts a block, this signs it, the daemon takes it in. The
 * private key never leaves the client. It needs Node's crypto and nothing of the floors below, for `freechains-client` has neither.
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject, type PrivateKeyInput } from 'node:crypto'
import type { ParamsOf, ResultOf } from '../schema.ts'
import { ClientError } from './client-error.ts'
import type { ControlCaller } from './connection.ts'

/** Who signs: a key in this process, or whatever holds one. */
export interface Signer {
  /** The public key: 64 hex digits. */
  readonly author: string
  /** Ed25519 over the bytes: 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** A draft may be overtaken by blocks that the same author makes elsewhere: a few times, but not for ever. */
const MOST_TRIES = 32

const PRIVATE_KEY = /^[0-9A-Fa-f]{128}$/
const SEED_DIGITS = 64
/** DER around the raw 32 bytes of a seed, and of a public key (RFC 8410). */
const PKCS8_PREFIX = '302e020100300506032b657004220420'
const SPKI_PREFIX_BYTES = 12

/** What the signature of a block is over (spec §3): this, then the digest of its header. */
const SIGNED_PREFIX = Buffer.from('freechains/block/1')

/** The signer with a private key of 128 hex digits. @throws {ClientError} `bad-key` */
export function signerOf(pvt: string): Signer {
  if (!PRIVATE_KEY.test(pvt)) throw badKey('a private key of 128 hex digits')
  const key = keyOf(pvt.slice(0, SEED_DIGITS))
  const author = publicKeyOf(key)
  if (author !== pvt.slice(SEED_DIGITS).toUpperCase()) {
    throw badKey('a private key whose second half is the public key of its first')
  }
  return { author, sign: (bytes) => sign(null, bytes, key) }
}

/** The private key with a seed: seed ‖ public key, in 128 hex digits (spec §3). */
export function privateKeyOf(seed: Uint8Array): string {
  const digits = Buffer.from(seed).toString('hex').toUpperCase()
  return digits + publicKeyOf(keyOf(digits))
}

function keyOf(seed: string): KeyObject {
  const der = Buffer.from(PKCS8_PREFIX + seed, 'hex') as Exclude<PrivateKeyInput['key'], string>
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function publicKeyOf(key: KeyObject): string {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return spki.subarray(SPKI_PREFIX_BYTES).toString('hex').toUpperCase()
}

function badKey(expected: string): ClientError {
  return new ClientError('bad-key', `wrong key: expected ${expected}; copy the whole key, as \`crypto\` printed it`)
}

/** What to post or to vote on. */
export type Drafting = Omit<ParamsOf<'chain.draft'>, 'author'>

/** Drafts, signs and submits; again if the draft was overtaken. @throws {ClientError} */
export async function postSigned(
  client: Pick<ControlCaller, 'call'>,
  drafting: Drafting,
  signer: Signer,
): Promise<ResultOf<'chain.submit'>> {
  for (let left = MOST_TRIES; ; left -= 1) {
    const { draft, header } = await client.call('chain.draft', { ...drafting, author: signer.author })
    const digest = createHash('sha256').update(header, 'base64').digest()
    const signature = Buffer.from(await signer.sign(Buffer.concat([SIGNED_PREFIX, digest]))).toString('base64')
    try {
      return await client.call('chain.submit', { draft, signature })
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'stale' || left <= 1) throw error
    }
  }
}
