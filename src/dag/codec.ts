/**
 * Canonical bytes of headers and genesis blocks, and ids as CIDs (spec §2, §3). There is one encoding per header, and
 * {@link decodeHeader} refuses every other spelling. It says nothing about whether a block is allowed: see `block.ts`.
 */
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { Header, Seal } from './header.ts'
import { ARRAY, BYTES, CborReader, CborWriter, DAG_LINK, MAP, RAW_LINK, shortText, UINT } from './cbor.ts'
import { sha256 } from './crypto.ts'
import { Bug, fail, ok, type DagFault, type Result } from './faults.ts'
import {
  authorKey,
  blockId,
  ID_BYTES,
  idBytes,
  payloadId,
  type AuthorKey,
  type BlockId,
  type PayloadId,
} from './ids.ts'
import { MAX_BACKS, MAX_HEADER_BYTES } from './limits.ts'

const DAG_CBOR_CODE = 0x71
const RAW_CODE = 0x55
const SHA2_256_CODE = 0x12

/** Keys and words of a header as they stand in its bytes. */
const V = shortText('v')
const PAY = shortText('pay')
const CID_KEY = shortText('cid')
const SEAL = shortText('seal')
const SIZE = shortText('size')
const LIKE = shortText('like')
const N = shortText('n')
const TARGET = shortText('target')
const TIME = shortText('time')
const BACKS = shortText('backs')
const AUTHOR = shortText('author')
const HEIGHT = shortText('height')
const SEALS: readonly (readonly [Seal, Uint8Array])[] = [
  ['none', shortText('none')],
  ['group', shortText('group')],
  ['owner', shortText('owner')],
]
const VERSION_1 = Uint8Array.of(1)
/** CBOR of 1 and −1. */
const LIKE_BYTE = Uint8Array.of(0x01)
const DISLIKE_BYTE = Uint8Array.of(0x20)
/** First byte and length of 32 bytes. */
const BYTES_32 = Uint8Array.of(BYTES | 24, ID_BYTES)
/** Fields that every header has: v, pay, time, backs, height. */
const MIN_FIELDS = 5

const writer = new CborWriter(MAX_HEADER_BYTES)

function write(header: Header, withPay: boolean): Uint8Array {
  const { like, author, pay, backs } = header
  const fields = MIN_FIELDS + (like === undefined ? 0 : 1) + (author === undefined ? 0 : 1) - (withPay ? 0 : 1)
  writer.start()
  writer.head(MAP, fields)
  writer.raw(V)
  writer.raw(VERSION_1)
  if (withPay) writePay(pay)
  if (like !== undefined) {
    writer.raw(LIKE)
    writer.head(MAP, 2)
    writer.raw(N)
    writer.raw(like.n === 1 ? LIKE_BYTE : DISLIKE_BYTE)
    writer.raw(TARGET)
    writeLink(like.target)
  }
  writer.raw(TIME)
  writer.head(UINT, header.time)
  writer.raw(BACKS)
  writer.head(ARRAY, backs.length)
  for (const back of backs) writeLink(back)
  if (author !== undefined) {
    writer.raw(AUTHOR)
    writer.raw(BYTES_32)
    writer.raw(idBytes(author))
  }
  writer.raw(HEIGHT)
  writer.head(UINT, header.height)
  return writer.finish()
}

function writePay(pay: Header['pay']): void {
  writer.raw(PAY)
  writer.head(MAP, 3)
  writer.raw(CID_KEY)
  writer.raw(RAW_LINK)
  writer.raw(idBytes(pay.id))
  writer.raw(SEAL)
  writer.raw(shortText(pay.seal))
  writer.raw(SIZE)
  writer.head(UINT, pay.size)
}

function writeLink(id: BlockId): void {
  writer.raw(DAG_LINK)
  writer.raw(idBytes(id))
}

function checkEncodable(header: Header): void {
  const { backs } = header
  if (header.height < 1 || backs.length < 1 || backs.length > MAX_BACKS || !isAscending(backs)) {
    throw new Bug('a header has a height from 1 and 1 to 16 ascending, distinct backs')
  }
}

function isAscending(backs: readonly BlockId[]): boolean {
  return backs.every((back, i) => i === 0 || (backs[i - 1] as BlockId) < back)
}

/**
 * The header's one encoding.
 * @throws {Bug} if no peer would decode it: integers or backs out of bounds, backs not ascending
 */
export function encodeHeader(header: Header): Uint8Array {
  checkEncodable(header)
  return write(header, true)
}

/** What a group's sealing binds a payload to: the canonical header without `pay`. */
export function encodeAad(header: Omit<Header, 'pay'>): Uint8Array {
  const pay = { id: '' as PayloadId, size: 0, seal: 'none' } as const
  checkEncodable({ ...header, pay })
  return write({ ...header, pay }, false)
}

function readLink(reader: CborReader, prefix: Uint8Array, what: string): Uint8Array {
  if (!reader.skips(prefix)) reader.fail(`${what} is no CID v1 of sha2-256 with the codec that belongs there`)
  return reader.take(ID_BYTES, what)
}

function expectKey(reader: CborReader, key: Uint8Array, name: string): void {
  if (!reader.skips(key)) reader.fail(`field "${name}" is missing, or one that has no place here stands before it`)
}

