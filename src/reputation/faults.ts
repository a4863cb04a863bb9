/** Coded refusals of the rules (spec §2, §4): a block that is well made, but that its chain's kind does not take. */
export type ReputationFault = { readonly code: 'REP_UNSIGNED'; readonly chain: string }
