/**
 * The node's own libp2p identity: one Ed25519 key, made at the first start and kept in the data directory. It names the
 * node to its peers and has nothing to do with the keys that authors sign with. Nothing here is ever logged.
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

/** Bytes of an Ed25519 seed: the first half of the raw key, the public key being the second. */
const SEED_BYTES = 32

/** Where the key is kept; `put` resolves when the bytes are on disk. */
export interface KeyRecords {
  get(name: string): Promise<Uint8Array | undefined>
  put(name: string, bytes: Uint8Array): Promise<void>
}

/** The record is there and is no key: the operator restores it, or removes it to become another peer. */
export type NodeKeyFault = { readonly code: 'NODE_KEY_DAMAGED'; readonly record: string }

/** The key kept here, or, where there is none at all, a fresh one that is stored before it is returned. */
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
 * libp2p takes any 64 bytes for a key. The public half follows from the seed, so making it again finds a flipped bit
 * in either half, which would otherwise be another identity, or signatures that no peer believes.
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
