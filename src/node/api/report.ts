/** The form of a report of a fault, and words that several of them share. */
import type { ControlCode } from '../control/error-codes.ts'

/** Code; what happened and why; what to do. */
export type Report = readonly [code: ControlCode, what: string, advice: string]

/** A report for each code of these faults. */
export type Reports<F extends { readonly code: string }> = {
  readonly [C in F['code']]: (fault: Extract<F, { code: C }>) => Report
}

/** The founder of a forum may be chosen anew until its first block is here. */
export const FOLLOW_THE_OTHER =
  'to follow the other one, choose it with `freechains chain <chain> founder <pub>`; if blocks are here already, leave the chain and join it again before'

export const otherPioneer = (ours: string, theirs: string): Report => [
  'incompatible-chain',
  `the chains are not the same: the pioneer here is ${ours}, there ${theirs}; nothing was merged`,
  FOLLOW_THE_OTHER,
]

/** Rounded down, for a size that is short of another one. */
export function mib(bytes: number): string {
  return `${String(Math.floor(bytes / 2 ** 20))} MiB`
}
