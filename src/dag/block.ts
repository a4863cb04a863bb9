/**
 * Makes blocks, and checks the rules on one block that need neither its past nor this node's state (spec §3). The
 * payload is separate from the block. `sound.ts` has the structural rules that need the past; `header.ts` has the
 * types.
 */
import { isUnlimited, type Chain } from './chain.ts'
import { labelOf, wrongLabel, type ContentLabel } from './content-label.ts'
import { decodeHeader, encodeAad, encodeHeader, headerDigest } from './codec.ts'
import { sha256Hex, sign, verify, verifyZip215, type PrivateKey } from './crypto.ts'
import type { DagFault } from './faults.ts'
import { Bug, fail, ok, type Result } from './result.ts'
import type { Block, Header, Seal } from './header.ts'
import { genesisBlockId, payloadIdOfHex, type AuthorKey, type BlockId } from './ids.ts'
import {
  KEY_BYTES,
  MAX_PAYLOAD_GUEST_BYTES,
  MAX_PAYLOAD_OWNER_BYTES,
  MAX_REASON_BYTES,
  SIGNATURE_BYTES,
} from './block-limits.ts'
import { verifyNative } from './native-ed25519.ts'
import { GROUP_OVERHEAD_BYTES, groupVerifier, NONCE_BYTES, OWNER_OVERHEAD_BYTES, sealGroup, sealOwner } from './seal.ts'

export type { Block, Header, Seal } from './header.ts'

/** Input of {@link draftBlock}. */
export interface DraftParts {
  readonly chain: Chain
  /** 1 + max height of `backs`. */
  readonly height: number
  /** Milliseconds since the epoch. */
  readonly time: number
  /** In any order; the genesis alone for a first block. */
  readonly backs: readonly BlockId[]
  /** As the author wrote it, before sealing. */
  readonly payload: Uint8Array
  /** Who will sign the block. Without it the block is anonymous. */
  readonly author?: AuthorKey
  /** Type and name of the payload. */
  readonly label?: ContentLabel
  /** The post that this one answers. */
  readonly re?: BlockId
  readonly like?: NonNullable<Header['like']>
  /** Seals the payload to the owner of an `@` chain. In groups every payload is sealed in any case. */
  readonly toOwner?: boolean
  /** Gives 32 random bytes, fresh at each call, for the nonce or the ephemeral key of a seal. What is not sealed needs none. */
  readonly random: () => Uint8Array
}

/** Input of {@link makeBlock}. `pvt` signs the block; without it the block is anonymous. */
export type BlockParts = Omit<DraftParts, 'author'> & { readonly pvt?: PrivateKey }

/** A block made here, and its payload as stored: sealed if `seal` says so. */
export interface MadeBlock {
  readonly block: Block
  readonly payload: Uint8Array
}

/** Builds, seals and signs a block. Returns a fault if it breaks a rule that needs no past. */
export function makeBlock({ pvt, ...parts }: BlockParts): Result<MadeBlock, DagFault> {
  const made = draftBlock(pvt === undefined ? parts : { ...parts, author: pvt.author })
  return made.ok && pvt !== undefined ? ok(signDraft(made.value, pvt)) : made
}

/** Adds its author's signature to a draft. */
export function signDraft({ block, payload }: MadeBlock, { seed }: PrivateKey): MadeBlock {
  return { block: { ...block, signature: sign(seed, block.id) }, payload }
}

/** Builds and seals a block, whose signature is still to come. Returns a fault if it breaks a rule that needs no past. */
export function draftBlock(parts: DraftParts): Result<MadeBlock, DagFault> {
  const { chain, height, time, author, label = {}, re, like } = parts
  const why = wrongLabel(label)
  if (why !== undefined) return fail({ code: 'DAG_BAD_LABEL', why })
  const unsealed = {
    v: 1,
    height,
    time,
    backs: [...new Set(parts.backs)].sort(),
    ...(author === undefined ? {} : { author }),
    ...(re === undefined ? {} : { re }),
    ...(like === undefined ? {} : { like }),
  } as const
  const sealed = sealPayload(parts, unsealed)
  if (!sealed.ok) return sealed
  const { seal, payload } = sealed.value
  const header: Header = {
    ...unsealed,
    pay: { id: payloadIdOfHex(sha256Hex(payload)), size: payload.byteLength, seal, ...labelOf(label) },
  }
  const sound = checkStructure(chain, header)
  if (!sound.ok) return sound
  const headerBytes = encodeHeader(header)
  return ok({ block: { id: headerDigest(headerBytes), header, headerBytes }, payload })
}

