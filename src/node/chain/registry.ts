/**
 * The chains joined on this node (spec §2, §12): joins and leaves them, finds them by name or id, and restores those joined
 * by command after a restart. The composition of the node attaches their network side.
 */
import { showChainId, meantName, type Chain } from '../../dag/chain.ts'
import { fail, ok, type Result } from '../../dag/result.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { parseChainId, type AuthorKey, type ChainId } from '../../dag/ids.ts'
import { Throttle } from '../../reputation/throttle.ts'
import { USUAL_TOPICS } from '../../protocol/gossip-limits.ts'
import type { RegistryFault } from './faults.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../storage/database.ts'
import type { Logger } from '../base/log.ts'
import type { ChainEvent } from './intake/chain-events.ts'
import { LeftOvers, type LeftOver } from './left-overs.ts'
import type { LobbyBudget } from './lobby.ts'
import { manyChains } from './many-chains.ts'
import type { MempoolBudget } from './intake/mempool-budget.ts'
import { Replica } from './replica.ts'
import type { Quota } from './quota.ts'
import type { FreeSpace } from '../storage/free-space.ts'
import { JobQueue } from '../base/job-queue.ts'
import type { BlockVerifier } from './intake/verify-workers.ts'
import {
  decodeJoined,
  encodeJoined,
  loadFounder,
  loadRations,
  loadWatch,
  loadWelcome,
  removeChainRecords,
  saveConfigured,
  saveFounder,
  saveRations,
  saveWatch,
  saveWelcome,
} from '../storage/records.ts'

/** What a joined chain has besides its replica. It is stopped before the replica is closed. */
export interface Attachment {
  stop(): Promise<void>
  /** A founder was chosen for the chain. */
  onFounder?(): void
}

export interface Joined<A extends Attachment> {
  readonly replica: Replica
  readonly attached: A
}

export interface ChainRegistryModules<A extends Attachment> {
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  /** Puts a chain on the network. */
  readonly attach: (replica: Replica) => A
  /** Called when a chain's store failed. */
  readonly onFailure: (error: Error) => void
  /** Checks signatures on other threads. */
  readonly verifier: BlockVerifier
  /** Shared by the mempools of all chains. */
  readonly mempoolBudget: MempoolBudget
  /** Shared by the lobbies of all chains. */
  readonly lobbyBudget?: LobbyBudget
  /** Of all chains together, and of each. */
  readonly quota?: Quota
  /** The disk of the data directory. */
  readonly disk?: FreeSpace
  /** Any 32-bit number, fresh at each start. */
  readonly seed: number
  /** How long the payloads of hidden posts are kept aside. */
  readonly keepHiddenMs?: number
}

export interface JoinOptions {
  /** Whether the chain is joined again by {@link ChainRegistry.restore}. */
  readonly remember: boolean
  /** Whether the config file names it. */
  readonly isConfigured?: boolean
  readonly founder?: AuthorKey | undefined
  /** Whether held posts of others are collected; as it was before unless told. */
  readonly welcome?: boolean | undefined
  /** Whether a chain that is here and keeps this one out is left first: its namesake, or the forum of another founder. */
  readonly instead?: boolean
}

export type ChainsListener = (replica: Replica, events: readonly ChainEvent[]) => void

/** Called when a chain is being left, before its data is deleted. */
export type LeaveListener = (replica: Replica) => void

export class ChainRegistry<A extends Attachment> {
  readonly #modules: ChainRegistryModules<A>
  readonly #joined = new Map<ChainId, Joined<A>>()
  /** The same by name: with 10,000 chains, to search for each as it is joined takes seconds. */
  readonly #byName = new Map<string, Joined<A>>()
  readonly #changes = new JobQueue()
  readonly #saves = new JobQueue()
  readonly #listeners = new Set<ChainsListener>()
  readonly #leaveListeners = new Set<LeaveListener>()
  readonly #leftOvers: LeftOvers

  constructor(modules: ChainRegistryModules<A>) {
    this.#modules = modules
    this.#leftOvers = new LeftOvers(modules.database)
  }

