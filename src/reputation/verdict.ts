/**
 * The door to reputation: whether a sound block is accepted, and why, in words a user can read (spec §2, §4, §5).
 * Groups and owners have unlimited reputation (rules 4.d, 4.e). In forums, and for guests of `@` chains, every signed
 * block is accepted and an unsigned one refused: reps are not counted here.
 */
import type { Header } from '../dag/block.ts'
import type { Chain } from '../dag/chain.ts'
import { fail, ok, type Result } from '../dag/faults.ts'
import type { ReputationFault } from './faults.ts'
import { isGroupUnlimited, isOwnerUnlimited } from './rules.ts'

/** Accepted blocks are linked and spread; held ones stay where they were made. */
export type Verdict =
  { readonly state: 'accepted'; readonly why: string } | { readonly state: 'held'; readonly why: string }

/** Judges a sound block of `chain`. */
export function judgeBlock(chain: Chain, header: Header): Result<Verdict, ReputationFault> {
  if (isGroupUnlimited(chain)) return ok({ state: 'accepted', why: 'members of a group post without limit' })
  if (isOwnerUnlimited(chain, header.author)) return ok({ state: 'accepted', why: 'the owner posts without limit' })
  if (header.author === undefined) return fail({ code: 'REP_UNSIGNED', chain: chain.params.name })
  return ok({ state: 'accepted', why: 'signed' })
}
