/**
 * Reads a header that is spelt as it should be (spec §3), byte by byte, in one pass: some ten times as fast as a library
 * that builds every value and spells it again to compare. It only ever says yes: whoever gets no asks `codec.ts`, which
 * knows why. What it says yes to is what the library reads and spells the same way; a property test compares them.
 *
 *     a5..a7  "v" 1  "pay" {cid seal size}  ["like" {n target}]  "time" n  "backs" [1*16 link]  ["author" key]  "height" n
 */
import type { Header, Seal } from './header.ts'
import { authorKey, blockId, ID_BYTES, payloadId, type BlockId } from './ids.ts'
import { MAX_BACKS } from './limits.ts'

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A text of up to 23 bytes as dag-cbor spells it, with what stands around it. */
function spelt(before: readonly number[], text: string, after: readonly number[] = []): Uint8Array {
  return Uint8Array.from([...before, 0x60 + text.length, ...ascii(text), ...after])
}

/** A link up to its digest: tag 42, 37 bytes, a zero, CIDv1, the codec, sha2-256 of 32 bytes. */
function linkStart(codec: number): number[] {
  return [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, codec, 0x12, 0x20]
}

const BLOCK_LINK = Uint8Array.from(linkStart(0x71))
const VERSION = spelt([], 'v', [0x01])
const PAY = spelt([...spelt([], 'pay'), 0xa3], 'cid', linkStart(0x55))
const SEAL = spelt([], 'seal')
const SEALS: readonly (readonly [Seal, Uint8Array])[] = [
  ['none', spelt([], 'none')],
  ['group', spelt([], 'group')],
  ['owner', spelt([], 'owner')],
]
const SIZE = spelt([], 'size')
const LIKE = spelt([...spelt([], 'like'), 0xa2], 'n')
const TARGET = spelt([], 'target', linkStart(0x71))
const TIME = spelt([], 'time')
const BACKS = spelt([], 'backs')
const AUTHOR = spelt([], 'author', [0x58, 0x20])
const HEIGHT = spelt([], 'height')

/** Fields that every header has. */
const LEAST_FIELDS = 5
const HIGHEST_HIGH_WORD = 2 ** 21 - 1

/** Where the reading is. Each step says whether it found what it wants; then it stands behind that. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.byteLength
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? -1
  }

  skip(wanted: Uint8Array): boolean {
    for (let n = 0; n < wanted.length; n += 1) if (this.#bytes[this.#at + n] !== wanted[n]) return false
    this.#at += wanted.length
    return true
  }

  /** 32 bytes, or `undefined`. A view. */
  digest(): Uint8Array | undefined {
    const from = this.#at
    this.#at += ID_BYTES
    return this.#at <= this.#bytes.byteLength ? this.#bytes.subarray(from, this.#at) : undefined
  }

  /** An integer of 0 to 2^53 − 1 in its shortest spelling; -1 for anything else. */
  uint(): number {
    const first = this.byte()
    if (first <= 0x17) return first
    if (first === 0x18) return this.#atLeast(0x18, this.byte())
    if (first === 0x19) return this.#atLeast(2 ** 8, this.#word(2))
    if (first === 0x1a) return this.#atLeast(2 ** 16, this.#word(4))
    if (first !== 0x1b) return -1
    const high = this.#word(4)
    return high > HIGHEST_HIGH_WORD ? -1 : this.#atLeast(2 ** 32, high * 2 ** 32 + this.#word(4))
  }

  /** Past the end it is NaN, which is at least nothing. */
  #word(length: number): number {
    let value = 0
    for (let n = 0; n < length; n += 1) value = value * 256 + (this.#bytes[this.#at++] ?? Number.NaN)
    return value
  }

  #atLeast(least: number, value: number): number {
    return value >= least ? value : -1
  }
}

/** The header that these bytes are the one spelling of; `undefined` if they are not, or of none. */
export function readHeaderBytes(bytes: Uint8Array): Header | undefined {
  const reader = new Reader(bytes)
  const fields = reader.byte() - 0xa0
  if (!reader.skip(VERSION)) return undefined
  const pay = readPay(reader)
  if (pay === undefined) return undefined
  const like = readLike(reader)
  if (like === undefined || !reader.skip(TIME)) return undefined
  const time = reader.uint()
  const backs = readBacks(reader)
  if (time < 0 || backs === undefined) return undefined
  const author = reader.skip(AUTHOR) ? reader.digest() : null
  if (author === undefined || !reader.skip(HEIGHT)) return undefined
  const height = reader.uint()
  const present = LEAST_FIELDS + (like === null ? 0 : 1) + (author === null ? 0 : 1)
  if (height < 1 || fields !== present || !reader.isAtEnd) return undefined
  return {
    v: 1,
    height,
    time,
    backs,
    ...(author === null ? {} : { author: authorKey(author) }),
    pay,
    ...(like === null ? {} : { like }),
  }
}

function readPay(reader: Reader): Header['pay'] | undefined {
  if (!reader.skip(PAY)) return undefined
  const digest = reader.digest()
  if (digest === undefined || !reader.skip(SEAL)) return undefined
  const seal = SEALS.find(([, text]) => reader.skip(text))?.[0]
  if (seal === undefined || !reader.skip(SIZE)) return undefined
  const size = reader.uint()
  return size < 0 ? undefined : { id: payloadId(digest), size, seal }
}

/** `null` if there is none. */
function readLike(reader: Reader): NonNullable<Header['like']> | null | undefined {
  if (!reader.skip(LIKE)) return null
  const n = reader.byte()
  if ((n !== 0x01 && n !== 0x20) || !reader.skip(TARGET)) return undefined
  const digest = reader.digest()
  return digest === undefined ? undefined : { n: n === 0x01 ? 1 : -1, target: blockId(digest) }
}

function readBacks(reader: Reader): BlockId[] | undefined {
  if (!reader.skip(BACKS)) return undefined
  const count = reader.byte() - 0x80
  if (count < 1 || count > MAX_BACKS) return undefined
  const backs: BlockId[] = []
  for (let n = 0; n < count; n += 1) {
    const digest = reader.skip(BLOCK_LINK) ? reader.digest() : undefined
    if (digest === undefined) return undefined
    const back = blockId(digest)
    const before = backs.at(-1)
    if (before !== undefined && before >= back) return undefined
    backs.push(back)
  }
  return backs
}
