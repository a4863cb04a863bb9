/** Every decoder of bytes that a peer or a local program sends, with right messages for it and the laws that it keeps. */
import { isDeepStrictEqual } from 'node:util'
import { checkStructure, decodeBlock, verifyBlock } from '../../src/dag/block.ts'
import { decodeHeader, encodeAad, encodeHeader } from '../../src/dag/codec.ts'
import { fail, ok, type Result } from '../../src/dag/result.ts'
import { Graph } from '../../src/dag/graph.ts'
import type { Block, Header } from '../../src/dag/header.ts'
import { MAX_HEADER_BYTES, SIGNATURE_BYTES } from '../../src/dag/block-limits.ts'
import {
  groupVerifier,
  NONCE_BYTES,
  openGroup,
  openOwner,
  sealGossip,
  sealGroup,
  sealOwner,
} from '../../src/dag/seal.ts'
import { decodeInviteBody, encodeInviteBody, type Invite } from '../../src/node/api/invite.ts'
import { assess } from '../../src/protocol/announce.ts'
import {
  decodeHello,
  decodeReply,
  decodeRequest,
  encodeHello,
  encodeReply,
  encodeRequest,
} from '../../src/protocol/codec.ts'
import {
  decodeAnnouncement,
  encodeAnnouncement,
  openAnnouncement,
  sealAnnouncement,
} from '../../src/protocol/gossip-codec.ts'
import { ANNOUNCEMENT_BYTES } from '../../src/protocol/gossip-limits.ts'
import { MESSAGE_BYTES } from '../../src/protocol/sync-limits.ts'
import { proofHolds } from '../../src/protocol/membership-proof.ts'
import type { Announcement } from '../../src/protocol/messages.ts'
import { must } from './blocks.ts'
import { CBOR } from './fuzz-cbor.ts'
import { checkControl } from './fuzz-control.ts'
import { Broken, checkCodec, isSame, type Codec } from './fuzz-laws.ts'
import { concat, type Dialect } from './fuzz-mutate.ts'
import { JSON_LINES } from './fuzz-json.ts'
import { RAW } from './fuzz-raw.ts'
import * as samples from './fuzz-samples.ts'
import { checkFrames, framed } from './fuzz-streams.ts'

export interface Target {
  /** Names its folder in `test/corpus`. */
  readonly name: string
  readonly dialect: Dialect
  /** Right messages. */
  readonly samples: readonly Uint8Array[]
  /** How the bytes are taken, in a word: `taken`, a code. @throws {Broken} a law does not hold */
  readonly check: (bytes: Uint8Array) => string | Promise<string>
  /** Mutants in one run of the tests; what is dear gets fewer. */
  readonly runs: number
}

const WIRE = ['WIRE_TOO_LARGE', 'WIRE_MALFORMED']
const HEADER_CODES = ['DAG_BAD_HEADER', 'DAG_HEADER_TOO_LARGE']

/** The answer to a question, which is the same when asked again. */
function agree<T>(bytes: Uint8Array, what: string, ask: () => T): T {
  const answer = ask()
  if (!isDeepStrictEqual(answer, ask())) throw new Broken(`${what} disagrees`, bytes)
  return answer
}

const HEADER: Codec<Header> = {
  decode: decodeHeader,
  encode: encodeHeader,
  codes: HEADER_CODES,
  cap: { bytes: MAX_HEADER_BYTES, code: 'DAG_HEADER_TOO_LARGE' },
  isCounted: true,
}

const STRUCTURE = [
  ...['DAG_BAD_BACKS', 'DAG_BAD_HEIGHT', 'DAG_NOT_OWNER', 'DAG_UNSIGNED', 'DAG_BAD_LIKE', 'DAG_BAD_SEAL'],
  ...['DAG_BAD_LABEL', 'DAG_BAD_REPLY', 'DAG_PAYLOAD_TOO_LARGE', 'DAG_REASON_TOO_LONG'],
]

function checkHeader(bytes: Uint8Array): string {
  const outcome = checkCodec(HEADER, bytes)
  const header = decodeHeader(bytes)
  if (!header.ok) return outcome
  encodeAad(header.value)
  for (const chain of samples.CHAINS) {
    const sound = agree(bytes, 'the structure', () => checkStructure(chain, header.value))
    if (!sound.ok && !STRUCTURE.includes(sound.fault.code)) throw new Broken(sound.fault.code, bytes)
  }
  const isAnonymous = header.value.author === undefined
  if (decodeBlock(bytes).ok !== isAnonymous) throw new Broken('a signature is missing, or is not', bytes)
  return outcome
}

