/** Numbered rules of the paper's §3.3 and spec §4, each where a reviewer looks for it. */
import type { Chain } from '../dag/chain.ts'
import type { AuthorKey } from '../dag/ids.ts'

/** Rule 4.d: in private groups every member has unlimited reputation and need not sign. */
export function isGroupUnlimited(chain: Chain): boolean {
  return chain.params.kind === 'group'
}

/** Rule 4.e: in an identity chain the owner has unlimited reputation. */
export function isOwnerUnlimited(chain: Chain, author: AuthorKey | undefined): boolean {
  return author !== undefined && chain.params.owner === author
}
