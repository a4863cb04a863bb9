/**
 * Which connection is closed when all slots are taken and one more opens (spec §9). Pure: the random number is an
 * argument. libp2p itself closes the connection with the fewest streams, although a stranger can open as many as it likes,
 * and never closes one that gossips.
 */
import { SHOW_USE_MS } from '../../../protocol/stream-limits.ts'
import type { Shares } from './address-shares.ts'
import { ShareCounts } from './share-counts.ts'

/** An open connection, as far as its use goes. */
export interface Slot {
  /** This node dialled it. */
  readonly isDialled: boolean
  readonly isStatic: boolean
  /** The peer has given blocks. */
  readonly hasGiven: boolean
  readonly sharesChain: boolean
  readonly openedMs: number
  readonly shares: Shares
}

/**
 * Of all slots, the part that connections dialled by this node may take while others wait: discovery dials what strangers
 * name, and must not shut out those who dial in.
 */
const DIALLED_PART = 3 / 4

/** The part that peers who gave blocks keep whatever happens: one who made up many of them does not fill the node. */
const GIVERS_PART = 1 / 2

/**
 * Chooses one to close; `undefined` if the newcomer itself is to go, or, if that is static, none.
 *
 * - Static connections are never closed.
 * - A stranger that dials in takes the slot of another that dialled in, and of none that this node dialled.
 * - A connection that this node dials takes that of a stranger first, then one that it dialled itself.
 *
 * @param others - all open connections but the newcomer
 * @param random - in 0 … 1
 */
export function leastUseful<T extends Slot>(
  others: readonly T[],
  newcomer: Slot,
  { slots, nowMs, random }: { readonly slots: number; readonly nowMs: number; readonly random: number },
): T | undefined {
  const dialled = others.filter(({ isDialled, isStatic }) => isDialled && !isStatic)
  const safe = giversKept(others, slots * GIVERS_PART)
  const strangers = others.filter((slot) => !slot.isDialled && !slot.isStatic && !safe.has(slot))
  const mayCloseDialled = newcomer.isDialled || newcomer.isStatic
  const isOverPart = newcomer.isDialled && !newcomer.isStatic && dialled.length >= slots * DIALLED_PART
  const first = isOverPart || (mayCloseDialled && strangers.length === 0) ? dialled : strangers
  const shares = [...others, newcomer].filter(({ isDialled }) => !isDialled).map((slot) => slot.shares)
  // Dialled ones have no part in the shares of their addresses: this node chose to dial them.
  const candidates = first === strangers ? new ShareCounts(shares).largest(strangers) : first
  return oneOf(idleFirst(candidates, nowMs), random)
}

/** The peers that gave blocks and have been here for longest. */
function giversKept<T extends Slot>(all: readonly T[], atMost: number): ReadonlySet<T> {
  const givers = all.filter(({ hasGiven, isDialled }) => hasGiven && !isDialled)
  return new Set(givers.sort((a, b) => a.openedMs - b.openedMs).slice(0, atMost))
}

/** Those that share no chain although they had the time to show one; if there are none, all. */
function idleFirst<T extends Slot>(candidates: readonly T[], nowMs: number): readonly T[] {
  const idle = candidates.filter(({ sharesChain, openedMs }) => !sharesChain && nowMs - openedMs >= SHOW_USE_MS)
  return idle.length > 0 ? idle : candidates
}

/**
 * One of the younger half at random: an attacker can have any age but that of the oldest, and neither push out those who
 * have been here for long nor foresee who goes.
 */
function oneOf<T extends Slot>(candidates: readonly T[], random: number): T | undefined {
  const youngest = candidates.toSorted((a, b) => b.openedMs - a.openedMs)
  const half = Math.ceil(youngest.length / 2)
  return youngest[Math.min(half - 1, Math.floor(random * half))]
}
