/**
 * The held posts of other nodes that were collected for one chain (spec §5, *Lobby*): in memory, outside of the graph, neither
 * linked nor passed on. It decides which posts have a slot, so that one peer's junk cannot take them all. Pure: times are
 * arguments, in milliseconds of any clock that only grows. What comes in was checked (`intake/check-held.ts`).
 */
import type { Block } from '../../dag/block.ts'
import type { BlockId } from '../../dag/ids.ts'
import { evictOldest } from '../../dag/evict-oldest.ts'
import {
  LOBBY_AWAY_MS,
  LOBBY_BYTES,
  LOBBY_DECLINED,
  LOBBY_DECLINED_MS,
  LOBBY_SLOTS,
  LOBBY_SLOTS_PER_PEER,
  LOBBY_TURN_MS,
} from '../../protocol/newcomer-limits.ts'

/** The memory of the lobbies of all chains of a node. Invariant: `#bytes` is the sum over `#lobbies`. */
export class LobbyBudget {
  readonly #lobbies = new Set<Lobby>()
  #bytes = 0

  join(lobby: Lobby): void {
    this.#lobbies.add(lobby)
  }

  leave(lobby: Lobby): void {
    this.#lobbies.delete(lobby)
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  /** Whether so many more bytes fit: the lobbies that take most give up some, down to what the asking one takes. */
  makeRoom(more: number, asking: Lobby): boolean {
    while (this.#bytes + more > LOBBY_BYTES) {
      const largest = [...this.#lobbies].reduce((a, b) => (b.bytes > a.bytes ? b : a), asking)
      if (largest === asking || !largest.shrink()) return false
    }
    return true
  }
}

export interface LobbyPost {
  readonly block: Block
  /** As stored; `missing` if it does not travel in its block: it is fetched once the post is accepted. */
  readonly payload: Uint8Array | 'missing'
  /** The peer that gave it, whose slot it has. */
  readonly peer: string
  /** What the peer's connection counts against (spec §9); the peer itself if that is not known. */
  readonly share: string
  readonly sinceMs: number
}

interface Slot extends LobbyPost {
  /** When the peer last listed it. */
  listedMs: number
}

/**
 * Invariants:
 * 1. At most `LOBBY_SLOTS` posts, `LOBBY_SLOTS_PER_PEER` of one peer, and one of an author; unsigned ones have the peer for
 *    an author. `#slots` is in order of arrival.
 * 2. `#bytes` is the sum over `#slots`, and the budget counts it.
 * 3. An id is in `#slots` or in `#declined`, not in both.
 */
export class Lobby {
  readonly #budget: LobbyBudget
  readonly #slots = new Map<BlockId, Slot>()
  /** Until when these are not fetched again. */
  readonly #declined = new Map<BlockId, number>()

  #bytes = 0

  constructor(budget = new LobbyBudget()) {
    this.#budget = budget
    budget.join(this)
  }

  /** What its posts take in memory. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#slots.size
  }

  get(id: BlockId): LobbyPost | undefined {
    return this.#slots.get(id)
  }

  /** The longest waiting first. */
  all(): readonly LobbyPost[] {
    return [...this.#slots.values()]
  }

  /** Of those that a peer lists, the ones to fetch: no more than could get a slot. The peer's list comes in its order. */
  wanted(
    listed: readonly BlockId[],
    { peer, share, nowMs }: { peer: string; share: string; nowMs: number },
  ): BlockId[] {
    const room = this.#roomOf(peer, share, nowMs)
    return listed.filter((id) => !this.#slots.has(id) && !this.#isDeclined(id, nowMs)).slice(0, room)
  }

  /** The peer lists these now: what it gave and lists no more is gone there, by a like or because its author removed it. */
  listedBy(peer: string, listed: readonly BlockId[], nowMs: number): void {
    const still = new Set(listed)
    for (const [id, slot] of [...this.#slots]) {
      if (slot.peer !== peer) {
        if (nowMs - slot.listedMs > LOBBY_AWAY_MS) this.remove(id)
      } else if (still.has(id)) slot.listedMs = nowMs
      else this.remove(id)
    }
  }

  /** Whether the post has a slot now. Another one may have lost its own for it. */
  offer(post: LobbyPost): boolean {
    const { block, sinceMs: nowMs } = post
    const { id } = block
    if (this.#slots.has(id)) return false
    const author = authorOf(post)
    const isDouble = this.all().some((other) => authorOf(other) === author)
    if (isDouble || this.#countOf(({ peer }) => peer === post.peer) >= LOBBY_SLOTS_PER_PEER) {
      this.decline(id, nowMs + LOBBY_DECLINED_MS)
      return false
    }
    while (this.#slots.size >= LOBBY_SLOTS || !this.#budget.makeRoom(bytesOf(post), this)) {
      const leaving = this.#leavingFor(post, nowMs)
      if (leaving === undefined) return false
      this.remove(leaving.id)
      if (leaving.hadTurn) this.decline(leaving.id, nowMs + LOBBY_DECLINED_MS)
    }
    this.#declined.delete(id)
    this.#slots.set(id, { ...post, listedMs: nowMs })
    this.#count(bytesOf(post))
    return true
  }

  /** Another lobby needs the memory: the peer with the most posts loses its youngest. False if it is empty. */
  shrink(): boolean {
    const youngest = youngestOfLargest(this.all())
    return youngest !== undefined && this.remove(youngest.block.id)
  }

  /** False if it has no slot. */
  remove(id: BlockId): boolean {
    const slot = this.#slots.get(id)
    if (slot === undefined) return false
    this.#slots.delete(id)
    this.#count(-bytesOf(slot))
    return true
  }

  /** The post is not fetched before then. */
  decline(id: BlockId, untilMs: number): void {
    this.remove(id)
    this.#declined.delete(id)
    this.#declined.set(id, untilMs)
    evictOldest(this.#declined, LOBBY_DECLINED)
  }

  /** Gives its memory back. */
  close(): void {
    for (const id of [...this.#slots.keys()]) this.remove(id)
    this.#budget.leave(this)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#budget.add(bytes)
  }

  #isDeclined(id: BlockId, nowMs: number): boolean {
    const untilMs = this.#declined.get(id)
    if (untilMs === undefined || nowMs < untilMs) return untilMs !== undefined
    this.#declined.delete(id)
    return false
  }

  /** At most this many posts of the peer would get a slot. */
  #roomOf(peer: string, share: string, nowMs: number): number {
    const ofPeer = LOBBY_SLOTS_PER_PEER - this.#countOf((slot) => slot.peer === peer)
    const free = LOBBY_SLOTS - this.#slots.size
    if (free > 0 || ofPeer <= 0) return Math.max(0, Math.min(free, ofPeer))
    return this.#leavingFor({ peer, share }, nowMs) === undefined ? 0 : 1
  }

  /**
   * Who makes room for a post of this peer: of the share with the most slots, the peer with the most loses its youngest. If
   * that share is the peer's own, or has no more than it, peers of it are compared; and among equals the post that has been here
   * longest leaves for a peer that has none, once it had its turn.
   */
  #leavingFor(
    { peer, share }: Pick<LobbyPost, 'peer' | 'share'>,
    nowMs: number,
  ): { readonly id: BlockId; readonly hadTurn: boolean } | undefined {
    const ofShare = countBy(this.all(), (slot) => slot.share)
    const largestShare = largest(ofShare)
    const mine = ofShare.get(share) ?? 0
    const most = ofShare.get(largestShare ?? '') ?? 0
    const rivals = this.all().filter((slot) => slot.share === (mine >= most ? share : largestShare))
    const youngest = youngestOfLargest(rivals)
    const oldest = rivals[0]
    if (youngest === undefined || oldest === undefined) return undefined
    const own = this.#countOf((slot) => slot.peer === peer)
    const theirs = this.#countOf((slot) => slot.peer === youngest.peer)
    const isLess = mine >= most ? own + 1 < theirs : mine + 1 < most
    if (isLess) return { id: youngest.block.id, hadTurn: false }
    if (own > 0 || nowMs - oldest.sinceMs < LOBBY_TURN_MS) return undefined
    return { id: oldest.block.id, hadTurn: true }
  }

  #countOf(holds: (slot: Slot) => boolean): number {
    let count = 0
    for (const slot of this.#slots.values()) if (holds(slot)) count += 1
    return count
  }
}

/** An unsigned post is nobody's; of one peer there is one. */
function authorOf({ block, peer }: LobbyPost): string {
  return block.header.author ?? `unsigned ${peer}`
}

function bytesOf({ block, payload }: LobbyPost): number {
  return (
    block.headerBytes.byteLength + (block.signature?.byteLength ?? 0) + (payload === 'missing' ? 0 : payload.length)
  )
}

/** The youngest post of the peer that has the most of them. */
function youngestOfLargest(posts: readonly LobbyPost[]): LobbyPost | undefined {
  const peer = largest(countBy(posts, (post) => post.peer))
  return posts.findLast((post) => post.peer === peer)
}

function countBy(posts: readonly LobbyPost[], keyOf: (post: LobbyPost) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const post of posts) counts.set(keyOf(post), (counts.get(keyOf(post)) ?? 0) + 1)
  return counts
}

/** The key with the highest count; of equal ones the first. */
function largest(counts: ReadonlyMap<string, number>): string | undefined {
  let found: string | undefined
  for (const [key, count] of counts) if (found === undefined || count > (counts.get(found) ?? 0)) found = key
  return found
}