function sealPayload(
  { chain, payload, toOwner = false, label = {}, random }: DraftParts,
  unsealed: Omit<Header, 'pay'>,
): Result<{ readonly seal: Seal; readonly payload: Uint8Array }, DagFault> {
  const { key, owner } = chain.params
  if (key !== undefined) {
    const aad = encodeAad({ ...unsealed, pay: label })
    return ok({ seal: 'group', payload: sealGroup(key, aad, freshOf(random).subarray(0, NONCE_BYTES), payload) })
  }
  if (!toOwner) return ok({ seal: 'none', payload })
  if (owner === undefined)
    return fail({ code: 'DAG_BAD_SEAL', why: 'only chains with an owner (@) have one to seal to' })
  const sealed = sealOwner(owner, freshOf(random), payload)
  return sealed.ok ? ok({ seal: 'owner', payload: sealed.value }) : sealed
}

function freshOf(random: () => Uint8Array): Uint8Array {
  const bytes = random()
  if (bytes.byteLength !== KEY_BYTES) throw new Bug('a seal is made with 32 random bytes')
  return bytes
}

/** The rules on a header that do not depend on its past (spec §2, §3). */
export function checkStructure(chain: Chain, header: Header): Result<true, DagFault> {
  const fault =
    wrongGenesis(chain, header) ??
    wrongAuthor(chain, header) ??
    wrongLike(chain, header) ??
    wrongReply(chain, header) ??
    wrongPay(chain, header)
  return fault === undefined ? ok(true) : fail(fault)
}

/** Bytes that a seal adds to a payload. */
const SEAL_BYTES = { none: 0, group: GROUP_OVERHEAD_BYTES, owner: OWNER_OVERHEAD_BYTES }

function wrongGenesis(chain: Chain, { height, backs }: Header): DagFault | undefined {
  const isOnGenesis = backs.includes(genesisBlockId(chain.id))
  if (isOnGenesis && backs.length > 1) return { code: 'DAG_BAD_BACKS', why: 'the genesis is a back only alone' }
  if (isOnGenesis && height !== 1) return { code: 'DAG_BAD_HEIGHT', expected: 1, found: height }
  if (!isOnGenesis && height === 1) return { code: 'DAG_BAD_BACKS', why: 'a block of height 1 stands on the genesis' }
  return undefined
}

function wrongAuthor({ params }: Chain, { height, author, like }: Header): DagFault | undefined {
  if (params.kind === 'owner-only' && author !== params.owner) return { code: 'DAG_NOT_OWNER' }
  if (author !== undefined) return undefined
  const makesPioneer = params.kind === 'forum' && params.pioneers.length === 0 && height === 1
  return makesPioneer || like !== undefined ? { code: 'DAG_UNSIGNED' } : undefined
}

function wrongLike(chain: Chain, { height, like, re, pay }: Header): DagFault | undefined {
  if (like === undefined) return undefined
  if (re !== undefined || pay.type !== undefined || pay.name !== undefined) {
    return { code: 'DAG_BAD_LIKE', why: 'only posts answer a post, or name a type and a file' }
  }
  if (height === 1 || like.target === genesisBlockId(chain.id)) {
    return { code: 'DAG_BAD_LIKE', why: 'a like is of a post in its past' }
  }
  const bytes = pay.size - SEAL_BYTES[pay.seal]
  return bytes > MAX_REASON_BYTES ? { code: 'DAG_REASON_TOO_LONG', bytes, limit: MAX_REASON_BYTES } : undefined
}

