/**
 * The node's libp2p identity: one Ed25519 key, generated at the first start and stored in the data directory. It is
 * unrelated to the keys that authors sign with. Nothing here is ever logged.
 */
import {
  generateKeyPair,
  generateKeyPairFromSeed,
  privateKeyFromProtobuf,
  privateKeyToProtobuf,
} from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { fail, ok, type Result } from '../../dag/result.ts'

/** Name of the record that holds the key, in libp2p's protobuf form. */
export const NODE_KEY_RECORD = 'node-key'

/** Bytes of an Ed25519 seed: the first half of the raw key. The second half is the public key. */
const SEED_BYTES = 32

/** Where the key is stored; `put` resolves when the bytes are on disk. */
export interface KeyRecords {
  get(name: string): Promise<Uint8Array | undefined>
  put(name: string, bytes: Uint8Array): Promise<void>
}

/** The record exists and is no key: the operator restores it, or deletes it to become another peer. */
export type NodeKeyFault = { readonly code: 'NODE_KEY_DAMAGED'; readonly record: string }

/** The stored key, or if there is no record a new one, which is stored before it is returned. */
export async function loadOrCreateNodeKey(records: KeyRecords): Promise<Result<Ed25519PrivateKey, NodeKeyFault>> {
  const stored = await records.get(NODE_KEY_RECORD)
  if (stored !== undefined) {
    const key = await decode(stored)
    return key === undefined ? fail({ code: 'NODE_KEY_DAMAGED', record: NODE_KEY_RECORD }) : ok(key)
  }
  const fresh = await generateKeyPair('Ed25519')
  await records.put(NODE_KEY_RECORD, privateKeyToProtobuf(fresh))
  return ok(fresh)
}

/**
 * libp2p accepts any 64 bytes as a key. Deriving the public half from the seed again detects a flipped bit in either half,
 * which would otherwise give another identity, or signatures that no peer accepts.
 */
async function decode(stored: Uint8Array): Promise<Ed25519PrivateKey | undefined> {
  try {
    const key = privateKeyFromProtobuf(stored)
    if (key.type !== 'Ed25519') return undefined
    const again = await generateKeyPairFromSeed('Ed25519', key.raw.subarray(0, SEED_BYTES))
    return sameBytes(privateKeyToProtobuf(again), stored) ? key : undefined
  } catch {
    return undefined
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at])
}
