/**
 * The checks of an incoming block that need only the block and its backs (spec §3, §5): the cheapest first, the signature
 * last. Whether a valid block is accepted is decided in `block-importer.ts`.
 */
import { checkPayload, checkStructure, type Block } from '../../../dag/block.ts'
import type { Chain } from '../../../dag/chain.ts'
import type { DagFault } from '../../../dag/faults.ts'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { AuthorKey, BlockId } from '../../../dag/ids.ts'
import type { Payload } from '../../../dag/store.ts'
import type { BlockFault } from '../../../protocol/faults.ts'
import type { SignatureState } from './signatures.ts'

/** A decoded block and its payload, nothing checked. A payload that is `stored` was checked as its frames came. */
export interface Incoming {
  readonly block: Block
  readonly payload: Payload
  /**
   * Set if this node made the block: then the payload is the one that the header names. The signature `holds` if it was made here with
   * the private key of the author that the block names, or was checked, or there is none; else it is checked.
   */
  readonly made?: { readonly signature: 'holds' | 'unchecked' }
}

/** What a block in the mempool waits for: somebody who pays for it; its time (spec §3); or the throttle (spec §5). */
export type WaitsFor = 'payer' | 'clock' | 'turn'

/** Why the throttle delays a block: it claims to be old, it rewrites what is accepted, or only for what lies below it. */
export type Delay =
  | { readonly why: 'old' | 'above' }
  /** `author`: whose ration has fewer than `count` left. */
  | { readonly why: 'rewrite'; readonly author: AuthorKey; readonly count: number }
  /** It brings in more at once than a ration holds, and comes in at `untilMs`, `forMs` after it was said. */
  | { readonly why: 'large'; readonly untilMs: number; readonly forMs: number }

/** A block whose structure, payload and signature were checked. */
export interface CheckedBlock extends Incoming {
  /** Made on this node. */
  readonly isOurs: boolean
  /** Meaningful while the block is in the mempool. */
  readonly waitsFor: WaitsFor
  /** Present exactly while it waits for its turn. */
  readonly delay?: Delay | undefined
  /** k(u), known once the block was found sound. */
  readonly k?: number | undefined
}

export interface ValidationContext<Sound> {
  readonly chain: Chain
  /** Whether a block is on this node, accepted or not. */
  readonly has: (id: BlockId) => boolean
  /** Checks height, time and like, as far as the block's past is known. */
  readonly checkSound: (block: Block) => Result<Sound, BlockFault>
}

export interface Validated<Sound> {
  /** `postponed`: valid but for the signature, which could not be checked within the sender's budget. */
  readonly signature: 'holds' | 'postponed'
  /** The answer of {@link ValidationContext.checkSound}. */
  readonly sound: Sound
}

export function validateBlock<Sound>(
  incoming: Incoming,
  { chain, has, checkSound }: ValidationContext<Sound>,
  signature: () => SignatureState,
): Result<Validated<Sound>, BlockFault> {
  const { block } = incoming
  const structure = checkStructure(chain, block.header)
  if (!structure.ok) return structure
  const missing = block.header.backs.find((back) => !has(back))
  if (missing !== undefined) return fail({ code: 'DAG_MISSING_BACK', back: missing })
  const sound = checkSound(block)
  if (!sound.ok) return sound
  const payload = checkIncomingPayload(incoming, chain)
  if (!payload.ok) return payload
  const state = incoming.made?.signature === 'holds' ? 'holds' : signature()
  return state === 'forged' ? fail({ code: 'DAG_BAD_SIGNATURE' }) : ok({ signature: state, sound: sound.value })
}

/**
 * A missing payload never prevents acceptance, but in groups, where that it opens under the key proves that a member wrote the
 * block. Of a signed post the word of the member who sends it is enough there: its author may have taken it back (spec §3, §4),
 * and then no peer gives the payload any more.
 */
function checkIncomingPayload({ block, payload, made }: Incoming, chain: Chain): Result<true, DagFault> {
  if (payload === 'stored' || made !== undefined) return ok(true)
  if (payload !== 'missing') return checkPayload(chain, block, payload)
  const { author, like } = block.header
  const mayBeTakenBack = author !== undefined && like === undefined
  if (chain.params.kind !== 'group' || mayBeTakenBack) return ok(true)
  return fail({ code: 'DAG_BAD_PAYLOAD', why: 'a group needs it to check membership' })
}
