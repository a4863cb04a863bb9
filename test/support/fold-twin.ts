/** The fingerprints of spec §8 as they are defined, over plain texts, computed from nothing each time. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import type { Graph } from '../../src/dag/graph.ts'
import { bytes } from './blocks.ts'

export const HEX_DIGITS: readonly string[] = Array.from({ length: 16 }, (_, digit) => digit.toString(16).toUpperCase())

const ZEROS = '00'.repeat(32)

/** Keys of all accepted blocks, in order. */
export function keysOf(graph: Graph): string[] {
  const keys: string[] = []
  for (let index = 1; index < graph.size; index++) {
    if (!graph.isAccepted(index)) continue
    const time = graph.time(index).toString(16).padStart(14, '0')
    const height = graph.height(index).toString(16).padStart(8, '0')
    keys.push((time + height).toUpperCase() + graph.id(index))
  }
  return keys.sort()
}

/** What the keys under a prefix share, or nothing if there are none. */
export function sharedBy(keys: readonly string[]): string {
  const [first = ''] = keys
  let length = first.length
  while (!keys.every((key) => key.startsWith(first.slice(0, length)))) length -= 1
  return first.slice(0, length)
}

/** In hex. */
export function twinFingerprint(keys: readonly string[], prefix: string): string {
  const under = keys.filter((key) => key.startsWith(prefix))
  if (under.length === 0) return ZEROS
  if (under.length <= 32) return hash('freechains/fold/leaf', under.map((key) => key.slice(22)).join(''))
  const shared = sharedBy(under)
  const parts = HEX_DIGITS.map((digit) => twinFingerprint(under, shared + digit))
  return hash('freechains/fold/node', parts.join(''))
}

function hash(label: string, hex: string): string {
  return bytesToHex(sha256(concatBytes(bytes(label), hexToBytes(hex))))
}
