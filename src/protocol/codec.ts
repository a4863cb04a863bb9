/**
 * Sync messages to bytes and back (spec §8; `docs/spec.md` has the grammar): dag-cbor, with a list of ids as one byte
 * string of digests. Decoding checks size, then shape, and never throws on input. It does not interpret messages.
 */
import { encode } from '@ipld/dag-cbor'
import { Bug, fail, ok, unreachable, type Result } from '../dag/result.ts'
import { authorKey, ID_BYTES, idBytes, type BlockId } from '../dag/ids.ts'
import { MAX_HEADER_BYTES, MAX_PAYLOAD_OWNER_BYTES, SIGNATURE_BYTES } from '../dag/block-limits.ts'
import { FRAME_BYTES } from '../dag/store.ts'
import { readBlocksReply } from './blocks-reader.ts'
import { encodeBlocks, type BlocksReply } from './blocks-writer.ts'
import type { ProtocolFault } from './faults.ts'
import { frameParts, readFrameReply, type FrameReply } from './frame-reply.ts'
import { readFolds, readPrefixes, wireFold, wirePrefix } from './fold-codec.ts'
import {
  GET_IDS,
  HAVE_IDS,
  HEADS_PER_PAGE,
  HELLO_NONCE_BYTES,
  IDS_PER_PAGE,
  INLINE_PAYLOAD_BYTES,
  MAX_REQUEST_ID,
  MESSAGE_BYTES,
  PROOF_BYTES,
} from './sync-limits.ts'
import type { Hello, RefuseCode, Reply, Request, WireBlock } from './messages.ts'
import { decodeMessage, Fields, joinIds, misshapen, readArray, readBytes } from './cbor-checks.ts'

const REFUSE_CODES: readonly RefuseCode[] = ['unknown-chain', 'incompatible', 'busy', 'bad-request']
const REMOTE_STATES = ['frames', 'hidden', 'absent'] as const
const DIGEST = { exactly: ID_BYTES }
const PROOF = { exactly: PROOF_BYTES }

export function encodeHello(hello: Hello): Uint8Array {
  return encode({ t: hello.t, v: hello.v, nonce: hello.nonce })
}

/** @throws {Bug} if it breaks a bound that every peer checks: a list or an id too long */
export function encodeRequest(request: Request): Uint8Array {
  return bounded(encode(wireRequest(request)))
}

/** @throws {Bug} if it is larger than a message may be */
export function encodeReply(reply: Reply): Uint8Array {
  return reply.t === 'frame' ? joined(encodeReplyParts(reply)) : bounded(encodeWhole(reply))
}

/**
 * The same as parts to be sent one after another: a payload frame is one of them, and is not copied.
 * @throws {Bug} as {@link encodeReply}
 */
export function encodeReplyParts(reply: Reply): readonly Uint8Array[] {
  return reply.t === 'frame' ? boundedParts(frameParts(reply)) : [bounded(encodeWhole(reply))]
}

export function decodeHello(bytes: Uint8Array): Result<Hello, ProtocolFault> {
  const version = decodeMessage('hello', bytes, MESSAGE_BYTES, readVersion)
  if (!version.ok) return version
  if (version.value !== 1) return fail({ code: 'WIRE_OTHER_VERSION', found: version.value })
  return decodeMessage('hello', bytes, MESSAGE_BYTES, readHello)
}

export function decodeRequest(bytes: Uint8Array): Result<Request, ProtocolFault> {
  return decodeMessage('request', bytes, MESSAGE_BYTES, readRequest)
}

/** A frame's bytes are a view of `bytes`. */
export function decodeReply(bytes: Uint8Array): Result<Reply, ProtocolFault> {
  const isTooLarge = bytes.byteLength > MESSAGE_BYTES
  const quick = isTooLarge ? undefined : (readBlocksReply(bytes) ?? readFrameReply(bytes))
  return quick === undefined ? decodeMessage('reply', bytes, MESSAGE_BYTES, readReply) : ok(quick)
}