/** A header, and a signature in the last 64 bytes. */
const SIGNED: Codec<Block> = {
  decode: (bytes) => decodeBlock(...split(bytes)),
  encode: ({ header, signature }) => concat(encodeHeader(header), signature ?? new Uint8Array(0)),
  codes: [...HEADER_CODES, 'DAG_BAD_SIGNATURE'],
  cap: { bytes: MAX_HEADER_BYTES + SIGNATURE_BYTES, code: 'DAG_HEADER_TOO_LARGE' },
  isCounted: false,
}

function split(bytes: Uint8Array): [header: Uint8Array, signature: Uint8Array] {
  const at = Math.max(0, bytes.length - SIGNATURE_BYTES)
  return [bytes.subarray(0, at), bytes.subarray(at)]
}

function checkSigned(bytes: Uint8Array): string {
  const outcome = checkCodec(SIGNED, bytes)
  const block = SIGNED.decode(bytes)
  if (!block.ok) return outcome
  const holds = agree(bytes, 'the signature', () => verifyBlock(must(SIGNED.decode(Uint8Array.from(bytes)))))
  const isKnown = samples.SIGNED.some((sample) => Buffer.compare(sample, bytes) === 0)
  // Nobody forges a signature here; but a key of small order signs everything.
  if (isKnown && !holds) throw new Broken('a right signature does not hold', bytes)
  return holds ? 'signed' : outcome
}

const ANNOUNCED: Codec<Announcement> = {
  decode: decodeAnnouncement,
  encode: encodeAnnouncement,
  codes: WIRE,
  cap: { bytes: ANNOUNCEMENT_BYTES, code: 'WIRE_TOO_LARGE' },
  isCounted: true,
}

const emptyGraph = new Graph(samples.CHAINS[0]!.id, 1)

function checkAnnouncement(bytes: Uint8Array): string {
  const outcome = checkCodec(ANNOUNCED, bytes)
  const { key, nonce } = samples.SEALING
  const sealed = sealGossip(key, nonce, bytes)
  const plain = decodeAnnouncement(bytes)
  if (sealed.length <= ANNOUNCEMENT_BYTES && !isSame(openAnnouncement(sealed, key), plain)) {
    throw new Broken('what is sealed says something else', bytes)
  }
  if (!plain.ok) return outcome
  const announced = plain.value
  if ('waiting' in announced) return 'waiting'
  const assessment = agree(bytes, 'the assessment', () =>
    assess(announced, { graph: emptyGraph, has: () => false, needsFounder: false }),
  )
  return assessment.verdict
}

const SEALED: Codec<Announcement> = {
  decode: (bytes) => openAnnouncement(bytes, samples.SEALING.key),
  encode: (announcement, from) => sealAnnouncement(announcement, samples.SEALING.key, from.subarray(0, NONCE_BYTES)),
  codes: [...WIRE, 'GOSSIP_NOT_A_MEMBER'],
  cap: { bytes: ANNOUNCEMENT_BYTES, code: 'WIRE_TOO_LARGE' },
  isCounted: false,
}

const { key, aad } = samples.GROUP_PAYLOADS

const GROUP_PAYLOAD: Codec<Uint8Array> = {
  decode: (bytes) => openGroup(key, aad, bytes),
  encode: (plain, from) => sealGroup(key, aad, from.subarray(0, NONCE_BYTES), plain),
  codes: ['DAG_BAD_SEAL'],
  isCounted: false,
}

function checkGroupPayload(bytes: Uint8Array): string {
  const outcome = checkCodec(GROUP_PAYLOAD, bytes)
  for (const size of [1, 23, 40, bytes.length]) {
    if (size * 4_096 < bytes.length) continue
    const verifier = groupVerifier(key, aad)
    for (let at = 0; at < bytes.length; at += size) verifier.update(bytes.subarray(at, at + size))
    if (verifier.finish() !== (outcome === 'taken')) throw new Broken('the verifier disagrees', bytes)
  }
  return outcome
}

const ownerSealed = samples.OWNER_PAYLOADS.plain.map((plain) =>
  must(sealOwner(samples.OWNER_PAYLOADS.owner.author, samples.OWNER_PAYLOADS.ephemeral, plain)),
)

