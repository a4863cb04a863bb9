/**
 * Keys and signatures of a client in Node (spec §10), for `drafting.ts`. It needs Node's crypto and nothing of the floors below, for `freechains-client` has neither.
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject, type PrivateKeyInput } from 'node:crypto'
import type { ResultOf } from '../schema.ts'
import { ClientError } from './client-error.ts'
import { SIGNED_PREFIX, signAndSubmit, type DraftBytes, type Drafting, type Signer } from './drafting.ts'
import type { ControlCaller } from './rpc-client.ts'

const PRIVATE_KEY = /^[0-9A-Fa-f]{128}$/
const SEED_DIGITS = 64
/** DER around the raw 32 bytes of a seed, and of a public key (RFC 8410). */
const PKCS8_PREFIX = '302e020100300506032b657004220420'
const SPKI_PREFIX_BYTES = 12

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

/** {@link DraftBytes} by Node. */
export const NODE_BYTES: DraftBytes = {
  signed: (header) =>
    Buffer.concat([Buffer.from(SIGNED_PREFIX), createHash('sha256').update(header, 'base64').digest()]),
  base64: (bytes) => Buffer.from(bytes).toString('base64'),
}

/** Drafts, signs and submits; again if the draft was overtaken. @throws {ClientError} */
export async function postSigned(
  client: Pick<ControlCaller, 'call'>,
  drafting: Drafting,
  signer: Signer,
): Promise<ResultOf<'chain.submit'>> {
  return await signAndSubmit(client, drafting, signer, NODE_BYTES)
}
