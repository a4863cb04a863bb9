/**
 * Posts that are signed on the client's side (spec §10): the daemon drafts a block, the client signs it, the daemon takes it in.
 * The private key never leaves the client.
 */
import type { ParamsOf, ResultOf } from '../schema.ts'
import { ClientError } from './client-error.ts'
import type { ControlCaller } from './rpc-client.ts'

/** Who signs: a key in this process, or whatever holds one. */
export interface Signer {
  /** The public key: 64 hex digits. */
  readonly author: string
  /** Ed25519 over the bytes: 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** What of cryptography and encoding differs between Node and browsers. */
export interface DraftBytes {
  /** What the signature of a block is over (spec §3). @param header - in base64 */
  signed(header: string): Uint8Array | Promise<Uint8Array>
  base64(bytes: Uint8Array): string
}

/** The ASCII text before the digest of the header (spec §3). */
export const SIGNED_PREFIX = 'freechains/block/1'

/** A draft may be overtaken by blocks that the same author makes elsewhere: a few times, but not for ever. */
const MOST_TRIES = 32

/** What to post or to vote on. */
export type Drafting = Omit<ParamsOf<'chain.draft'>, 'author'>

/** Drafts, signs and submits; again if the draft was overtaken. @throws {ClientError} */
export async function signAndSubmit(
  client: Pick<ControlCaller, 'call'>,
  drafting: Drafting,
  signer: Signer,
  bytes: DraftBytes,
): Promise<ResultOf<'chain.submit'>> {
  for (let left = MOST_TRIES; ; left -= 1) {
    const { draft, header } = await client.call('chain.draft', { ...drafting, author: signer.author })
    const signature = bytes.base64(await signer.sign(await bytes.signed(header)))
    try {
      return await client.call('chain.submit', { draft, signature })
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'stale' || left <= 1) throw error
    }
  }
}
