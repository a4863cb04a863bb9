/**
 * Gossip announcements to bytes and back (spec §7): dag-cbor with CIDs, sealed under the group's key in groups.
 * `announce.ts` decides what to do with them.
 */
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { blockIdOfCid, cidOfBlock } from '../dag/codec.ts'
import { fail, type Result } from '../dag/result.ts'
import type { BlockId } from '../dag/ids.ts'
import { MAX_HEADER_BYTES, SIGNATURE_BYTES } from '../dag/block-limits.ts'
import { openGossip, sealGossip } from '../dag/seal.ts'
import type { ProtocolFault } from './faults.ts'
import { ANNOUNCE_HEADS, ANNOUNCE_NONCE_BYTES, ANNOUNCEMENT_BYTES, RIDING_BLOCK_BYTES } from './gossip-limits.ts'
import { HELD_SLOTS } from './intake-limits.ts'
import type { Announcement, HeadsAnnouncement } from './messages.ts'
import { decodeMessage, Fields, misshapen, readArray, readBytes } from './cbor-checks.ts'

export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  if ('waiting' in announcement) return encode(announcement)
  const { v, nonce, heads, block } = announcement
  const wire = { v, nonce, heads: heads.map(cidOfBlock) }
  if (block === undefined) return encode(wire)
  return encode({ ...wire, block: [block.headerBytes, block.signature ?? null, block.payload] })
}

export function decodeAnnouncement(bytes: Uint8Array): Result<Announcement, ProtocolFault> {
  return decodeMessage('announcement', bytes, ANNOUNCEMENT_BYTES, readAnnouncement)
}

/** Like {@link encodeAnnouncement}, sealed for the members. `nonce`: 24 random bytes, never used before. */
export function sealAnnouncement(announcement: Announcement, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return sealGossip(key, nonce, encodeAnnouncement(announcement))
}

/** Like {@link decodeAnnouncement}, for a sealed one. */
export function openAnnouncement(bytes: Uint8Array, key: Uint8Array): Result<Announcement, ProtocolFault> {
  if (bytes.byteLength > ANNOUNCEMENT_BYTES) {
    return fail({ code: 'WIRE_TOO_LARGE', bytes: bytes.byteLength, limit: ANNOUNCEMENT_BYTES })
  }
  const opened = openGossip(key, bytes)
  return opened.ok ? decodeAnnouncement(opened.value) : fail({ code: 'GOSSIP_NOT_A_MEMBER' })
}

function readAnnouncement(value: unknown): Announcement {
  const fields = new Fields(value)
  if (fields.uint('v', Number.MAX_SAFE_INTEGER) !== 1) return misshapen('not version 1')
  const nonce = fields.bytes('nonce', { exactly: ANNOUNCE_NONCE_BYTES })
  if (fields.has('waiting')) {
    const waiting = fields.uint('waiting', HELD_SLOTS)
    fields.end()
    return { v: 1, nonce, waiting }
  }
  const heads = readArray(fields.take('heads'), 'heads').map(readCid)
  if (heads.length < 1 || heads.length > ANNOUNCE_HEADS) return misshapen(`${String(heads.length)} heads`)
  if (new Set(heads).size < heads.length) return misshapen('heads names an id twice')
  const announcement: HeadsAnnouncement = { v: 1, nonce, heads }
  const block = fields.has('block') ? readRidingBlock(fields.take('block')) : undefined
  fields.end()
  return block === undefined ? announcement : { ...announcement, block }
}

function readCid(value: unknown): BlockId {
  const link = CID.asCID(value)
  const id = link === null ? undefined : blockIdOfCid(link)
  return id?.ok === true ? id.value : misshapen('a head is not the CID of a block')
}

function readRidingBlock(value: unknown): NonNullable<HeadsAnnouncement['block']> {
  const [header, signature, payload, ...rest] = readArray(value, 'block')
  if (rest.length > 0) return misshapen('a block has three parts')
  const headerBytes = readBytes(header, { atMost: MAX_HEADER_BYTES }, 'the header')
  const riding = {
    headerBytes,
    payload: readBytes(payload, { atMost: RIDING_BLOCK_BYTES - headerBytes.byteLength }, 'the payload'),
  }
  if (signature === null) return riding
  return { ...riding, signature: readBytes(signature, { exactly: SIGNATURE_BYTES }, 'the signature') }
}
