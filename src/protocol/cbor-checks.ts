/**
 * Reads dag-cbor from a peer into typed fields (spec §7, §8). It checks the size first, then the encoding, then the
 * shape (each field exactly once, none unknown), then that the form is canonical. It knows no message; `codec.ts` and
 * `gossip-codec.ts` do.
 */
import { decode, encode } from '@ipld/dag-cbor'
import { equalBytes } from '@noble/curves/utils.js'
import { fail, ok, type Result } from '../dag/result.ts'
import { blockId, ID_BYTES, idBytes, type BlockId } from '../dag/ids.ts'
import { isSurelyCanonical } from './canonical-cbor.ts'
import type { ProtocolFault } from './faults.ts'

/** Aborts the reading of one message. Never leaves {@link decodeMessage}. */
class Misshapen extends Error {
  override readonly name = 'Misshapen'
}

/** Aborts: the message does not have its shape. */
export function misshapen(why: string): never {
  throw new Misshapen(why)
}

/** Decodes at most `limit` bytes and reads them with `read`, which may call {@link misshapen}. Never throws on input. */
export function decodeMessage<T>(
  message: string,
  bytes: Uint8Array,
  limit: number,
  read: (value: unknown) => T,
): Result<T, ProtocolFault> {
  if (bytes.byteLength > limit) return fail({ code: 'WIRE_TOO_LARGE', bytes: bytes.byteLength, limit })
  let value: unknown
  try {
    value = decode(bytes)
  } catch {
    return fail({ code: 'WIRE_MALFORMED', message, why: 'it is not dag-cbor' })
  }
  try {
    const result = read(value)
    return isSurelyCanonical(bytes) || isCanonical(value, bytes) ? ok(result) : misshapen('it is not in canonical form')
  } catch (error) {
    if (error instanceof Misshapen) return fail({ code: 'WIRE_MALFORMED', message, why: error.message })
    throw error
  }
}

/**
 * Whether bytes are the canonical encoding of a value. The library also reads `undefined` as null, and floats as
 * integers.
 */
function isCanonical(value: unknown, bytes: Uint8Array): boolean {
  try {
    return equalBytes(encode(value), bytes)
  } catch {
    // A field that no reader touched may be nested too deeply to be encoded again.
    return false
  }
}

/** Required length of a byte string. */
export type Length = { readonly exactly: number } | { readonly atMost: number }

export function readBytes(value: unknown, length: Length, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) return misshapen(`${what} is not a byte string`)
  const right = 'exactly' in length ? value.byteLength === length.exactly : value.byteLength <= length.atMost
  return right ? value : misshapen(`${what} has ${String(value.byteLength)} bytes`)
}

export function readArray(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? value : misshapen(`${what} is not a list`)
}

/** Digests end to end in one byte string: distinct, at most `max` of them. */
export function readIds(value: unknown, max: number, what: string): BlockId[] {
  const bytes = readBytes(value, { atMost: max * ID_BYTES }, what)
  if (bytes.byteLength % ID_BYTES !== 0) return misshapen(`${what} is not a whole number of digests`)
  const ids: BlockId[] = []
  for (let at = 0; at < bytes.byteLength; at += ID_BYTES) ids.push(blockId(bytes.subarray(at, at + ID_BYTES)))
  return new Set(ids).size === ids.length ? ids : misshapen(`${what} names an id twice`)
}

/** The inverse of {@link readIds}. */
export function joinIds(ids: readonly BlockId[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * ID_BYTES)
  ids.forEach((id, position) => {
    bytes.set(idBytes(id), position * ID_BYTES)
  })
  return bytes
}

export function readUint(value: unknown, max: number, what: string): number {
  const right = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
  return right ? value : misshapen(`${what} is not an integer from 0 to ${String(max)}`)
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** The fields of one map. {@link Fields.end} refuses those that were not read. */
export class Fields {
  readonly #map: Readonly<Record<string, unknown>>
  readonly #unread: Set<string>

  constructor(value: unknown) {
    this.#map = isPlainMap(value) ? value : misshapen('it is not a map')
    this.#unread = new Set(Object.keys(this.#map))
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#map, name)
  }

  take(name: string): unknown {
    if (!this.#unread.delete(name)) return misshapen(`field "${name}" is missing`)
    return this.#map[name]
  }

  text(name: string): string {
    const value = this.take(name)
    return typeof value === 'string' ? value : misshapen(`${name} is not text`)
  }

  bool(name: string): boolean {
    const value = this.take(name)
    return typeof value === 'boolean' ? value : misshapen(`${name} is not true or false`)
  }

  uint(name: string, max: number): number {
    return readUint(this.take(name), max, name)
  }

  bytes(name: string, length: Length): Uint8Array {
    return readBytes(this.take(name), length, name)
  }

  ids(name: string, max: number): BlockId[] {
    return readIds(this.take(name), max, name)
  }

  blockId(name: string): BlockId {
    return blockId(this.bytes(name, { exactly: ID_BYTES }))
  }

  /**
   * Refuses fields that were not read. A field of a later version is a breach in this one: that version has its own
   * protocol id.
   */
  end(): void {
    if (this.#unread.size > 0) misshapen('it has fields that are not of this message')
  }
}