const OWNER_PAYLOAD: Codec<Uint8Array> = {
  decode: (bytes) => openOwner(samples.OWNER_PAYLOADS.owner, bytes),
  // Who opens it does not know how it was made: what opens is one of those made here.
  encode: (_, from) => ownerSealed.find((sealed) => Buffer.compare(sealed, from) === 0) ?? new Uint8Array(0),
  codes: ['DAG_BAD_SEAL'],
  isCounted: false,
}

const PROVED: Codec<Uint8Array> = {
  decode: (bytes): Result<Uint8Array, { code: string }> => {
    const { membership, role } = samples.PROOF
    return proofHolds(bytes, membership, role) ? ok(bytes) : fail({ code: 'SYNC_BAD_PROOF' })
  },
  encode: () => samples.PROOF.proof,
  codes: ['SYNC_BAD_PROOF'],
  isCounted: false,
}

/** What stands in an invite behind its check, which keeps out all that is not made on purpose. */
const INVITE: Codec<Invite> = {
  decode: decodeInviteBody,
  encode: encodeInviteBody,
  codes: ['INVITE_MALFORMED'],
  isCounted: true,
}

/** A message of the sync protocol: a codec and its samples are all that a kind needs. */
function message<T>(
  name: string,
  list: readonly T[],
  codec: Pick<Codec<T>, 'decode'> & { encode: (value: T) => Uint8Array; codes?: readonly string[] },
  runs: number,
): Target {
  const whole: Codec<T> = {
    codes: WIRE,
    ...codec,
    cap: { bytes: MESSAGE_BYTES, code: 'WIRE_TOO_LARGE' },
    isCounted: true,
  }
  return { name, dialect: CBOR, samples: list.map(codec.encode), check: (bytes) => checkCodec(whole, bytes), runs }
}

/** Every target, by name. */
export const TARGETS: readonly Target[] = [
  { name: 'header', dialect: CBOR, samples: samples.HEADERS, check: checkHeader, runs: 8_000 },
  { name: 'block', dialect: CBOR, samples: samples.SIGNED, check: checkSigned, runs: 4_000 },
  message(
    'hello',
    samples.HELLOS,
    { decode: decodeHello, encode: encodeHello, codes: [...WIRE, 'WIRE_OTHER_VERSION'] },
    2_000,
  ),
  message('request', samples.REQUESTS, { decode: decodeRequest, encode: encodeRequest }, 15_000),
  message('reply', samples.REPLIES, { decode: decodeReply, encode: encodeReply }, 15_000),
  {
    name: 'announcement',
    dialect: CBOR,
    samples: samples.ANNOUNCEMENTS.map(encodeAnnouncement),
    check: checkAnnouncement,
    runs: 6_000,
  },
  {
    name: 'sealed-announcement',
    dialect: RAW,
    samples: samples.ANNOUNCEMENTS.map((one) => sealAnnouncement(one, samples.SEALING.key, samples.SEALING.nonce)),
    check: (bytes) => checkCodec(SEALED, bytes),
    runs: 2_000,
  },
  {
    name: 'group-payload',
    dialect: RAW,
    samples: samples.GROUP_PAYLOADS.plain.map((plain) => sealGroup(key, aad, samples.SEALING.nonce, plain)),
    check: checkGroupPayload,
    runs: 2_000,
  },
  {
    name: 'owner-payload',
    dialect: RAW,
    samples: ownerSealed,
    check: (bytes) => checkCodec(OWNER_PAYLOAD, bytes),
    runs: 500,
  },
  {
    name: 'proof',
    dialect: RAW,
    samples: [samples.PROOF.proof],
    check: (bytes) => checkCodec(PROVED, bytes),
    runs: 1_000,
  },
  {
    name: 'frames',
    dialect: RAW,
    samples: [
      framed(...samples.REQUESTS.map(encodeRequest)),
      framed(new Uint8Array(0), new Uint8Array(200), new Uint8Array(1_000), Uint8Array.of(1)),
    ],
    check: checkFrames,
    runs: 1_500,
  },
  {
    name: 'invite',
    dialect: CBOR,
    samples: samples.INVITES.map(encodeInviteBody),
    check: (bytes) => checkCodec(INVITE, bytes),
    runs: 4_000,
  },
  { name: 'control', dialect: JSON_LINES, samples: samples.LINES, check: checkControl, runs: 2_500 },
]
