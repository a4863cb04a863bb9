/**
 * What can be bent in a message of dag-cbor: the kinds, lengths and spellings of its items, the entries of its maps and
 * lists, and how deep they lie. Reads any bytes as far as they are CBOR, and shares nothing with how the product reads.
 */
import { hexToBytes } from '@noble/hashes/utils.js'
import { concat, pick, replaced, type Dialect, type Dice, type Edit } from './fuzz-mutate.ts'

/** 0 … 7: unsigned, negative, bytes, text, list, map, tag, simple. */
interface Head {
  readonly major: number
  readonly value: bigint
  /** Where the head (kind and length) ends. */
  readonly head: number
}

interface Item extends Head {
  readonly from: number
  readonly to: number
}

/** Items looked at in one message; more say nothing new. */
const MOST_ITEMS = 500

const LENGTHS = [0n, 1n, 23n, 24n, 255n, 256n, 65_535n, 65_536n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n]

function headAt(bytes: Uint8Array, from: number): Head | undefined {
  const first = bytes[from]
  if (first === undefined) return undefined
  const minor = first & 31
  if (minor < 24 || minor > 27) return { major: first >> 5, value: BigInt(minor), head: from + 1 }
  const head = from + 1 + (1 << (minor - 24))
  if (head > bytes.length) return undefined
  let value = 0n
  for (const byte of bytes.subarray(from + 1, head)) value = value * 256n + BigInt(byte)
  return { major: first >> 5, value, head }
}

/** A head in the shortest form, or in one of `width` bytes (1, 2, 4, 8) behind the first. */
function spell(major: number, value: bigint, width = 0): Uint8Array {
  const least = value < 24n ? 0 : value < 256n ? 1 : value < 65_536n ? 2 : value < 2n ** 32n ? 4 : 8
  const bytes = Math.max(width, least)
  if (bytes === 0) return Uint8Array.of((major << 5) | Number(value))
  const head = new Uint8Array(1 + bytes)
  head[0] = (major << 5) | (24 + Math.log2(bytes))
  for (let at = bytes, rest = value; at > 0; at--, rest >>= 8n) head[at] = Number(rest & 255n)
  return head
}

/** Items that lie directly inside one with this head. */
function childrenOf({ major, value }: Head): number {
  if (major === 6) return 1
  if (major === 4) return Number(value)
  return major === 5 ? 2 * Number(value) : 0
}

/** The items of a message, outer before inner; of nonsense, those that are whole before it. */
function itemsOf(bytes: Uint8Array): Item[] {
  const items: (Head & { from: number; to: number })[] = []
  const open: { item: { to: number }; left: number }[] = []
  for (let at = 0; items.length < MOST_ITEMS;) {
    const head = headAt(bytes, at)
    if (head === undefined) break
    const content = head.major === 2 || head.major === 3 ? Number(head.value) : 0
    const item = { ...head, from: at, to: head.head + content }
    if (item.to > bytes.length) break
    at = item.to
    items.push(item)
    open.push({ item, left: childrenOf(head) })
    for (let top = open.at(-1); top?.left === 0; top = open.at(-1)) {
      top.item.to = at
      open.pop()
      const outer = open.at(-1)
      if (outer === undefined) return items
      outer.left -= 1
    }
  }
  const unfinished = new Set(open.map(({ item }) => item))
  return items.filter((item) => !unfinished.has(item))
}

/** Bends one item, if there is one of these kinds. */
function edit(majors: readonly number[], bend: (bytes: Uint8Array, item: Item, dice: Dice) => Uint8Array): Edit {
  return (bytes, dice) => {
    const items = itemsOf(bytes).filter(({ major }) => majors.includes(major))
    const item = pick(items, dice)
    return item === undefined ? bytes : bend(bytes, item, dice)
  }
}

/** Far above, or far below, where the stack ends: what lies between is decided by how warm the code is. */
const LEVELS = [3, 30, 300, 300, 30_000]

const ANY = [0, 1, 2, 3, 4, 5, 6, 7]
const CONTAINERS = [4, 5]

const withHead = (bytes: Uint8Array, { from, head }: Item, by: Uint8Array): Uint8Array =>
  replaced(bytes, [from, head], by)

const otherKind = edit(ANY, (bytes, item, dice) => withHead(bytes, item, spell(dice(8), item.value)))

const otherLength = edit(ANY, (bytes, item, dice) => {
  const near = [item.value + 1n, item.value > 0n ? item.value - 1n : 0n, item.value * 2n]
  return withHead(bytes, item, spell(item.major, pick([...near, ...LENGTHS], dice) ?? 0n))
})

const longerSpelling = edit([0, 1, 2, 3, 4, 5, 6], (bytes, item, dice) =>
  withHead(bytes, item, spell(item.major, item.value, 1 << dice(4))),
)

/** An integer as a float of 64 bits: the same number to whoever does not look. */
const asFloat = edit([0], (bytes, { from, to, value }) => {
  const float = new DataView(new ArrayBuffer(9))
  float.setUint8(0, 0xfb)
  float.setFloat64(1, Number(value))
  return replaced(bytes, [from, to], new Uint8Array(float.buffer))
})

const withoutEnd = edit([2, 3, 4, 5], (bytes, { from, head, to, major, value }) => {
  // A string without an end holds strings, which this one becomes.
  const content = major < 4 ? concat(spell(major, value), bytes.subarray(head, to)) : bytes.subarray(head, to)
  return replaced(bytes, [from, to], concat(Uint8Array.of((major << 5) | 31), content, Uint8Array.of(0xff)))
})

