/**
 * Makes wrong messages out of right ones: bytes are flipped, cut, doubled, spliced with another message's, and whatever
 * the dialect of the message (CBOR, JSON, raw) knows of its own structure is bent. fast-check draws and shrinks.
 */
import * as fc from 'fast-check'

/** Where something begins and ends in a message. */
export type Span = readonly [from: number, to: number]

/** Picks one of n, 0 … n − 1, the same ones for the same seed. */
export type Dice = (n: number) => number

/** Bends a message; gives it back as it is where there is nothing to bend. */
export type Edit = (bytes: Uint8Array, dice: Dice) => Uint8Array

/** What is known of how messages are built. */
export interface Dialect {
  /** The parts that can be moved or replaced as a whole; of nonsense, those before it. */
  readonly spans: (bytes: Uint8Array) => readonly Span[]
  /** What is put in the place of a part, or between parts. */
  readonly words: readonly Uint8Array[]
  readonly edits: readonly Edit[]
}

/** One message that is most likely wrong. */
export interface Mutant {
  readonly bytes: Uint8Array
  /** What breaks says its bytes by itself. */
  readonly [fc.toStringMethod]: () => string
}

/** A mutant never gets longer than this; above every cap on a message. */
const LONGEST = 320 * 1024

/** mulberry32: small, and good enough to pick places. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) % n
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

export function pick<T>(list: readonly T[], dice: Dice): T | undefined {
  return list.length === 0 ? undefined : list[dice(list.length)]
}

/** The bytes with those of a span replaced. */
export function replaced(bytes: Uint8Array, [from, to]: Span, by: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, from), by, bytes.subarray(to))
}

function anyRange(bytes: Uint8Array, dice: Dice): Span {
  const from = dice(bytes.length + 1)
  return [from, from + dice(Math.min(64, bytes.length - from) + 1)]
}

const INTERESTING = [0x00, 0x01, 0x17, 0x18, 0x7f, 0x80, 0xff]

function flipBit(bytes: Uint8Array, dice: Dice): Uint8Array {
  if (bytes.length === 0) return bytes
  const at = dice(bytes.length)
  const copy = Uint8Array.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ (1 << dice(8))
  return copy
}

function setByte(bytes: Uint8Array, dice: Dice): Uint8Array {
  if (bytes.length === 0) return bytes
  const copy = Uint8Array.from(bytes)
  copy[dice(bytes.length)] = dice(2) === 0 ? dice(256) : (pick(INTERESTING, dice) ?? 0)
  return copy
}

function cutTail(bytes: Uint8Array, dice: Dice): Uint8Array {
  return bytes.subarray(0, dice(bytes.length + 1))
}

function cutRange(bytes: Uint8Array, dice: Dice): Uint8Array {
  return replaced(bytes, anyRange(bytes, dice), new Uint8Array(0))
}

function doubleRange(bytes: Uint8Array, dice: Dice): Uint8Array {
  const [from, to] = anyRange(bytes, dice)
  return replaced(bytes, [from, from], bytes.subarray(from, to))
}

/** Mostly a little too long; now and then beyond the cap of every message. */
function grow(bytes: Uint8Array, dice: Dice): Uint8Array {
  const size = dice(24) === 0 ? LONGEST : 1 + dice(300)
  return concat(bytes, new Uint8Array(size).fill(pick(INTERESTING, dice) ?? 0))
}

const COMMON: readonly Edit[] = [flipBit, flipBit, setByte, setByte, cutTail, cutRange, doubleRange, grow]

function editsOf(dialect: Dialect, samples: readonly Uint8Array[]): readonly Edit[] {
  const span = (bytes: Uint8Array, dice: Dice): Span => pick(dialect.spans(bytes), dice) ?? anyRange(bytes, dice)
  const part = (bytes: Uint8Array, dice: Dice): Uint8Array => bytes.subarray(...span(bytes, dice))
  const other = (dice: Dice): Uint8Array => pick(samples, dice) ?? new Uint8Array(0)
  const word = (dice: Dice): Uint8Array => pick(dialect.words, dice) ?? Uint8Array.of(dice(256))
  return [
    ...COMMON,
    ...dialect.edits,
    // The front of one message and the back of another.
    (bytes, dice) => concat(bytes.subarray(0, dice(bytes.length + 1)), cutHead(other(dice), dice)),
    (bytes, dice) => replaced(bytes, span(bytes, dice), part(other(dice), dice)),
    (bytes, dice) => replaced(bytes, span(bytes, dice), part(bytes, dice)),
    (bytes, dice) => replaced(bytes, span(bytes, dice), word(dice)),
    (bytes, dice) => replaced(bytes, span(bytes, dice), word(dice)),
    (bytes, dice) => insert(bytes, span(bytes, dice)[0], word(dice)),
    (bytes, dice) => insert(bytes, span(bytes, dice)[1], part(bytes, dice)),
  ]
}

function cutHead(bytes: Uint8Array, dice: Dice): Uint8Array {
  return bytes.subarray(dice(bytes.length + 1))
}

function insert(bytes: Uint8Array, at: number, what: Uint8Array): Uint8Array {
  return replaced(bytes, [at, at], what)
}

/** Samples with one to four edits each. */
export function mutants(samples: readonly Uint8Array[], dialect: Dialect): fc.Arbitrary<Mutant> {
  const edits = editsOf(dialect, samples)
  const edit = fc.tuple(fc.nat({ max: edits.length - 1 }), fc.nat())
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 4, size: 'max' }))
    .map(([sample, chosen]) => {
      let bytes = sample
      for (const [which, seed] of chosen) bytes = (edits[which] ?? flipBit)(bytes, diceOf(seed)).subarray(0, LONGEST)
      return { bytes, [fc.toStringMethod]: () => `${String(bytes.length)} bytes` }
    })
}
