/**
 * Canonical bytes of headers and genesis blocks, and ids as CIDs (spec §2, §3). Each header has one encoding, and
 * {@link decodeHeader} refuses every other. Whether a block is valid is decided in `block.ts`.
 */
import { decode, encode } from '@ipld/dag-cbor'
import { base32 } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { equalBytes } from '@noble/curves/utils.js'
import { sha256Hex } from './crypto.ts'
import type { DagFault } from './faults.ts'
import { Bug, fail, ok, type Result } from './result.ts'
import { readHeaderBytes } from './header-reader.ts'
import { writeHeader } from './header-writer.ts'
import { labelOf, wrongLabel, type ContentLabel } from './content-label.ts'
import type { Header, Pay } from './header.ts'
import {
  authorKey,
  blockId,
  blockIdOfHex,
  ID_BYTES,
  idBytes,
  payloadId,
  type AuthorKey,
  type BlockId,
  type PayloadId,
} from './ids.ts'
import { MAX_BACKS, MAX_HEADER_BYTES } from './block-limits.ts'

const DAG_CBOR_CODE = 0x71
const RAW_CODE = 0x55
const SHA2_256_CODE = 0x12

/** On Node the library returns a `Buffer`; ids and tests want the plain type over the same bytes. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function isAscending(backs: readonly BlockId[]): boolean {
  return backs.every((back, i) => i === 0 || (backs[i - 1] as BlockId) < back)
}

function checkFields({ height, time, backs }: Omit<Header, 'pay'>): void {
  const isWhole = Number.isSafeInteger(height) && height >= 1 && Number.isSafeInteger(time) && time >= 0
  if (!isWhole || backs.length < 1 || backs.length > MAX_BACKS || !isAscending(backs)) {
    throw new Bug('a header has integers in bounds, and 1 to 16 ascending, distinct backs')
  }
}

/** Fields as the library takes them: it sorts and encodes them canonically. */
function fieldsOf({ v, height, time, backs, author, re, like }: Omit<Header, 'pay'>): Record<string, unknown> {
  return {
    v,
    height,
    time,
    backs: backs.map(cidOfBlock),
    ...(author === undefined ? {} : { author: idBytes(author) }),
    ...(re === undefined ? {} : { re: cidOfBlock(re) }),
    ...(like === undefined ? {} : { like: { n: like.n, target: cidOfBlock(like.target) } }),
  }
}

function labelFieldsOf(pay: ContentLabel): ContentLabel {
  const why = wrongLabel(pay)
  if (why !== undefined) throw new Bug(`a header has a label that no peer would decode: ${why}`)
  return labelOf(pay)
}

/**
 * The header's canonical encoding.
 * @throws {Bug} if no peer would decode it: integers, backs, type or name out of bounds, backs not ascending
 */
export function encodeHeader(header: Header): Uint8Array {
  checkFields(header)
  if (!Number.isSafeInteger(header.pay.size) || header.pay.size < 0) throw new Bug('a payload has a size')
  labelFieldsOf(header.pay)
  return writeHeader(header)
}

/** What the associated data of a group's seal covers: of `pay` only what does not depend on the sealed bytes. */
export interface AadParts extends Omit<Header, 'pay'> {
  readonly pay?: ContentLabel
}

/** The associated data of a group's seal: the canonical header with `pay` cut to its label, without `pay` if it has none. */
export function encodeAad(header: AadParts): Uint8Array {
  checkFields(header)
  const label = labelFieldsOf(header.pay ?? {})
  const pay = Object.keys(label).length === 0 ? {} : { pay: label }
  return plain(encode({ ...fieldsOf(header), ...pay }))
}

/** Aborts the nested readers with a reason. Never leaves this file. */
class Misshapen extends Error {
  override readonly name = 'Misshapen'
}

function misshapen(why: string): never {
  throw new Misshapen(why)
}

/** A map with all required fields, maybe the optional ones, and no others. */
function readMap(
  value: unknown,
  what: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    misshapen(`${what} is no map`)
  const fields = value as Record<string, unknown>
  for (const name of required) if (!Object.hasOwn(fields, name)) misshapen(`${what} has no field "${name}"`)
  const other = Object.keys(fields).find((name) => !required.includes(name) && !optional.includes(name))
  if (other !== undefined) misshapen(`${what} has a field that does not belong there`)
  return fields
}

function readUint(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) misshapen(`${what} is no integer of 0 to 2^53 - 1`)
  return value as number
}

function readDigest(value: unknown, code: number, what: string): Uint8Array {
  const link = CID.asCID(value)
  const { version, multihash } = link ?? misshapen(`${what} is no link`)
  if (
    version !== 1 ||
    link?.code !== code ||
    multihash.code !== SHA2_256_CODE ||
    multihash.digest.byteLength !== ID_BYTES
  ) {
    misshapen(`${what} is no CID v1 of sha2-256 with the codec that belongs there`)
  }
  return multihash.digest
}

function readPay(value: unknown): Pay {
  const fields = readMap(value, 'pay', ['cid', 'size', 'seal'], ['type', 'name'])
  const { cid, size, seal } = fields
  if (seal !== 'none' && seal !== 'group' && seal !== 'owner')
    misshapen('pay.seal is none of "none", "group" and "owner"')
  const id = payloadId(readDigest(cid, RAW_CODE, 'pay.cid'))
  return { id, size: readUint(size, 'pay.size'), seal, ...readLabel(fields) }
}