function bounded(bytes: Uint8Array): Uint8Array {
  boundedParts([bytes])
  return bytes
}

function boundedParts(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const bytes = sizeOf(parts)
  if (bytes > MESSAGE_BYTES) throw new Bug(`a message of ${String(bytes)} bytes`)
  return parts
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(sizeOf(parts))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

function encodeWhole(reply: Exclude<Reply, FrameReply>): Uint8Array {
  return reply.t === 'blocks' ? encodeBlocks(reply) : encode(wireReply(reply))
}

function wireRequest(request: Request): unknown {
  switch (request.t) {
    case 'open':
    case 'offer':
    case 'held':
      return request
    case 'heads':
      return { ...request, after: idBytes(request.after) }
    case 'diff': {
      const { after, ...rest } = request
      const wire = { ...rest, have: joinIds(request.have) }
      return after === undefined ? wire : { ...wire, after: idBytes(after) }
    }
    case 'folds':
      return { ...request, prefixes: request.prefixes.map(wirePrefix) }
    case 'get':
      return { ...request, ids: joinIds(request.ids) }
    case 'frame':
      return { ...request, block: idBytes(request.block) }
    default:
      return unreachable(request)
  }
}

function wireReply(reply: Exclude<Reply, BlocksReply | FrameReply>): unknown {
  switch (reply.t) {
    case 'opened': {
      const { pioneer, ...rest } = reply
      const wire = { ...rest, heads: joinIds(reply.heads) }
      return pioneer === undefined ? wire : { ...wire, pioneer: idBytes(pioneer) }
    }
    case 'heads':
      return { ...reply, heads: joinIds(reply.heads) }
    case 'ids':
      return { ...reply, ids: joinIds(reply.ids) }
    case 'folds':
      return { ...reply, folds: reply.folds.map(wireFold) }
    case 'refuse': {
      return reply.code === 'incompatible' ? { ...reply, pioneer: idBytes(reply.pioneer) } : reply
    }
    case 'no-payload':
    case 'offered':
      return reply
    default:
      return unreachable(reply)
  }
}

function readVersion(value: unknown): number {
  return new Fields(value).uint('v', Number.MAX_SAFE_INTEGER)
}

function readHello(value: unknown): Hello {
  const fields = new Fields(value)
  if (fields.text('t') !== 'hello') return misshapen('a hello comes first')
  fields.take('v')
  const nonce = fields.bytes('nonce', { exactly: HELLO_NONCE_BYTES })
  fields.end()
  return { t: 'hello', v: 1, nonce }
}

function readRequest(value: unknown): Request {
  const fields = new Fields(value)
  const t = fields.text('t')
  const about = { id: fields.uint('id', MAX_REQUEST_ID), chain: fields.bytes('chain', DIGEST) }
  const request = readRequestOf(t, about, fields)
  fields.end()
  return request
}

function readRequestOf(t: string, about: { id: number; chain: Uint8Array }, fields: Fields): Request {
  switch (t) {
    case 'open':
      return { t, ...about, ...(fields.has('proof') ? { proof: fields.bytes('proof', PROOF) } : {}) }
    case 'offer':
    case 'held':
      return { t, ...about }
    case 'heads':
      return { t, ...about, after: fields.blockId('after') }
    case 'diff': {
      const have = fields.ids('have', HAVE_IDS)
      return { t, ...about, have, ...(fields.has('after') ? { after: fields.blockId('after') } : {}) }
    }
    case 'folds':
      return { t, ...about, prefixes: readPrefixes(fields.take('prefixes')) }
    case 'get': {
      const ids = fields.ids('ids', GET_IDS)
      return ids.length > 0 ? { t, ...about, ids } : misshapen('it asks for no block')
    }
    case 'frame': {
      const offset = fields.uint('offset', MAX_PAYLOAD_OWNER_BYTES)
      if (offset % FRAME_BYTES !== 0) return misshapen('offset is not the beginning of a frame')
      return { t, ...about, block: fields.blockId('block'), offset }
    }
    default:
      return misshapen('no such request')
  }
}

function readReply(value: unknown): Reply {
  const fields = new Fields(value)
  const t = fields.text('t')
  const reply = readReplyOf(t, fields.uint('id', MAX_REQUEST_ID), fields)
  fields.end()
  return reply
}

function readReplyOf(t: string, id: number, fields: Fields): Reply {
  switch (t) {
    case 'opened':
      return {
        t,
        id,
        ...(fields.has('proof') ? { proof: fields.bytes('proof', PROOF) } : {}),
        ...readPioneer(fields),
        blocks: fields.uint('blocks', Number.MAX_SAFE_INTEGER),
        ...readHeads(fields),
      }
    case 'heads':
      return { t, id, ...readHeads(fields) }
    case 'ids': {
      const ids = fields.ids('ids', IDS_PER_PAGE)
      return { t, id, ids, more: fields.bool('more') }
    }
    case 'folds':
      return { t, id, folds: readFolds(fields.take('folds')) }
    case 'blocks': {
      const asked = fields.uint('asked', GET_IDS)
      const blocks = readArray(fields.take('blocks'), 'blocks')
      if (blocks.length > asked) return misshapen('more blocks than it settles')
      return { t, id, asked, blocks: blocks.map(readWireBlock) }
    }
    case 'frame': {
      const offset = fields.uint('offset', MAX_PAYLOAD_OWNER_BYTES)
      return { t, id, offset, bytes: fields.bytes('bytes', { atMost: FRAME_BYTES }) }
    }
    case 'no-payload': {
      const why = fields.text('why')
      return why === 'hidden' || why === 'absent' ? { t, id, why } : misshapen('no such reason')
    }
    case 'offered': {
      const fresh = fields.uint('fresh', Number.MAX_SAFE_INTEGER)
      const missing = fields.uint('missing', Number.MAX_SAFE_INTEGER)
      return {
        t,
        id,
        fresh,
        missing,
        ...(fields.has('delayed') ? { delayed: fields.uint('delayed', Number.MAX_SAFE_INTEGER) } : {}),
      }
    }
    case 'refuse': {
      const text = fields.text('code')
      const code = REFUSE_CODES.find((known) => known === text) ?? misshapen('no such refusal')
      if (code !== 'incompatible') return { t, id, code }
      const pioneer = authorKey(fields.bytes('pioneer', DIGEST))
      return { t, id, code, pioneer, blocks: fields.uint('blocks', Number.MAX_SAFE_INTEGER) }
    }
    default:
      return misshapen('no such reply')
  }
}

function readPioneer(fields: Fields): Pick<Reply & { t: 'opened' }, 'pioneer'> {
  return fields.has('pioneer') ? { pioneer: authorKey(fields.bytes('pioneer', DIGEST)) } : {}
}

function readHeads(fields: Fields): { heads: readonly BlockId[]; more: boolean } {
  const heads = fields.ids('heads', HEADS_PER_PAGE)
  if (heads.some((head, i) => i > 0 && head < (heads[i - 1] ?? ''))) return misshapen('heads do not ascend')
  return { heads, more: fields.bool('more') }
}

function readWireBlock(value: unknown): WireBlock {
  const [header, signature, payload, ...rest] = readArray(value, 'a block')
  if (rest.length > 0) return misshapen('a block has three parts')
  const block = {
    headerBytes: readBytes(header, { atMost: MAX_HEADER_BYTES }, 'a header'),
    ...(signature === null ? {} : { signature: readBytes(signature, { exactly: SIGNATURE_BYTES }, 'a signature') }),
  }
  const state = REMOTE_STATES.find((known) => known === payload)
  if (state !== undefined) return { ...block, state }
  return { ...block, state: 'inline', payload: readBytes(payload, { atMost: INLINE_PAYLOAD_BYTES }, 'a payload') }
}
