/**
 * Whom a forum joined without pioneers follows (spec §2): what `chain.founder` and `chain.status` say of it, and the check
 * before its first post. The choice itself is kept by `chain/registry.ts`.
 */
import type { AuthorKey } from '../../dag/ids.ts'
import { ControlError } from '../control/error-codes.ts'
import type { ResultOf } from '../control/schema.ts'
import type { Joined } from '../chain/registry.ts'
import type { ChainServices } from '../net/chain-network.ts'
import type { PeersFounder } from '../net/sync/seen-founders.ts'

/** Founders named in a sentence; the rest is counted. */
const NAMED = 3

/** The founder followed, and the founders that peers follow. */
export function foundersOf({ replica, attached }: Joined<ChainServices>): ResultOf<'chain.founder'> {
  const { founder } = replica
  return {
    ...(founder === undefined ? {} : { founder }),
    founders: attached.sync.founders().map(({ founder: pub, blocks, peers }) => ({ pub, blocks, peers: [...peers] })),
  }
}

/** Why nothing is taken while no founder is chosen; what to do about it. */
export function whyChoose(name: string, seen: readonly PeersFounder[]): string {
  const named = seen.slice(0, NAMED).map(({ founder, blocks, peers }) => {
    const at = peers.length === 1 ? '1 peer' : `${String(peers.length)} peers`
    return `${founder} (${String(blocks)} blocks at ${at})`
  })
  const more = seen.length > NAMED ? ` and ${String(seen.length - NAMED)} more` : ''
  const count = seen.length === 1 ? '1 founder' : `${String(seen.length)} founders`
  return (
    `${count} of ${name} seen, and nothing is taken before you choose whom to follow: ${named.join(', ')}${more}; ` +
    `choose with \`freechains chain '${name}' founder <pub>\``
  )
}

/**
 * Before the first post here (spec §2): whoever posts founds the forum, unless somebody has it already or another founder
 * is wanted.
 * @throws {ControlError} `no-founder`, `other-founder`
 */
export function checkFounding({ replica, attached }: Joined<ChainServices>, author: AuthorKey | undefined): void {
  const { founder, pioneer, needsFounder, chain } = replica
  const { name } = chain.params
  // A peer without blocks follows somebody, and has no forum yet.
  const seen = attached.sync.founders().filter(({ blocks }) => blocks > 0)
  if (needsFounder && seen.length > 0) {
    throw new ControlError('no-founder', `${whyChoose(name, seen)}, or choose your own key to found a forum beside it`)
  }
  if (founder !== undefined && pioneer === undefined && author !== undefined && founder !== author) {
    throw new ControlError(
      'other-founder',
      `nothing of the founder ${founder} has come yet, and a first post by ${author} would found another forum: ` +
        `wait for a peer that has it, or choose another founder with \`freechains chain '${name}' founder <pub>\``,
    )
  }
}