/** The direct items of a container: entries of a list, keys and values of a map in turn. */
function inside(bytes: Uint8Array, { from, to }: Item): Item[] {
  const all = itemsOf(bytes.subarray(from, to)).slice(1)
  const direct: Item[] = []
  for (const item of all) if (item.from >= (direct.at(-1)?.to ?? 0)) direct.push(item)
  return direct.map((item) => ({ ...item, from: item.from + from, to: item.to + from, head: item.head + from }))
}

/** An entry as its span: one item of a list, a key with its value of a map. */
function entry(bytes: Uint8Array, container: Item, dice: Dice): readonly [number, number] | undefined {
  const items = inside(bytes, container)
  const each = container.major === 5 ? 2 : 1
  const at = each * dice(Math.max(1, Math.floor(items.length / each)))
  const [first, last] = [items[at], items[at + each - 1]]
  return first === undefined || last === undefined ? undefined : [first.from, last.to]
}

const doubleEntry = edit(CONTAINERS, (bytes, container, dice) => {
  const span = entry(bytes, container, dice)
  if (span === undefined) return bytes
  const doubled = replaced(bytes, [span[0], span[0]], bytes.subarray(...span))
  return withHead(doubled, container, spell(container.major, container.value + 1n))
})

const dropEntry = edit(CONTAINERS, (bytes, container, dice) => {
  const span = entry(bytes, container, dice)
  if (span === undefined || container.value === 0n) return bytes
  return withHead(replaced(bytes, span, new Uint8Array(0)), container, spell(container.major, container.value - 1n))
})

/** Keys in another order, or a list's items. */
const moveEntry = edit(CONTAINERS, (bytes, container, dice) => {
  const span = entry(bytes, container, dice)
  if (span === undefined) return bytes
  const moved = bytes.slice(...span)
  return concat(
    bytes.subarray(0, container.head),
    moved,
    bytes.subarray(container.head, span[0]),
    bytes.subarray(span[1]),
  )
})

const foreignEntry = edit(CONTAINERS, (bytes, container, dice) => {
  const key = container.major === 5 ? (pick(KEYS, dice) ?? new Uint8Array(0)) : new Uint8Array(0)
  const added = concat(key, pick(WORDS, dice) ?? new Uint8Array(0))
  const put = replaced(bytes, [container.to, container.to], added)
  return withHead(put, container, spell(container.major, container.value + 1n))
})

const wrapped = edit(ANY, (bytes, { from, to }, dice) =>
  replaced(bytes, [from, to], concat(pick(WRAPS, dice) ?? new Uint8Array(0), bytes.subarray(from, to))),
)

const deep = edit(ANY, (bytes, { from, to }, dice) => {
  const wrap = pick(WRAPS, dice) ?? Uint8Array.of(0x81)
  const levels = pick(LEVELS, dice) ?? 3
  const nested = new Uint8Array(wrap.length * levels)
  for (let at = 0; at < levels; at++) nested.set(wrap, at * wrap.length)
  return replaced(bytes, [from, to], concat(nested, bytes.subarray(from, to)))
})

/** A list of one, a map of one, and tags: a link, a large number, one in the longest spelling. */
const WRAPS = ['81', 'a16161', 'd82a', 'c2', 'db000000000000002a'].map((hex) => hexToBytes(hex))

const KEYS = [
  '60', // no text at all
  '6174', // t, which every message has
  '61ff', // no UTF-8
  '695f5f70726f746f5f5f', // __proto__
  '6b636f6e7374727563746f72', // constructor
  '00', // no text
].map((hex) => hexToBytes(hex))

const WORDS = [
  'f4', // false
  'f5', // true
  'f6', // null
  'f7', // undefined
  'f8ff', // a simple value that has no meaning
  'f97e00', // NaN
  'fb7ff0000000000000', // infinity
  'fb3ff0000000000000', // 1 as a float
  'fb8000000000000000', // −0
  'f93c00', // 1 as a short float
  '00',
  '20', // −1
  '1a80000000', // 2^31
  '1b001fffffffffffff', // 2^53 − 1
  '1b0020000000000000', // 2^53
  '1bffffffffffffffff',
  '3bffffffffffffffff',
  '40',
  '60',
  '80',
  'a0',
  '62c328', // no UTF-8
  '63eda080', // half a surrogate pair
  '5bffffffffffffffff', // a byte string longer than any memory
  '7affffffff',
  '9bffffffffffffffff',
  'bbffffffffffffffff',
  '9a00100000', // a list of a million, and nothing in it
  '9fff', // a list without a length
  'bfff',
  '5fff',
  'ff', // an end of nothing
  '1c', // a length of no kind
  'c249010000000000000000', // 2^64 as a large number
  'd82a4100', // a link to nothing
  'd82a40',
  'd82a80', // a link that is a list
  `d82a58250001711220${'ab'.repeat(32)}`, // a link to a block
  `d82a58250001551220${'ab'.repeat(32)}`, // a link to raw bytes
  `d82a5823001220${'ab'.repeat(32)}`, // a link of the old kind
  `d82a58260001f1001220${'ab'.repeat(32)}`, // a link with a codec of two bytes
  `d82a5826000171922000${'ab'.repeat(31)}ab`, // a link whose digest is spelt longer
  `5820${'ab'.repeat(32)}`, // a digest
  `5821${'ab'.repeat(33)}`, // a digest and a byte
  `5840${'ab'.repeat(64)}`, // a signature, or a digest twice
].map((hex) => hexToBytes(hex))

export const CBOR: Dialect = {
  spans: (bytes) => itemsOf(bytes).map(({ from, to }) => [from, to]),
  words: WORDS,
  edits: [
    otherKind,
    otherLength,
    longerSpelling,
    asFloat,
    withoutEnd,
    doubleEntry,
    dropEntry,
    moveEntry,
    foreignEntry,
    wrapped,
    deep,
  ],
}
