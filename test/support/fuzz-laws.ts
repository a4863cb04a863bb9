/**
 * What holds of every decoder of bytes that somebody else sent: it throws nothing, says no with a known code, says the
 * same each time, leaves the bytes alone, takes in one spelling only, and its work and its result stay in proportion to
 * the bytes. Work is counted in reads of bytes, never in time.
 */
import { isDeepStrictEqual } from 'node:util'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Result } from '../../src/dag/result.ts'

/** A law does not hold for these bytes. */
export class Broken extends Error {
  override readonly name = 'Broken'
  readonly bytes: Uint8Array

  constructor(why: string, bytes: Uint8Array, cause?: unknown) {
    const hex = bytesToHex(bytes.subarray(0, 1_000))
    super(`${why}\n${String(bytes.length)} bytes: ${hex}${bytes.length > 1_000 ? '…' : ''}`, { cause })
    this.bytes = bytes
  }
}

/** What a decoder says. */
type Coded<T> = Result<T, { readonly code: string }>

/** A decoder, with the encoder that makes what it takes. */
export interface Codec<T> {
  readonly decode: (bytes: Uint8Array) => Coded<T>
  /** The one spelling of what was decoded; of an input, where the spelling depends on it (a nonce). */
  readonly encode: (value: T, from: Uint8Array) => Uint8Array
  /** Every code that it may refuse bytes with. */
  readonly codes: readonly string[]
  /** What it says of bytes beyond its cap, without reading one. */
  readonly cap?: { readonly bytes: number; readonly code: string }
  /** Whether reads can be counted: not where bytes go to native code. */
  readonly isCounted: boolean
}

/** A head of CBOR is read a few times, a byte of a text or a link once more, and once more to compare spellings. */
const READS_PER_BYTE = 8
const READS_AT_ALL = 256

/** A digest becomes twice as many hex digits, an empty list an object. */
const WEIGHT_PER_BYTE = 32
const WEIGHT_AT_ALL = 512

/** A fault says what is wrong; it does not carry what was sent. */
const FAULT_CHARS = 256

/**
 * Whether two answers say the same. Of refusals only the code is compared: how deep a message may lie before the stack
 * ends depends on how warm the code is, so what is deep is now no dag-cbor and now of another shape.
 */
export function isSame<T>(one: Coded<T>, other: Coded<T>): boolean {
  if (one.ok && other.ok) return isDeepStrictEqual(one.value, other.value)
  return !one.ok && !other.ok && one.fault.code === other.fault.code
}

/** `taken`, or the code of the refusal. @throws {Broken} */
export function checkCodec<T>(codec: Codec<T>, bytes: Uint8Array): string {
  const first = decoded(codec, bytes, Uint8Array.from(bytes))
  // Elsewhere in memory, between other bytes.
  const wide = new Uint8Array(bytes.length + 24).fill(0xff)
  wide.set(bytes, 11)
  const again = decoded(codec, bytes, wide.subarray(11, 11 + bytes.length))
  if (!isSame(first, again)) throw new Broken('it says something else the second time', bytes)
  if (codec.isCounted) checkReads(codec, bytes)
  return first.ok ? checkTaken(codec, bytes, first.value) : checkRefused(codec, bytes, first.fault)
}

function decoded<T>({ decode }: Codec<T>, bytes: Uint8Array, copy: Uint8Array): Coded<T> {
  let result
  try {
    result = decode(copy)
  } catch (error) {
    throw new Broken(`it throws ${String(error)}`, bytes, error)
  }
  if (Buffer.compare(copy, bytes) !== 0) throw new Broken('it alters the bytes', bytes)
  return result
}

function checkTaken<T>({ encode, cap }: Codec<T>, bytes: Uint8Array, value: T): string {
  if (cap !== undefined && bytes.length > cap.bytes) throw new Broken('it takes more bytes than its cap', bytes)
  if (weightOf(value) > WEIGHT_PER_BYTE * bytes.length + WEIGHT_AT_ALL) throw new Broken('its result is huge', bytes)
  let spelt
  try {
    spelt = encode(value, bytes)
  } catch (error) {
    throw new Broken(`what it takes cannot be encoded: ${String(error)}`, bytes, error)
  }
  if (Buffer.compare(spelt, bytes) !== 0) {
    throw new Broken(`it takes another spelling of ${bytesToHex(spelt.subarray(0, 1_000))}`, bytes)
  }
  return 'taken'
}

function checkRefused<T>({ codes, cap }: Codec<T>, bytes: Uint8Array, fault: { readonly code: string }): string {
  if (!codes.includes(fault.code)) throw new Broken(`it refuses with ${fault.code}`, bytes)
  if ((fault.code === cap?.code) !== (cap !== undefined && bytes.length > cap.bytes)) {
    throw new Broken(`its cap is not what decides on ${fault.code}`, bytes)
  }
  if (JSON.stringify(fault).length > FAULT_CHARS) throw new Broken('its fault is long', bytes)
  return fault.code
}

function checkReads<T>({ decode, cap }: Codec<T>, bytes: Uint8Array): void {
  const { counted, reads } = countedReads(bytes)
  decode(counted)
  const most = cap !== undefined && bytes.length > cap.bytes ? 0 : READS_PER_BYTE * bytes.length + READS_AT_ALL
  if (reads() > most) throw new Broken(`it reads ${String(reads())} bytes of at most ${String(most)}`, bytes)
}

const INDEX = /^[0-9]+$/

/** The same bytes, which count how many of them are read one by one or copied. */
function countedReads(bytes: Uint8Array): { readonly counted: Uint8Array; readonly reads: () => number } {
  let reads = 0
  const counted = new Proxy(Uint8Array.from(bytes), {
    get(target, key) {
      if (typeof key === 'string' && INDEX.test(key)) reads += 1
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function' || key === 'constructor') return value
      return (...args: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args)
        if (result instanceof Uint8Array) reads += 1 + result.length
        return result
      }
    },
  })
  return { counted, reads: () => reads }
}

/** Bytes that a value takes, roughly: for comparing with the bytes that it was read from. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  if (value instanceof Uint8Array) return 16 + value.length
  if (typeof value !== 'object' || value === null) return 8
  return Object.values(value).reduce<number>((sum, part) => sum + weightOf(part), 16)
}
