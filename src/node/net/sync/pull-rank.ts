/**
 * The order in which peers are pulled from (spec §8, step 3). A peer id costs nothing, so a stranger's place in a queue must not depend on
 * how many ids somebody has made: strangers stand for their addresses.
 */
import { noteLatest } from '../../../dag/evict-oldest.ts'
import { PROVEN_PEERS } from '../../../protocol/sync-limits.ts'

/**
 * `asked`: a command names the peer. `static`: the user has named it before. `proven`: blocks that it gave are accepted
 * here. Nothing else makes a peer more than a stranger: whatever it says costs it nothing.
 */
export type Rank = 'asked' | 'static' | 'proven' | 'stranger'

/** What the node knows of a peer, besides what it has given to this chain. */
export interface Standing {
  readonly isStatic: boolean
  /** What its connections count against: its address, or its relay. Empty if there is nothing that it shares. */
  readonly shares: readonly string[]
}

/** Peers that gave blocks of one chain, at most `PROVEN_PEERS`; the one whose gift is oldest is forgotten first. */
export class ProvenPeers {
  readonly #peers = new Set<string>()

  has(peer: string): boolean {
    return this.#peers.has(peer)
  }

  /** Blocks of this peer were accepted. */
  note(peer: string): void {
    noteLatest(this.#peers, peer, PROVEN_PEERS)
  }
}

/** A peer that can be picked: `group` is what it shares with others. */
export interface Grouped {
  readonly group: string
}

/**
 * Any of them at random: first a group, then one of it. So the chance of a peer depends on how many groups there are, not
 * on how many peers are in others. `undefined` if there is none.
 * @param random - in 0 … 1
 */
export function pickByGroup<T extends Grouped>(all: readonly T[], random: () => number): T | undefined {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(one.group)
    if (group === undefined) groups.set(one.group, [one])
    else group.push(one)
  }
  const members = [...groups.values()][indexIn(groups.size, random)] ?? []
  return members[indexIn(members.length, random)]
}

/** Static peers first, then proven ones, then strangers; of one rank in the order of {@link pickByGroup}. */
export function inOrderOfRank<T extends Grouped & { readonly rank: Rank }>(
  all: readonly T[],
  random: () => number,
): readonly T[] {
  const ordered: T[] = []
  for (const rank of ['asked', 'static', 'proven', 'stranger'] as const) {
    const left = new Set(all.filter((one) => one.rank === rank))
    for (let next = pickByGroup([...left], random); next !== undefined; next = pickByGroup([...left], random)) {
      left.delete(next)
      ordered.push(next)
    }
  }
  return ordered
}

function indexIn(length: number, random: () => number): number {
  return Math.min(length - 1, Math.floor(random() * length))
}