  all(): readonly Joined<A>[] {
    return [...this.#joined.values()]
  }

  /** Calls `listener` with the events of every chain, also of those joined later. Returns how to stop. */
  listen(listener: ChainsListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls `listener` for each chain that is left, before it is closed. Returns how to stop. */
  onLeave(listener: LeaveListener): () => void {
    this.#leaveListeners.add(listener)
    return () => this.#leaveListeners.delete(listener)
  }

  /** Joins the chains that were joined by command in earlier runs. */
  async restore(): Promise<void> {
    for (const { chain, record } of await this.#modules.database.joined()) {
      const restored = decodeJoined(record)
      if (restored === undefined) this.#modules.log.error('chains.record-damaged', { chain })
      else await this.join(restored, { remember: false })
    }
  }

  /**
   * Joining a joined chain changes nothing but its founder, if one is given. Two joined chains cannot have the same name.
   * A chain whose founder cannot be the given one stays joined if it was, or is on disk.
   */
  join(
    chain: Chain,
    { remember, isConfigured = false, founder, welcome, instead = false }: JoinOptions,
  ): Promise<Result<Joined<A>, RegistryFault>> {
    return this.#changes.run(async () => {
      if (founder !== undefined && !hasFirstPostPioneer(chain)) return takesNoFounder(chain)
      if (instead) await this.#leaveRival(chain, founder)
      const known = this.#joined.get(chain.id)
      const namesake = this.#byName.get(chain.params.name)
      if (known === undefined && namesake !== undefined) {
        return fail({ code: 'CHAIN_NAME_TAKEN', name: chain.params.name, joined: showChainId(namesake.replica.chain) })
      }
      if (remember) await this.#modules.database.putJoined(chain.id, encodeJoined(chain))
      if (isConfigured) await saveConfigured(this.#modules.database, chain)
      const joined = known ?? (await this.#open(chain))
      if (welcome !== undefined) await this.#welcome(joined, { isTold: welcome, remember })
      return founder === undefined ? ok(joined) : this.#follow(joined, founder)
    })
  }

  /** Chooses the founder of a forum that has none here yet, or has this one (spec §2). */
  follow(joined: Joined<A>, founder: AuthorKey): Promise<Result<Joined<A>, RegistryFault>> {
    const { chain } = joined.replica
    return hasFirstPostPioneer(chain)
      ? this.#changes.run(() => this.#follow(joined, founder))
      : Promise.resolve(takesNoFounder(chain))
  }

  /** As {@link follow}, unless somebody is followed by then, or the chain was left. Whether it was done. */
  followIfNone(joined: Joined<A>, founder: AuthorKey): Promise<boolean> {
    return this.#changes.run(async () => {
      const { chain, needsFounder } = joined.replica
      const isWanted = needsFounder && this.#joined.get(chain.id) === joined
      return isWanted && (await this.#follow(joined, founder)).ok
    })
  }

  /** Deletes the chain's data too. False if it was not joined. */
  leave(chain: Chain): Promise<boolean> {
    return this.#changes.run(async () => {
      const joined = this.#joined.get(chain.id)
      if (joined !== undefined) await this.#leave(joined)
      return joined !== undefined
    })
  }

  /** Looks for chains that are on disk and not joined; once all are joined that are to be. */
  async searchLeftOvers(): Promise<void> {
    const found = await this.#leftOvers.search(new Set(this.#joined.keys()))
    for (const { chain, bytes } of found) this.#modules.log.warn('chain.left-over', { chain, bytes })
  }

  /** Chains that were taken out of the config file, and are still on disk. */
  leftOvers(): readonly LeftOver[] {
    return this.#leftOvers.all()
  }

  /** Deletes the data of a chain that is not joined. False if there is none of this name or id. */
  removeLeftOver(text: string): Promise<boolean> {
    return this.#changes.run(async () => {
      const found = this.#leftOvers.find(text)
      if (found === undefined) return false
      await this.#leftOvers.remove(found)
      this.#modules.log.info('chain.left', { chain: found.chain })
      return true
    })
  }

  /** By name as a person types it, or by id as shown. */
  find(text: string): Result<Joined<A>, RegistryFault> {
    const id = parseChainId(text)
    const byId = id.ok ? this.#joined.get(id.value) : undefined
    const name = meantName(text)
    const found = byId ?? this.#byName.get(name)
    if (found !== undefined) return ok(found)
    const bytes = this.#leftOvers.find(text)?.bytes
    return fail({ code: 'CHAIN_NOT_JOINED', chain: text, ...(bytes === undefined ? {} : { leftOverBytes: bytes }) })
  }

  async stop(): Promise<void> {
    await this.#changes.run(async () => {
      const all = this.all()
      this.#joined.clear()
      this.#byName.clear()
      await Promise.all(all.map(close))
      await Promise.all(all.map(({ replica }) => this.#save(replica)))
    })
  }

  async #leave(joined: Joined<A>): Promise<void> {
    const { database, log } = this.#modules
    const { chain } = joined.replica
    this.#joined.delete(chain.id)
    this.#byName.delete(chain.params.name)
    for (const listener of this.#leaveListeners) listener(joined.replica)
    await close(joined)
    await joined.replica.store.destroy()
    await this.#saves.run(() => removeChainRecords(database, chain.id))
    log.info('chain.left', { chain: chain.id })
  }

  async #leaveRival({ id, params: { name } }: Chain, founder: AuthorKey | undefined): Promise<void> {
    const here = this.#byName.get(name)
    if (here === undefined) return
    const { chain, pioneer } = here.replica
    const isOthers = founder !== undefined && pioneer !== undefined && pioneer !== founder
    if (chain.id !== id || isOthers) await this.#leave(here)
  }

  /**
   * Stores for the next start when this node was in sync, and what the throttle took from its rations. A crash loses what
   * came since; what was taken is stored after each change of a chain besides, so that nobody gets new rations by a crash.
   * Of a chain that was left meanwhile nothing is stored.
   */
  async saveThrottle({ replica }: Joined<A>): Promise<void> {
    if (this.#joined.has(replica.chain.id)) await this.#save(replica)
  }

  async #save(replica: Replica): Promise<void> {
    await saveWatch(this.#modules.database, replica.chain.id, replica.watch)
    await this.#saveRations(replica)
  }

  #saveRations({ chain, throttle }: Replica): Promise<void> {
    return this.#saves.run(async () => {
      if (throttle.takeChanged()) await saveRations(this.#modules.database, chain.id, throttle.record())
    })
  }

  async #welcome(
    { replica }: Joined<A>,
    told: { readonly isTold: boolean; readonly remember: boolean },
  ): Promise<void> {
    if (told.remember) await saveWelcome(this.#modules.database, replica.chain.id, told.isTold)
    replica.guests.isToldTo = told.isTold
  }

  async #follow(joined: Joined<A>, founder: AuthorKey): Promise<Result<Joined<A>, RegistryFault>> {
    const { replica } = joined
    const before = replica.founder
    if (!replica.follow(founder)) {
      const { pioneer = '', blocks, chain } = replica
      return fail({ code: 'CHAIN_OTHER_FOUNDER', name: chain.params.name, founder: pioneer, blocks })
    }
    // The config file decides at each start, whatever was chosen by command in between.
    if (before !== undefined && before !== founder)
      this.#modules.log.warn('chain.founder-changed', { chain: replica.chain.id, from: before, to: founder })
    await saveFounder(this.#modules.database, replica.chain.id, founder)
    joined.attached.onFounder?.()
    return ok(joined)
  }

  async #open(chain: Chain): Promise<Joined<A>> {
    const { database, seed, attach, ...modules } = this.#modules
    const { log } = modules
    const throttle = new Throttle(await loadWatch(database, chain.id), await loadRations(database, chain.id))
    const replica = await Replica.open({ chain, seed }, { store: database.chain(chain.id), throttle, ...modules })
    const founder = await loadFounder(database, chain.id)
    if (founder !== undefined) replica.follow(founder)
    replica.guests.isToldTo = await loadWelcome(database, chain.id)
    replica.listen((events) => {
      if (replica.throttle.hasChanged) this.#saveRations(replica).catch(modules.onFailure)
      for (const listener of this.#listeners) listener(replica, events)
    })
    const joined = { replica, attached: attach(replica) }
    this.#joined.set(chain.id, joined)
    this.#leftOvers.forget(chain.id)
    this.#byName.set(chain.params.name, joined)
    if (this.#joined.size === USUAL_TOPICS + 1)
      log.warn('chains.many', { chains: this.#joined.size, what: manyChains(this.#joined.size) })
    log.info('chain.joined', { chain: chain.id, kind: chain.params.kind, blocks: replica.graph.acceptedCount })
    return joined
  }
}

function takesNoFounder({ params: { name } }: Chain): Result<never, RegistryFault> {
  return fail({ code: 'CHAIN_TAKES_NO_FOUNDER', name })
}

async function close<A extends Attachment>({ attached, replica }: Joined<A>): Promise<void> {
  await attached.stop()
  await replica.close()
}
