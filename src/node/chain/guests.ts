/**
 * Newcomers of one chain (spec §5): whether this node collects held posts of others, those that wait in its lobby, and who
 * heard of those made here. It fetches nothing; `net/sync/held-rounds.ts` does.
 */
import type { BlockId } from '../../dag/ids.ts'
import { noteLatest } from '../../dag/evict-oldest.ts'
import { ok, type Result } from '../../dag/result.ts'
import type { BlockFault } from '../../protocol/faults.ts'
import { HEARD_PEERS, LOBBY_DECLINED_MS, LOBBY_REMOVED_MS, LOBBY_RETRY_MS } from '../../protocol/newcomer-limits.ts'
import { isEnough } from '../../reputation/rules.ts'
import type { Clock } from '../base/clock.ts'
import type { BlockStates } from './intake/block-states.ts'
import type { ChainEvent } from './intake/chain-events.ts'
import { checkHeld } from './intake/check-held.ts'
import type { CommitQueue } from './intake/commit-queue.ts'
import { signatureState, type MayRecheck } from './intake/signatures.ts'
import type { Incoming } from './intake/validate-block.ts'
import type { Lobby, LobbyPost } from './lobby.ts'
import type { ReplicaView } from './replica-view.ts'

export interface GuestsModules {
  readonly blockStates: BlockStates
  readonly commitQueue: CommitQueue
  readonly clock: Clock
  readonly lobby: Lobby
  readonly tell: (event: ChainEvent) => void
}

/** The replica that they are guests of. */
interface HostReplica extends Pick<ReplicaView, 'chain' | 'graph' | 'has' | 'heldHere' | 'state'> {
  ingest(list: readonly Incoming[], origin: 'held'): Promise<unknown>
  keepGuests(ids: readonly BlockId[], options: { readonly areTold: boolean }): Promise<void>
}

/** Which peer gave a post, and how far its sender may have signatures checked again. */
export interface Giver {
  readonly peer: string
  /** What its connection counts against. */
  readonly share: string
  readonly mayRecheck: MayRecheck
}

/** Invariant: `#heard` has held posts made here alone, at most `HEARD_PEERS` peers for each. */
export class Guests {
  /** Whether the user told this node to collect them. */
  isToldTo = false
  readonly #replica: HostReplica
  readonly #modules: GuestsModules
  readonly #heard = new Map<BlockId, Set<string>>()

  constructor(replica: HostReplica, modules: GuestsModules) {
    this.#replica = replica
    this.#modules = modules
  }

  /** Whether posts of others are held in chains of this kind: members of groups and owners post without limit. */
  get areHeld(): boolean {
    const { kind } = this.#replica.chain.params
    return kind === 'forum' || kind === 'identity'
  }

  /** Whether held posts of other nodes are collected: told to, or an author who posted through this node could welcome them. */
  get areCollected(): boolean {
    if (!this.areHeld) return false
    if (this.isToldTo) return true
    const { blockStates, clock } = this.#modules
    const nowMs = clock.nowMs()
    return [...blockStates.ourAuthors].some((author) => isEnough(this.#replica.state.repsOf(author, nowMs)))
  }

  /** Those in the lobby, the longest waiting first. */
  inLobby(): readonly LobbyPost[] {
    return this.#modules.lobby.all()
  }

  /** One in the lobby. */
  get(id: BlockId): LobbyPost | undefined {
    return this.#modules.lobby.get(id)
  }

  /** The peer lists these. Returns those that are worth fetching. */
  listedBy({ peer, share }: Pick<Giver, 'peer' | 'share'>, listed: readonly BlockId[]): BlockId[] {
    const { lobby } = this.#modules
    const nowMs = performance.now()
    lobby.listedBy(peer, listed, nowMs)
    const unknown = listed.filter((id) => !this.#replica.has(id))
    return lobby.wanted(unknown, { peer, share, nowMs })
  }

  /** Checks a fetched post and gives it a slot in the lobby, if there is one for it. A fault is its sender's. */
  async offer(
    { block, payload }: Pick<LobbyPost, 'block' | 'payload'>,
    { peer, share, mayRecheck }: Giver,
  ): Promise<Result<boolean, BlockFault>> {
    const { blockStates, commitQueue, clock, lobby, tell } = this.#modules
    const event = await commitQueue.run((): Result<ChainEvent | undefined, BlockFault> => {
      const nowMs = performance.now()
      if (this.#replica.has(block.id)) return ok(undefined)
      const signature = () => signatureState(block, mayRecheck)
      const checked = checkHeld({ block, payload }, blockStates, { nowMs: clock.nowMs(), signature })
      if (!checked.ok || checked.value !== 'waits') {
        const isLater = checked.ok ? checked.value === 'later' : checked.fault.code === 'DAG_MISSING_BACK'
        lobby.decline(block.id, nowMs + (isLater ? LOBBY_RETRY_MS : LOBBY_DECLINED_MS))
        return checked.ok ? ok(undefined) : checked
      }
      if (!lobby.offer({ block, payload, peer, share, sinceMs: nowMs })) return ok(undefined)
      const { height, author, backs } = block.header
      return ok({ id: block.id, height, author, kind: 'held', guest: { backs, peer } })
    })
    if (!event.ok) return event
    if (event.value !== undefined) tell(event.value)
    return ok(event.value !== undefined)
  }

  /** Takes a post out of the lobby into the graph, so that a like can link it. Nothing happens if it is not in the lobby. */
  async admit(id: BlockId): Promise<void> {
    const post = this.#modules.lobby.get(id)
    if (post === undefined) return
    const { block, payload } = post
    await this.#replica.ingest([{ block, payload }], 'held')
    await this.#replica.keepGuests([id], { areTold: false })
    if (this.#replica.has(id)) this.#modules.lobby.remove(id)
  }

  /** Somebody does not want to see it. False if it is not in the lobby. */
  dismiss(id: BlockId): boolean {
    const { lobby } = this.#modules
    if (lobby.get(id) === undefined) return false
    lobby.decline(id, performance.now() + LOBBY_REMOVED_MS)
    return true
  }

  /** The peer was told of the held posts made here. */
  noteHeard(peer: string): void {
    const { graph } = this.#replica
    const ids = new Set(this.#replica.heldHere().map((index) => graph.id(index)))
    for (const id of [...this.#heard.keys()]) if (!ids.has(id)) this.#heard.delete(id)
    for (const id of ids) {
      const peers = this.#heard.get(id) ?? new Set<string>()
      noteLatest(peers, peer, HEARD_PEERS)
      this.#heard.set(id, peers)
    }
  }

  /** How many peers were told of a held post made here. */
  heardOf(id: BlockId): number {
    return this.#heard.get(id)?.size ?? 0
  }
}