function readLabel(fields: Record<string, unknown>): ContentLabel {
  const label: Record<string, string> = {}
  for (const field of ['type', 'name']) {
    if (!Object.hasOwn(fields, field)) continue
    const text = fields[field]
    label[field] = typeof text === 'string' ? text : misshapen(`pay.${field} is no text`)
  }
  const why = wrongLabel(label)
  return why === undefined ? label : misshapen(why)
}

function readLike(value: unknown): NonNullable<Header['like']> {
  const { n, target } = readMap(value, 'like', ['n', 'target'])
  if (n !== 1 && n !== -1) misshapen('like.n is neither 1 nor -1')
  return { n, target: blockId(readDigest(target, DAG_CBOR_CODE, 'like.target')) }
}

function readBacks(value: unknown): BlockId[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_BACKS)
    misshapen(`a block has 1 to ${String(MAX_BACKS)} backs`)
  const backs = value.map((back) => blockId(readDigest(back, DAG_CBOR_CODE, 'a back')))
  if (!isAscending(backs)) misshapen('backs stand in ascending order of their digests, each once')
  return backs
}

function readAuthor(value: unknown): AuthorKey {
  if (!(value instanceof Uint8Array) || value.byteLength !== ID_BYTES) misshapen('author has 32 bytes')
  return authorKey(value)
}

function readHeader(value: unknown): Header {
  const fields = readMap(value, 'the header', ['v', 'height', 'time', 'backs', 'pay'], ['author', 're', 'like'])
  if (fields['v'] !== 1) misshapen('v is not 1')
  const height = readUint(fields['height'], 'height')
  if (height < 1) misshapen('height is at least 1')
  return {
    v: 1,
    height,
    time: readUint(fields['time'], 'time'),
    backs: readBacks(fields['backs']),
    ...(Object.hasOwn(fields, 'author') ? { author: readAuthor(fields['author']) } : {}),
    pay: readPay(fields['pay']),
    ...(Object.hasOwn(fields, 're') ? { re: blockId(readDigest(fields['re'], DAG_CBOR_CODE, 're')) } : {}),
    ...(Object.hasOwn(fields, 'like') ? { like: readLike(fields['like']) } : {}),
  }
}

/**
 * Decodes a canonical header; refuses everything else, and never throws. What the fast reader accepts is canonical.
 * Anything else is decoded by the library and encoded again to compare, since the library is not strict in all points.
 */
export function decodeHeader(bytes: Uint8Array): Result<Header, DagFault> {
  if (bytes.byteLength > MAX_HEADER_BYTES) return fail({ code: 'DAG_HEADER_TOO_LARGE', bytes: bytes.byteLength })
  const header = readHeaderBytes(bytes)
  return header === undefined ? decodeSlowly(bytes) : ok(header)
}

/** The same result as {@link decodeHeader} through the library, which gives the reason of a fault. */
function decodeSlowly(bytes: Uint8Array): Result<Header, DagFault> {
  try {
    const header = readHeader(decode(bytes))
    return equalBytes(encodeHeader(header), bytes)
      ? ok(header)
      : fail({ code: 'DAG_BAD_HEADER', why: 'it is not in canonical form' })
  } catch (error) {
    if (error instanceof Bug) throw error
    return fail({ code: 'DAG_BAD_HEADER', why: error instanceof Misshapen ? error.message : 'it is no dag-cbor' })
  }
}

/** A header's id: the sha2-256 of its bytes. */
export function headerDigest(bytes: Uint8Array): BlockId {
  return blockIdOfHex(sha256Hex(bytes))
}

/** Content of a chain's genesis, as encoded (spec §2). */
export interface GenesisFields {
  /** With its sign. */
  readonly name: string
  /** Byte-sorted, distinct. */
  readonly pioneers: readonly AuthorKey[]
  /** sha256("freechains/group/1" ‖ key), in groups. */
  readonly group?: Uint8Array
}

export function encodeGenesis({ name, pioneers, group }: GenesisFields): Uint8Array {
  const fields = { freechains: 1, name, pioneers: pioneers.map((key) => idBytes(key)) }
  return plain(encode(group === undefined ? fields : { ...fields, group }))
}

function cid(codec: number, digest: Uint8Array): CID {
  return CID.createV1(codec, Digest.create(SHA2_256_CODE, digest))
}

/** The CID of a block or of the genesis, for use by other software. */
export function cidOfBlock(id: BlockId): CID {
  return cid(DAG_CBOR_CODE, idBytes(id))
}

/** The CID of a payload as text: base32 of CIDv1, the codec, sha2-256 of 32 bytes. Ten times as fast as the library's. */
export function cidTextOfPayload(id: PayloadId): string {
  const bytes = Uint8Array.of(1, RAW_CODE, SHA2_256_CODE, ID_BYTES, ...idBytes(id))
  return base32.encode(bytes)
}

/** The block that a CID names; a fault unless it is a CIDv1 of dag-cbor and sha2-256. */
export function blockIdOfCid(link: CID): Result<BlockId, DagFault> {
  const isBlock = link.version === 1 && link.code === DAG_CBOR_CODE && link.multihash.code === SHA2_256_CODE
  if (!isBlock || link.multihash.digest.byteLength !== ID_BYTES)
    return fail({ code: 'DAG_BAD_ID', text: link.toString() })
  return ok(blockId(link.multihash.digest))
}
