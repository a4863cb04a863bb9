/**
 * One joined chain among the connected peers (spec §7): which of them may be asked about it, which have it, and with whom
 * it is compared. What gossip knows is one source of several.
 */
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { noteLatest } from '../../../dag/evict-oldest.ts'
import { SHARERS_PER_CHAIN } from '../../../protocol/sync-limits.ts'
import { unreachable } from '../../../dag/result.ts'
import type { PullResult } from '../../../protocol/pull-types.ts'
import type { Replica } from '../../chain/replica.ts'
import { askForChain, type AskModules, type HasChain } from './ask-chain.ts'
import type { ChainSync } from './chain-sync.ts'
import { chooseCompared } from './compare-timer.ts'
import { Sharers } from './sharers.ts'
import type { CollectedChain } from './held-rounds.ts'
import type { TouredChain } from './tour.ts'

export interface ComparedChainModules extends AskModules {
  readonly replica: Replica
  readonly sync: Pick<ChainSync, 'suggest' | 'collectHeld'>
  /** Peers that gossip knows on the chain's topic. */
  readonly subscribers: () => readonly string[]
  readonly isConnected: (peer: string) => boolean
  readonly isStatic: (peer: string) => boolean
  /** The peer has shown that it has the chain, or was found under its rendezvous. */
  readonly onSharer?: (peer: string) => void
  /** In 0 … 1. */
  readonly random: () => number
}

export class ComparedChain implements TouredChain, CollectedChain {
  readonly sequence: number
  readonly #modules: ComparedChainModules
  readonly #sharers = new Sharers()
  /** Peers that the DHT has under the chain's rendezvous: they know it. */
  readonly #found = new Set<string>()

  constructor(sequence: number, modules: ComparedChainModules) {
    this.sequence = sequence
    this.#modules = modules
  }

  /** Connected peers that have the chain, as far as is known: by what they showed, or by their subscription. */
  peers(): readonly string[] {
    const { subscribers, isConnected } = this.#modules
    const nowMs = performance.now()
    const all = new Set([...this.#sharers.list(), ...subscribers()])
    return [...all].filter((peer) => isConnected(peer) && !this.#sharers.isLacking(peer, nowMs))
  }

  get areCollected(): boolean {
    return this.#modules.replica.guests.areCollected
  }

  collect(peer: string): Promise<boolean> {
    // The chain may be left, or the disk fail: the next turn comes all the same.
    return this.#modules.sync.collectHeld(peerIdFromString(peer)).catch(() => false)
  }

  /** Compares with so many of {@link ComparedChain.peers}. */
  compareWithSome(count: number): void {
    const { random, isStatic } = this.#modules
    const candidates = this.peers().map((peer) => ({
      peer,
      isPreferred: isStatic(peer) || this.#sharers.hasGiven(peer),
      comparedMs: this.#sharers.comparedMs(peer),
    }))
    for (const peer of chooseCompared(candidates, count, random)) this.compare(peer)
  }

  compare(peer: string): void {
    this.#modules.sync.suggest(peer)
  }

  /**
   * Strangers are not asked about a group: the question carries its rendezvous, from which a name and a passphrase can be
   * guessed (spec §7). See {@link ComparedChain.mayKnow}.
   */
  next(peer: string, sinceMs: number): 'nothing' | 'compare' | 'ask' {
    const { replica, subscribers } = this.#modules
    if (this.#sharers.has(peer)) return this.#sharers.comparedMs(peer) < sinceMs ? 'compare' : 'nothing'
    if (this.#sharers.isLacking(peer, performance.now()) || subscribers().includes(peer)) return 'nothing'
    const isGroup = replica.chain.params.key !== undefined
    return isGroup && !this.mayKnow(peer) ? 'nothing' : 'ask'
  }

  /** Whether a peer is no stranger to the chain: it is static, has shown that it has it, or was found under its rendezvous. */
  mayKnow(peer: string): boolean {
    return this.#modules.isStatic(peer) || this.#sharers.has(peer) || this.#found.has(peer)
  }

  /** The DHT has the connected peer under the chain's rendezvous, and gossip may not know it. */
  noteFound(peer: string): void {
    noteLatest(this.#found, peer, SHARERS_PER_CHAIN)
    this.#modules.onSharer?.(peer)
    if (!this.#sharers.has(peer) && !this.#sharers.isLacking(peer, performance.now())) this.compare(peer)
  }

  async ask(peer: string, signal: AbortSignal): Promise<HasChain> {
    const answer = await askForChain(this.#modules.replica, peerIdFromString(peer), this.#modules, signal)
    if (answer === 'yes') {
      this.#sharers.note(peer)
      this.#modules.onSharer?.(peer)
    }
    if (answer === 'no') this.#sharers.noteLacking(peer, performance.now())
    return answer
  }

  /** The peer opened the chain here. */
  noteOpened(peer: PeerId): void {
    this.#sharers.note(peer.toString())
    this.#modules.onSharer?.(peer.toString())
  }

  noteSubscribed(peer: string): void {
    this.#sharers.noteSubscribed(peer)
  }

  /** A pull from this peer ended. Returns whether it showed that the peer shares what is accepted here. */
  notePulled(peer: PeerId, { end, fresh }: PullResult): boolean {
    const id = peer.toString()
    const nowMs = performance.now()
    const hasGiven = fresh > 0
    switch (end.why) {
      case 'done':
      case 'stalled':
        this.#sharers.note(id, { hasGiven, comparedMs: nowMs })
        this.#modules.onSharer?.(id)
        return true
      case 'postponed':
      case 'incompatible':
      case 'no-founder':
        this.#sharers.note(id, { hasGiven, comparedMs: nowMs })
        return false
      case 'unknown-chain':
        this.#sharers.noteLacking(id, nowMs)
        return false
      case 'busy':
      case 'refused':
      case 'failed':
      case 'faulty':
        if (hasGiven) this.#sharers.note(id, { hasGiven })
        return false
      default:
        return unreachable(end)
    }
  }
}