function readPay(reader: CborReader): Header['pay'] {
  expectKey(reader, PAY, 'pay')
  if (reader.head(MAP, 'pay') !== 3) reader.fail('pay has three fields')
  expectKey(reader, CID_KEY, 'pay.cid')
  const id = payloadId(readLink(reader, RAW_LINK, 'pay.cid'))
  expectKey(reader, SEAL, 'pay.seal')
  const seal = SEALS.find(([, bytes]) => reader.skips(bytes))?.[0]
  if (seal === undefined) reader.fail('pay.seal is none of "none", "group" and "owner"')
  expectKey(reader, SIZE, 'pay.size')
  return { id, size: reader.head(UINT, 'pay.size'), seal: seal ?? 'none' }
}

function readLike(reader: CborReader): NonNullable<Header['like']> {
  if (reader.head(MAP, 'like') !== 2) reader.fail('like has two fields')
  expectKey(reader, N, 'like.n')
  const isLike = reader.skips(LIKE_BYTE)
  if (!isLike && !reader.skips(DISLIKE_BYTE)) reader.fail('like.n is neither 1 nor -1')
  expectKey(reader, TARGET, 'like.target')
  return { n: isLike ? 1 : -1, target: blockId(readLink(reader, DAG_LINK, 'like.target')) }
}

function readBacks(reader: CborReader): BlockId[] {
  expectKey(reader, BACKS, 'backs')
  const count = reader.head(ARRAY, 'backs')
  if (count < 1 || count > MAX_BACKS) reader.fail(`a block has 1 to ${String(MAX_BACKS)} backs`)
  const backs: BlockId[] = []
  while (backs.length < count && reader.wrong === undefined) backs.push(blockId(readLink(reader, DAG_LINK, 'a back')))
  if (!isAscending(backs)) reader.fail('backs stand in ascending order of their digests, each once')
  return backs
}

function readAuthor(reader: CborReader): AuthorKey | undefined {
  if (!reader.skips(AUTHOR)) return undefined
  if (!reader.skips(BYTES_32)) reader.fail('author has 32 bytes')
  return authorKey(reader.take(ID_BYTES, 'author'))
}

/** Reads a header in its one encoding; refuses everything else and never throws, whatever the bytes. */
export function decodeHeader(bytes: Uint8Array): Result<Header, DagFault> {
  if (bytes.byteLength > MAX_HEADER_BYTES) return fail({ code: 'DAG_HEADER_TOO_LARGE', bytes: bytes.byteLength })
  const reader = new CborReader(bytes)
  const fields = reader.head(MAP, 'the header')
  expectKey(reader, V, 'v')
  if (!reader.skips(VERSION_1)) reader.fail('v is not 1')
  const pay = readPay(reader)
  const like = reader.skips(LIKE) ? readLike(reader) : undefined
  expectKey(reader, TIME, 'time')
  const time = reader.head(UINT, 'time')
  const backs = readBacks(reader)
  const author = readAuthor(reader)
  expectKey(reader, HEIGHT, 'height')
  const height = reader.head(UINT, 'height')
  if (height < 1) reader.fail('height is at least 1')
  const expectedFields = MIN_FIELDS + (like === undefined ? 0 : 1) + (author === undefined ? 0 : 1)
  if (fields !== expectedFields || !reader.atEnd) reader.fail('the header has fields or bytes that do not belong there')
  if (reader.wrong !== undefined) return fail({ code: 'DAG_BAD_HEADER', why: reader.wrong })
  return ok({
    v: 1,
    height,
    time,
    backs,
    ...(author === undefined ? {} : { author }),
    pay,
    ...(like === undefined ? {} : { like }),
  })
}

/** A header's id: the sha2-256 of its bytes. */
export function headerDigest(bytes: Uint8Array): BlockId {
  return blockId(sha256(bytes))
}

/** What the genesis of a chain is made of, as encoded (spec §2). */
export interface GenesisFields {
  /** With its sign. */
  readonly name: string
  /** Byte-sorted, without repeats. */
  readonly pioneers: readonly AuthorKey[]
  /** sha256("freechains/group/1" ‖ key), in groups. */
  readonly group?: Uint8Array
}

export function encodeGenesis({ name, pioneers, group }: GenesisFields): Uint8Array {
  const fields = { freechains: 1, name, pioneers: pioneers.map((key) => idBytes(key)) }
  /** A copy: on Node the library hands out a `Buffer`. */
  return Uint8Array.from(encode(group === undefined ? fields : { ...fields, group }))
}

function cid(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, Digest.create(SHA2_256_CODE, digest))
}

/** A block's id, or the genesis's, as other software writes it. */
export function cidOfBlock(id: BlockId): CID {
  return cid(DAG_CBOR_CODE, idBytes(id))
}

export function cidOfPayload(id: PayloadId): CID {
  return cid(RAW_CODE, idBytes(id))
}

/** The block that a CID names; a fault unless it is a CID v1 of dag-cbor and sha2-256. */
export function blockIdOfCid(link: CID): Result<BlockId, DagFault> {
  const isBlock = link.version === 1 && link.code === DAG_CBOR_CODE && link.multihash.code === SHA2_256_CODE
  if (!isBlock || link.multihash.digest.byteLength !== ID_BYTES)
    return fail({ code: 'DAG_BAD_ID', text: link.toString() })
  return ok(blockId(link.multihash.digest))
}
