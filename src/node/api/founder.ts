/**
 * Whom a forum joined without pioneers follows (spec §2): what `chain.founder` and `chain.status` say of it, the search for
 * founders, and the check before its first post. The choice itself is kept by `chain/registry.ts`.
 */
import type { AuthorKey } from '../../dag/ids.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { pause } from '../base/deadline.ts'
import { ControlError } from '../control/error-codes.ts'
import type { ResultOf } from '../control/schema.ts'
import type { Joined } from '../chain/registry.ts'
import type { ChainServices } from '../net/chain-network.ts'
import type { PeersFounder } from '../net/sync/seen-founders.ts'
import type { NodeParts } from './node-parts.ts'

/** Founders named in a sentence; the rest is counted. */
const NAMED = 3

/** A peer that was added a moment ago may be the one that has the forum. */
const DIALS_MS = 3_000
const LOOK_EVERY_MS = 50

type Founders = ResultOf<'chain.founder'>

/** The founder followed, and the founders that peers follow. */
export function foundersOf({ replica, attached }: Joined<ChainServices>): Pick<Founders, 'founder' | 'founders'> {
  const { founder } = replica
  return {
    ...(founder === undefined ? {} : { founder }),
    founders: attached.sync.founders().map(({ founder: pub, blocks, peers }) => ({ pub, blocks, peers: [...peers] })),
  }
}

/** As {@link foundersOf}, with what a choice depends on. */
export function choiceOf(joined: Joined<ChainServices>): Founders {
  const { founder, chain, blocks } = joined.replica
  const only = founder === undefined ? onlyFounder(joined.attached.sync.founders()) : undefined
  return {
    isOpen: hasFirstPostPioneer(chain),
    blocks,
    ...(only === undefined ? {} : { only }),
    ...foundersOf(joined),
  }
}

/**
 * The founder that is taken without asking anybody: the only one that is seen. A first post with nothing on it does not count
 * beside a forum that goes on: anybody makes one, by accident too, who posts while the others are away. Between two that go
 * on, nothing that peers say can decide. Peers without blocks wait for a founder, and have no forum.
 */
export function onlyFounder(seen: readonly PeersFounder[]): AuthorKey | undefined {
  const founded = seen.filter(({ blocks }) => blocks > 0)
  const going = founded.filter(({ blocks }) => blocks > 1)
  const [one, ...others] = going.length > 0 ? going : founded
  return others.length > 0 ? undefined : one?.founder
}

/**
 * Asks every peer that can be found whose forum it has, those first that are just being dialled. Where a founder is wanted,
 * this fetches what they have of it.
 */
export async function findFounders(
  { replica, attached }: Joined<ChainServices>,
  { staticPeers, host }: Pick<NodeParts, 'staticPeers' | 'host'>,
  signal: AbortSignal,
): Promise<void> {
  if (!hasFirstPostPioneer(replica.chain)) return
  const isDialling = (): boolean =>
    staticPeers().some(
      ({ peer, failure, nextMs }) =>
        failure === undefined && nextMs === undefined && (peer === undefined || !host.isConnected(peer)),
    )
  const untilMs = performance.now() + DIALS_MS
  while (isDialling() && performance.now() < untilMs && (await pause(LOOK_EVERY_MS, signal)));
  await attached.sync.askEverybody(signal)
}

/** Why nothing is taken while nobody is followed, and until when; what to do about it. */
export function whyChoose(name: string, seen: readonly PeersFounder[]): string {
  const count = seen.length === 1 ? '1 founder' : `${String(seen.length)} founders`
  const only = onlyFounder(seen)
  const until =
    only === undefined
      ? 'and nothing is taken before you choose whom to follow'
      : `and ${only} is followed by itself in some seconds if no other turns up`
  return (
    `${count} of ${name} seen, ${until}: ${namesOf(seen)}; ` +
    `choose with \`freechains chain '${name}' founder <pub>\``
  )
}

/** A sentence for whoever reads or posts here while peers have another forum of this name; `undefined` if none has. */
export function rivalsOf({ replica, attached }: Joined<ChainServices>): string | undefined {
  const { founder, chain } = replica
  const { name } = chain.params
  const others = attached.sync.founders().filter((seen) => seen.blocks > 0 && seen.founder !== founder)
  if (founder === undefined || others.length === 0) return undefined
  return (
    `peers here follow another founder of ${name}, and none of their posts is in this forum, which follows ${founder}: ` +
    `${namesOf(others)}; \`freechains chains join '${name}' --founder <pub> --instead\` leaves this one for that`
  )
}

function namesOf(seen: readonly PeersFounder[]): string {
  const named = seen.slice(0, NAMED).map(({ founder, blocks, peers }) => {
    const at = peers.length === 1 ? '1 peer' : `${String(peers.length)} peers`
    return `${founder} (${String(blocks)} blocks at ${at})`
  })
  const more = seen.length > NAMED ? ` and ${String(seen.length - NAMED)} more` : ''
  return `${named.join(', ')}${more}`
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
      `the post is held back: nothing of the founder ${founder} has come yet, and a first post by ${author} would found ` +
        `another forum; post again once a peer that has it was there, or choose another founder with ` +
        `\`freechains chain '${name}' founder <pub>\``,
    )
  }
}
