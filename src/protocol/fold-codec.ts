/**
 * Prefixes and folds to bytes and back (spec §8): parts of the `folds` messages of `codec.ts`. A prefix is one byte
 * with its number of digits, then two digits per byte; a zero pads an odd digit.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { KEY_DIGITS, LEAF_BLOCKS, type FoldPart, type Prefix } from '../dag/fingerprint-tree.ts'
import { ID_BYTES } from '../dag/ids.ts'
import { FOLD_PREFIXES } from './sync-limits.ts'
import type { Fold } from './messages.ts'
import { Fields, joinIds, misshapen, readArray, readBytes, readUint } from './cbor-checks.ts'

/** Parts of a fold: at most one for each value of a digit. */
const MAX_PARTS = 16

export function wirePrefix(prefix: Prefix): Uint8Array {
  const digits = hexToBytes(prefix.length % 2 === 0 ? prefix : `${prefix}0`)
  return Uint8Array.of(prefix.length, ...digits)
}

export function wireFold(fold: Fold): unknown {
  if ('ids' in fold) return { ids: joinIds(fold.ids), ranks: fold.ranks }
  const parts = fold.parts.map(({ digit, count, fingerprint }) => [digit, count, fingerprint])
  return { at: wirePrefix(fold.at), parts }
}

export function readPrefixes(value: unknown): Prefix[] {
  const list = readArray(value, 'prefixes')
  if (list.length === 0 || list.length > FOLD_PREFIXES) return misshapen('it asks for too few prefixes, or too many')
  const prefixes = list.map((item) => readPrefix(item, KEY_DIGITS))
  return new Set(prefixes).size === prefixes.length ? prefixes : misshapen('prefixes names one twice')
}

export function readFolds(value: unknown): Fold[] {
  const list = readArray(value, 'folds')
  return list.length <= FOLD_PREFIXES ? list.map(readFold) : misshapen('it has too many folds')
}

function readPrefix(value: unknown, atMost: number): Prefix {
  const bytes = readBytes(value, { atMost: 1 + Math.ceil(atMost / 2) }, 'a prefix')
  const length = bytes[0] ?? misshapen('a prefix has no length')
  const digits = bytesToHex(bytes.subarray(1)).toUpperCase()
  const isFull = length <= atMost && bytes.byteLength === 1 + Math.ceil(length / 2)
  // One encoding for each prefix: the padding must be zero.
  if (!isFull || (length % 2 === 1 && !digits.endsWith('0'))) return misshapen('a prefix is not as long as it says')
  return digits.slice(0, length)
}

function readFold(value: unknown): Fold {
  const fields = new Fields(value)
  const fold = fields.has('ids') ? readList(fields) : readParts(fields)
  fields.end()
  return fold
}

function readList(fields: Fields): Fold {
  const ids = fields.ids('ids', LEAF_BLOCKS)
  const ranks = readArray(fields.take('ranks'), 'ranks').map((rank) =>
    readUint(rank, Number.MAX_SAFE_INTEGER, 'a rank'),
  )
  return ranks.length === ids.length ? { ids, ranks } : misshapen('each id has one rank')
}

function readParts(fields: Fields): Fold {
  const at = readPrefix(fields.take('at'), KEY_DIGITS - 1)
  const list = readArray(fields.take('parts'), 'parts')
  if (list.length < 2 || list.length > MAX_PARTS) return misshapen('blocks that differ have 2 to 16 parts')
  const parts = list.map(readPart)
  if (parts.some(({ digit }, i) => i > 0 && digit <= (parts[i - 1]?.digit ?? 0)))
    return misshapen('digits do not ascend')
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  return count > LEAF_BLOCKS ? { at, parts } : misshapen('so few blocks are listed')
}

function readPart(value: unknown): FoldPart {
  const [digit, count, fingerprint, ...rest] = readArray(value, 'a part')
  if (rest.length > 0) return misshapen('a part has three places')
  const part = {
    digit: readUint(digit, MAX_PARTS - 1, 'a digit'),
    count: readUint(count, Number.MAX_SAFE_INTEGER, 'a count'),
    fingerprint: readBytes(fingerprint, { exactly: ID_BYTES }, 'a fingerprint'),
  }
  return part.count > 0 ? part : misshapen('a part of no blocks')
}
