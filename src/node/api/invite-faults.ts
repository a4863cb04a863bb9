/** What can be wrong with an invite (spec §11), as coded data. It comes from strangers: no fault repeats what it holds. */
export type InviteFault =
  /** Not an invite, or one that was cut or altered on its way. */
  | { readonly code: 'INVITE_MALFORMED'; readonly why: string }
  | { readonly code: 'INVITE_OTHER_VERSION'; readonly found: string }
  /** Whole, and yet its chain is not the one that its name and keys make. */
  | { readonly code: 'INVITE_MISMATCH'; readonly name: string }
  | { readonly code: 'INVITE_NEEDS_KEY'; readonly name: string }
  /** The key that was given with it makes another group. */
  | { readonly code: 'INVITE_WRONG_KEY'; readonly name: string }
  | { readonly code: 'INVITE_TAKES_NO_KEYS'; readonly name: string }