function wrongReply(chain: Chain, { height, re }: Header): DagFault | undefined {
  if (re === undefined) return undefined
  if (height > 1 && re !== genesisBlockId(chain.id)) return undefined
  return { code: 'DAG_BAD_REPLY', why: 'what a post answers is a post in its past' }
}

function wrongPay({ params }: Chain, { author, pay }: Header): DagFault | undefined {
  if ((pay.seal === 'group') !== (params.kind === 'group')) {
    return { code: 'DAG_BAD_SEAL', why: 'payloads are sealed under a shared key in groups, always, and nowhere else' }
  }
  if (pay.seal === 'owner' && params.owner === undefined) {
    return { code: 'DAG_BAD_SEAL', why: 'only chains with an owner (@) have one to seal to' }
  }
  if (pay.seal === 'owner' && (pay.type !== undefined || pay.name !== undefined)) {
    return { code: 'DAG_BAD_LABEL', why: 'sealed to the owner, a payload has no type and no name in the clear' }
  }
  const limit = isUnlimited(params, author) ? MAX_PAYLOAD_OWNER_BYTES : MAX_PAYLOAD_GUEST_BYTES
  if (pay.size <= limit) return undefined
  return { code: 'DAG_PAYLOAD_TOO_LARGE', bytes: pay.size, limit, seal: SEAL_BYTES[pay.seal] }
}

/**
 * Decodes a block. Checks that a signature is present iff required, but does not verify it: see {@link verifyBlock}.
 */
export function decodeBlock(headerBytes: Uint8Array, signature?: Uint8Array): Result<Block, DagFault> {
  const header = decodeHeader(headerBytes)
  if (!header.ok) return header
  if (header.value.author === undefined) {
    if (signature !== undefined) return fail({ code: 'DAG_BAD_SIGNATURE' })
  } else if (signature?.byteLength !== SIGNATURE_BYTES) return fail({ code: 'DAG_BAD_SIGNATURE' })
  const id = headerDigest(headerBytes)
  return ok({ id, header: header.value, headerBytes, signature })
}

/** Whether the author's signature is valid (ZIP-215). True for an unsigned block, which claims no author. */
export function verifyBlock({ id, header, signature }: Block): boolean {
  if (header.author === undefined) return true
  return signature !== undefined && verify(header.author, id, signature)
}

/** True if a native verifier accepts the signature; `false` decides nothing: see {@link recheckBlock}. */
export function verifyBlockNative({ id, header, signature }: Block): boolean {
  if (header.author === undefined) return true
  return signature !== undefined && verifyNative(header.author, id, signature)
}

/** {@link verifyBlock} without the native verifiers, for blocks that they refused. */
export function recheckBlock({ id, header, signature }: Block): boolean {
  if (header.author === undefined) return true
  return signature !== undefined && verifyZip215(header.author, id, signature)
}

/**
 * Whether these bytes are the block's payload as stored; in groups they must also open. Holds the whole payload in
 * memory; `groupVerifier` does not.
 */
export function checkPayload(chain: Chain, block: Block, bytes: Uint8Array): Result<true, DagFault> {
  const { pay } = block.header
  if (bytes.byteLength !== pay.size) {
    return fail({ code: 'DAG_BAD_PAYLOAD', why: `it has ${String(bytes.byteLength)} bytes, not ${String(pay.size)}` })
  }
  if (payloadIdOfHex(sha256Hex(bytes)) !== pay.id)
    return fail({ code: 'DAG_BAD_PAYLOAD', why: 'its digest is another one' })
  const { key } = chain.params
  if (key === undefined) return ok(true)
  const verifier = groupVerifier(key, encodeAad(block.header))
  verifier.update(bytes)
  // A fault of this copy, not of the block: others may have taken a signed post in without its payload (spec §3).
  return verifier.finish() ? ok(true) : fail({ code: 'DAG_BAD_PAYLOAD', why: "it does not open under the group's key" })
}
