/** What is remembered of a chain that was joined by command: its name and keys (spec §12). */
import * as dagCbor from '@ipld/dag-cbor'
import { bytesToHex } from '@noble/hashes/utils.js'
import { chainOf, type Chain } from '../../dag/chain.ts'

export function encodeJoined({ params }: Chain): Uint8Array {
  const keys = params.key === undefined ? params.pioneers : [bytesToHex(params.key)]
  return dagCbor.encode({ v: 1, name: params.name, keys })
}

/** `undefined` if it says of no chain. */
export function decodeJoined(record: Uint8Array): Chain | undefined {
  const { name, keys } = dagCbor.decode<{ name: string; keys: string[] }>(record)
  const chain = chainOf(name, keys)
  return chain.ok ? chain.value : undefined
}
